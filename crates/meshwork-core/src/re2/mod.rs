//! RE2 patterns on the regex engine of Rust: the syntax that Envoy accepts, matched in full.

mod limits;
mod rewrite;
#[cfg(test)]
mod tests;
mod translate;

use std::{fmt, hash, sync::Arc};

use regex_automata::{Anchored, Input, meta};
use regex_syntax::{
    ast,
    hir::{Hir, Look},
};

use self::limits::Limits;
pub use rewrite::Re2Rewrite;

/// A compiled RE2 pattern.
///
/// The pattern is checked alone and then matched against whole values only, so `a|b` never matches
/// `ab`. Perl classes (`\d`, `\w`, `\s`) and `\b` are ASCII, as in RE2; `.` leaves out the line feed
/// and, as RE2 reads UTF-8, takes a whole character and no byte that is not part of one.
///
/// ```
/// use meshwork_core::Re2;
/// let pattern = Re2::new("/u/([^/]+)")?;
/// assert!(pattern.is_full_match(b"/u/7"));
/// assert!(!pattern.is_full_match(b"/u/7/posts"));
/// # Ok::<(), meshwork_core::Re2Error>(())
/// ```
#[derive(Clone)]
pub struct Re2 {
    pattern: Arc<str>,
    regex: Arc<meta::Regex>,
}

/// A pattern that RE2 would refuse, or one that is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Re2Error {
    /// Not RE2 syntax.
    #[error("`{pattern}` is not a regular expression of RE2: {reason}")]
    Syntax {
        /// The pattern as written.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Compiled, it would take more than [`Re2::SIZE_LIMIT`] bytes.
    #[error("`{pattern}` compiles to more than {} bytes", Re2::SIZE_LIMIT)]
    TooLarge {
        /// The pattern as written.
        pattern: String,
    },
}

impl Re2 {
    /// How large a compiled pattern may be, in bytes.
    pub const SIZE_LIMIT: usize = 2 << 20;

    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`Re2Error::Syntax`] for what RE2 does not accept (look-around, back references, `\C`,
    /// repetition above 1000), [`Re2Error::TooLarge`] above the size limit.
    pub fn new(pattern: &str) -> Result<Self, Re2Error> {
        let alone = Self::parse(pattern)?;
        let whole = Hir::concat(vec![Hir::look(Look::Start), alone, Hir::look(Look::End)]);
        Ok(Self { pattern: pattern.into(), regex: Arc::new(Self::build(pattern, &whole)?) })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Whether all of `value` matches.
    pub fn is_full_match(&self, value: &[u8]) -> bool {
        self.regex.is_match(Input::new(value).anchored(Anchored::Yes))
    }

    fn parse(pattern: &str) -> Result<Hir, Re2Error> {
        let refuse = |reason: String| Re2Error::Syntax { pattern: pattern.into(), reason };
        let translated = translate::translate(pattern).map_err(refuse)?;
        let tree = ast::parse::ParserBuilder::new()
            .nest_limit(250)
            .build()
            .parse(&translated)
            .map_err(|error| refuse(error.kind().to_string()))?;
        ast::visit(&tree, Limits::default()).map_err(refuse)?;
        regex_syntax::hir::translate::TranslatorBuilder::new()
            .unicode(true)
            .utf8(false)
            .build()
            .translate(&translated, &tree)
            .map_err(|error| refuse(error.kind().to_string()))
    }

    fn build(pattern: &str, hir: &Hir) -> Result<meta::Regex, Re2Error> {
        meta::Builder::new()
            .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(Self::SIZE_LIMIT)))
            .build_from_hir(hir)
            .map_err(|_| Re2Error::TooLarge { pattern: pattern.into() })
    }
}

impl PartialEq for Re2 {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Eq for Re2 {}

impl hash::Hash for Re2 {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.pattern.hash(state);
    }
}

impl fmt::Debug for Re2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.pattern)
    }
}
