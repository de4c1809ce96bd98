//! One predicate of a rule.

use std::{fmt, sync::Arc};

use http::HeaderName;
use meshwork_core::StringMatch;
use smallvec::SmallVec;

use super::{ClaimPath, Facts};

/// A predicate: a field, the matchers of which one has to hold, and whether it is turned around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) field: Field,
    pub(crate) any: SmallVec<[StringMatch; 1]>,
    pub(crate) negated: bool,
    /// Whether a missing value counts as an empty one (`withoutHeaders` other than presence).
    pub(crate) missing_is_empty: bool,
    pub(crate) origin: Origin,
}

/// What a clause looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The path without its query.
    Path,
    /// The path with its query, as the header `:path`.
    PathAndQuery,
    Method,
    Scheme,
    Authority,
    /// A header, query parameter or claim; the number is its place in the rule set's names.
    Named(Named, u16),
    /// What no request has, such as a pseudo-header of answers.
    Nothing,
}

/// What a request offers by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Named {
    /// A header; `joined` says that Envoy keeps it in one slot.
    Header { name: HeaderName, joined: bool },
    /// A query parameter, neither decoded nor folded.
    Query(Arc<str>),
    /// A verified claim.
    Claim(Arc<ClaimPath>),
}

/// Which field of `match` a clause was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Uri,
    Scheme,
    Method,
    Authority,
    Headers(Arc<str>),
    WithoutHeaders(Arc<str>),
    QueryParams(Arc<str>),
}

impl Clause {
    /// A clause with one matcher.
    pub(crate) fn new(field: Field, matcher: StringMatch, origin: Origin) -> Self {
        Self {
            field,
            any: SmallVec::from_iter([matcher]),
            negated: false,
            missing_is_empty: false,
            origin,
        }
    }

    /// Whether the request meets the predicate.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        let met = match &self.field {
            Field::Path => self.meets(facts.path().as_bytes()),
            Field::PathAndQuery => self.meets(facts.head().path_and_query.as_bytes()),
            Field::Method => self.meets(facts.head().method.as_bytes()),
            Field::Scheme => self.meets(facts.head().scheme.as_bytes()),
            Field::Authority => self.meets(facts.head().authority.as_bytes()),
            Field::Named(named, slot) => {
                facts.any(named, *slot, |value| self.meets(value)).unwrap_or_else(|| self.missing())
            }
            Field::Nothing => self.missing(),
        };
        met != self.negated
    }

    fn meets(&self, value: &[u8]) -> bool {
        self.any.iter().any(|matcher| matcher.is_match_bytes(value))
    }

    fn missing(&self) -> bool {
        self.missing_is_empty && self.meets(b"")
    }

    /// What the request has in the field, readable; `None` where it has nothing.
    pub(crate) fn found(&self, facts: &Facts<'_>) -> Option<String> {
        let head = facts.head();
        match &self.field {
            Field::Path => Some(facts.path().to_owned()),
            Field::PathAndQuery => Some(head.path_and_query.to_owned()),
            Field::Method => Some(head.method.to_owned()),
            Field::Scheme => Some(head.scheme.to_owned()),
            Field::Authority => Some(head.authority.to_owned()),
            Field::Named(named, slot) => {
                let mut values = Vec::new();
                facts.any(named, *slot, |value| {
                    values.push(String::from_utf8_lossy(value).into_owned());
                    false
                })?;
                Some(values.join(", "))
            }
            Field::Nothing => None,
        }
    }

    /// What the clause asks for, readable.
    pub(crate) fn wanted(&self) -> String {
        let list: Vec<String> = self.any.iter().map(ToString::to_string).collect();
        let list = list.join(" or ");
        if self.negated { format!("not {list}") } else { list }
    }
}

impl fmt::Display for Origin {
    /// The end of the field's path: `headers["end-user"]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri => f.write_str("uri"),
            Self::Scheme => f.write_str("scheme"),
            Self::Method => f.write_str("method"),
            Self::Authority => f.write_str("authority"),
            Self::Headers(name) => write!(f, "headers[{name:?}]"),
            Self::WithoutHeaders(name) => write!(f, "withoutHeaders[{name:?}]"),
            Self::QueryParams(name) => write!(f, "queryParams[{name:?}]"),
        }
    }
}
