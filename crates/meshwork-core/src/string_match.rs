//! Compiled string matches: exact, prefix, suffix, contained, regex, present.

use std::sync::Arc;

use crate::{Re2, Re2Error};

/// One string predicate, compiled.
///
/// A regex matches the whole value, as Envoy's safe regex does.
///
/// ```
/// use meshwork_core::StringMatch;
/// let version = StringMatch::regex("v[0-9]+")?;
/// assert!(version.is_match("v12"));
/// assert!(!version.is_match("v12-canary"));
/// # Ok::<(), meshwork_core::StringMatchError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StringMatch {
    /// Any value, the empty one included.
    Present,
    /// The value is equal.
    Exact(Arc<str>),
    /// The value is equal but for ASCII letter case.
    ExactIgnoreCase(Arc<str>),
    /// The value begins with this.
    Prefix(Arc<str>),
    /// The value begins with this but for ASCII letter case.
    PrefixIgnoreCase(Arc<str>),
    /// The value ends with this.
    Suffix(Arc<str>),
    /// The whole value matches an RE2 pattern.
    Regex(Re2),
}

/// A string match that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StringMatchError {
    /// The pattern is not RE2 or is too large.
    #[error(transparent)]
    Regex(#[from] Re2Error),
}

impl StringMatch {
    /// An exact match.
    pub fn exact(value: impl Into<Arc<str>>) -> Self {
        Self::Exact(value.into())
    }

    /// A prefix match.
    pub fn prefix(value: impl Into<Arc<str>>) -> Self {
        Self::Prefix(value.into())
    }

    /// A full match of an RE2 pattern.
    ///
    /// # Errors
    /// Where the pattern is not RE2 syntax or compiles to more than the limits of [`Re2`].
    pub fn regex(pattern: &str) -> Result<Self, StringMatchError> {
        Ok(Self::Regex(Re2::new(pattern)?))
    }

    /// Whether `value` meets the predicate.
    pub fn is_match(&self, value: &str) -> bool {
        self.is_match_bytes(value.as_bytes())
    }

    /// Whether `value` meets the predicate; header values need not be UTF-8.
    pub fn is_match_bytes(&self, value: &[u8]) -> bool {
        match self {
            Self::Present => true,
            Self::Exact(wanted) => wanted.as_bytes() == value,
            Self::ExactIgnoreCase(wanted) => wanted.as_bytes().eq_ignore_ascii_case(value),
            Self::Prefix(prefix) => value.starts_with(prefix.as_bytes()),
            Self::PrefixIgnoreCase(prefix) => value
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())),
            Self::Suffix(suffix) => value.ends_with(suffix.as_bytes()),
            Self::Regex(pattern) => pattern.is_full_match(value),
        }
    }
}

impl std::fmt::Display for StringMatch {
    /// `exact "jason"`, for explanations.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Present => f.write_str("any value"),
            Self::Exact(value) => write!(f, "exact {value:?}"),
            Self::ExactIgnoreCase(value) => write!(f, "exact {value:?} (letter case ignored)"),
            Self::Prefix(value) => write!(f, "prefix {value:?}"),
            Self::PrefixIgnoreCase(value) => write!(f, "prefix {value:?} (letter case ignored)"),
            Self::Suffix(value) => write!(f, "suffix {value:?}"),
            Self::Regex(pattern) => write!(f, "regex {:?}", pattern.as_str()),
        }
    }
}
