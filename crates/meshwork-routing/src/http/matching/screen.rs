//! What most rules fail by, small enough that thousands of them are read in a row.
//!
//! A screen is a necessary condition taken from one clause of a rule: where the value is, how long
//! the operand is, and its last eight bytes. A request that does not pass it cannot meet the rule,
//! whose clauses, operands and route stay untouched in memory then. One that passes is still to be
//! asked in full, so screens never decide that a rule holds.

use hashbrown::HashMap;
use meshwork_core::StringMatch;

use super::{Clause, Facts, Field, Named, Rule, facts::Fact};

/// A necessary condition of one rule, in 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Screen {
    /// The last bytes of the operand, up to eight.
    tail: u64,
    length: u32,
    source: Source,
    kind: Kind,
}

/// What the condition looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Source {
    #[default]
    Path,
    PathAndQuery,
    Method,
    Scheme,
    Authority,
    /// A header or query parameter, by its place in the names of the rule set.
    Named(u8),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Kind {
    /// Every request passes.
    #[default]
    Open,
    Exact,
    Prefix,
    /// The length is known, the letters' case is not.
    ExactLength,
    PrefixLength,
}

impl Screen {
    /// The screen of each rule: the condition that the fewest other rules have too, since that is
    /// what requests most likely fail by.
    pub(super) fn of_rules(rules: &[Rule]) -> Box<[Self]> {
        let mut common: HashMap<Self, usize> = HashMap::new();
        if rules.len() > 1 {
            for screen in rules.iter().flat_map(Self::candidates) {
                *common.entry(screen).or_default() += 1;
            }
        }
        let rarest = |rule: &Rule| {
            let shared = |screen: &Self| common.get(screen).copied().unwrap_or_default();
            Self::candidates(rule).min_by_key(shared).unwrap_or_default()
        };
        rules.iter().map(rarest).collect()
    }

    fn candidates(rule: &Rule) -> impl Iterator<Item = Self> {
        rule.clauses.iter().filter_map(Self::of)
    }

    /// The condition of a clause; `None` for one that has none of this form.
    fn of(clause: &Clause) -> Option<Self> {
        let [matcher] = clause.any.as_slice() else { return None };
        if clause.negated || clause.missing_is_empty {
            return None;
        }
        let source = match &clause.field {
            Field::Path => Source::Path,
            Field::PathAndQuery => Source::PathAndQuery,
            Field::Method => Source::Method,
            Field::Scheme => Source::Scheme,
            Field::Authority => Source::Authority,
            Field::Named(Named::Header { .. } | Named::Query(_), slot) => {
                Source::Named(u8::try_from(*slot).ok()?)
            }
            Field::Named(Named::Claim(_), _) | Field::Nothing => return None,
        };
        let (kind, operand) = match matcher {
            StringMatch::Exact(operand) => (Kind::Exact, operand),
            StringMatch::Prefix(operand) => (Kind::Prefix, operand),
            StringMatch::ExactIgnoreCase(operand) => (Kind::ExactLength, operand),
            StringMatch::PrefixIgnoreCase(operand) => (Kind::PrefixLength, operand),
            _ => return None,
        };
        let length = u32::try_from(operand.len()).ok()?;
        let tail = match kind {
            Kind::Exact | Kind::Prefix => tail(operand.as_bytes()),
            _ => 0,
        };
        Some(Self { tail, length, source, kind })
    }

    /// Whether the rule may hold. `names` are those that the rule set numbers.
    #[inline]
    pub(super) fn admits(&self, facts: &Facts<'_>, names: &[Named]) -> bool {
        if self.kind == Kind::Open {
            return true;
        }
        let head = facts.head();
        let value = match self.source {
            Source::Path => facts.path().as_bytes(),
            Source::PathAndQuery => head.path_and_query.as_bytes(),
            Source::Method => head.method.as_bytes(),
            Source::Scheme => head.scheme.as_bytes(),
            Source::Authority => head.authority.as_bytes(),
            Source::Named(slot) => {
                let Some(named) = names.get(usize::from(slot)) else { return true };
                match facts.fact(named, u16::from(slot)) {
                    Fact::One(value) => value,
                    Fact::Unread | Fact::Missing => return false,
                    Fact::Many => return true,
                }
            }
        };
        let length = self.length as usize;
        match self.kind {
            Kind::Open => true,
            Kind::ExactLength => value.len() == length,
            Kind::PrefixLength => value.len() >= length,
            Kind::Exact => value.len() == length && tail(value) == self.tail,
            Kind::Prefix => value.get(..length).is_some_and(|start| tail(start) == self.tail),
        }
    }
}

/// The last eight bytes of a text, or all of a shorter one.
#[inline]
fn tail(text: &[u8]) -> u64 {
    if let Some(last) = text.last_chunk() {
        return u64::from_le_bytes(*last);
    }
    text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_quarter_of_a_cache_line() {
        assert_eq!(size_of::<Screen>(), 16);
    }
}
