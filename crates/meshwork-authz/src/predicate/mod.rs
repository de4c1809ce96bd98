//! Predicates: a field, values that it may have, and whether they are negated.

mod field;
mod identity;
mod key;
mod text;
mod token;
mod trial;

use meshwork_core::{AddressRange, FieldPath, Mismatch};

pub(crate) use field::Field;
use identity::{Account, Domain, Namespaces};
use text::TextMatch;
pub(crate) use trial::{Trial, Trials};

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
    pub(crate) reading: Reading,
}

/// How a value is read that can be read in more than one way, so that the stricter reading of the
/// policy comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The rule lets in who matches: every value of a repeated header has to, and an address only
    /// as it is written.
    Every,
    /// The rule refuses who does not match: any value will do, addresses as they are written.
    Exact,
    /// Whoever matches is kept out: any value and any reading of it will do.
    Wide,
}

/// One value of a condition.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    Text(TextMatch),
    Namespace(Namespaces),
    Account(Account),
    Domain(Domain),
    /// A member of a list.
    Member(TextMatch),
    Range(AddressRange),
    Port(u16),
    /// Issuer and subject, which have to hold together.
    Token(TextMatch, TextMatch),
}

impl Predicate {
    pub(crate) fn holds(&self, input: &AuthzInput<'_>) -> bool {
        self.field.matches(&self.matchers, self.reading, input) != self.negated
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

impl Matcher {
    /// Whether it is about a part of an identity and the identity has it.
    fn fits_identity(&self, peer: &str, reading: Reading) -> bool {
        match self {
            Self::Namespace(namespaces) => namespaces.matches(peer, reading),
            Self::Account(account) => account.matches(peer, reading),
            Self::Domain(domain) => domain.matches(peer),
            _ => false,
        }
    }
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Namespace(namespaces) => namespaces.fmt(f),
            Self::Account(account) => account.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
            Self::Member(member) => write!(f, "a list with {member}"),
            Self::Range(range) => range.fmt(f),
            Self::Port(port) => port.fmt(f),
            Self::Token(issuer, subject) => write!(f, "issuer {issuer} and subject {subject}"),
        }
    }
}
