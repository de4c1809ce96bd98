//! Rules: from, to, when.

use std::sync::Arc;

use meshwork_core::{FieldPath, Mismatch};

use crate::{AuthzInput, predicate::Predicate};

/// One rule: any of `from`, and any of `to`, and all of `when`.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// `spec.rules[2]` of its policy.
    pub(crate) place: Arc<FieldPath>,
    /// Its name in Envoy: `ns[shop]-policy[deny]-rule[0]`.
    pub(crate) id: Box<str>,
    pub(crate) from: Vec<Vec<Predicate>>,
    pub(crate) to: Vec<Vec<Predicate>>,
    pub(crate) when: Vec<Predicate>,
}

impl Rule {
    pub(crate) fn matches(&self, input: &AuthzInput<'_>) -> bool {
        let any = |side: &[Vec<Predicate>]| {
            side.is_empty() || side.iter().any(|entry| entry.iter().all(|p| p.holds(input)))
        };
        self.when.iter().all(|p| p.holds(input)) && any(&self.from) && any(&self.to)
    }

    /// The first predicate that fails, in the order in which the rule is written. Where every
    /// entry of a side fails, the last entry's is told.
    pub(crate) fn mismatch(&self, input: &AuthzInput<'_>) -> Option<Mismatch> {
        let side = |entries: &[Vec<Predicate>]| {
            let mut last = None;
            for entry in entries {
                last = Some(entry.iter().find(|p| !p.holds(input))?);
            }
            last.map(|predicate| predicate.mismatch(input))
        };
        side(&self.from).or_else(|| side(&self.to)).or_else(|| {
            self.when.iter().find(|p| !p.holds(input)).map(|predicate| predicate.mismatch(input))
        })
    }
}
