//! Predicates: a field, values that it may have, and whether they are negated.

mod field;
mod text;

use meshwork_core::{AddressRange, FieldPath, Mismatch};

pub(crate) use field::Field;
use text::TextMatch;

use crate::AuthzInput;

/// A condition that cannot be evaluated, with the reason.
#[derive(Clone, Debug)]
pub(crate) struct Unevaluable(pub(crate) String);

/// One condition.
#[derive(Clone, Debug)]
pub(crate) struct Predicate {
    pub(crate) place: FieldPath,
    pub(crate) field: Field,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) negated: bool,
    /// Whether every value of a repeated header has to match, not just one.
    pub(crate) every_value: bool,
}

/// One value of a condition.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    Text(TextMatch),
    Range(AddressRange),
    Port(u16),
    /// Issuer and subject, which have to hold together.
    Token(TextMatch, TextMatch),
}

impl Predicate {
    pub(crate) fn holds(&self, input: &AuthzInput<'_>) -> bool {
        self.field.matches(&self.matchers, self.every_value, input) != self.negated
    }

    pub(crate) fn mismatch(&self, input: &AuthzInput<'_>) -> Mismatch {
        let values: Vec<_> = self.matchers.iter().map(ToString::to_string).collect();
        let wanted = match (self.negated, values.join(" or ")) {
            (true, values) => format!("not {values}"),
            (false, values) => values,
        };
        Mismatch::new(self.place.clone(), wanted, self.field.observed(input))
    }
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Range(range) => range.fmt(f),
            Self::Port(port) => port.fmt(f),
            Self::Token(issuer, subject) => write!(f, "issuer {issuer} and subject {subject}"),
        }
    }
}
