//! Why a decision came out as it did.

use std::fmt;

use serde::Serialize;

use crate::FieldPath;

/// The reasons of one decision, in the order in which rules were declared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// One step for each rule that was considered.
    pub steps: Vec<Step>,
    /// What compilation had removed before any request came.
    pub removed: Vec<Removed>,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// Where the rule stands.
    pub rule: FieldPath,
    /// Its name, where the resource gives one.
    pub name: Option<String>,
    /// Whether it won.
    pub outcome: Outcome,
}

impl Step {
    /// A step about `rule`.
    pub fn new(rule: FieldPath, name: Option<String>, outcome: Outcome) -> Self {
        Self { rule, name, outcome }
    }
}

/// What a rule said of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "a rule wins, fails or is not reached")]
pub enum Outcome {
    /// It matched first and decides.
    Won,
    /// Its first predicate that failed.
    Failed(Mismatch),
    /// An earlier rule had decided.
    NotReached,
}

/// A predicate that a request did not meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mismatch {
    /// The field of the resource.
    pub field: FieldPath,
    /// What it asks for, readable: `exact "jason"`.
    pub wanted: String,
    /// What the request had; `None` where it had nothing.
    pub found: Option<String>,
}

impl Mismatch {
    /// A predicate at `field` that wanted one thing and found another.
    pub fn new(field: FieldPath, wanted: impl Into<String>, found: Option<String>) -> Self {
        Self { field, wanted: wanted.into(), found }
    }
}

/// A rule that compilation took out for this proxy, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Removed {
    /// Where the rule stands.
    pub rule: FieldPath,
    /// The reason, readable.
    pub reason: String,
}

impl Removed {
    /// A removed rule with its reason.
    pub fn new(rule: FieldPath, reason: impl Into<String>) -> Self {
        Self { rule, reason: reason.into() }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{step}")?;
        }
        for removed in &self.removed {
            write!(f, "\n  removed {}: {}", removed.rule, removed.reason)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        match &self.outcome {
            Outcome::Won => write!(f, "✓ {}{name}", self.rule),
            Outcome::NotReached => write!(f, "· {}{name}: not reached", self.rule),
            Outcome::Failed(mismatch) => {
                write!(f, "✗ {}{name}: {mismatch}", self.rule)
            }
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wants {}, ", self.field.path, self.wanted)?;
        match &self.found {
            Some(found) => write!(f, "the request has `{found}`"),
            None => f.write_str("the request has none"),
        }
    }
}
