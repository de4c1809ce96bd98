//! Which fields have an effect, and who sees to it.
//!
//! Nothing is ignored in silence: every field of every kind stands in one table, and a field that
//! is set although nothing enforces it yields a finding ([`Located::unenforced`](crate::read::Located::unenforced)).

mod table;
mod walk;

use std::fmt;

pub use table::{markdown, of, table};
pub(crate) use walk::{find, find_in_mesh_config};

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// It has Istio's effect; the recorded scenario or the test fails when it is ignored.
    Enforced {
        /// The scenario (`http-match/uri-exact`) or the test.
        evidence: &'static str,
    },
    /// It has its effect, but not through an evaluator of this project.
    Elsewhere {
        /// Who sees to it.
        by: &'static str,
    },
    /// An object that sets it is refused.
    Rejected {
        /// Why.
        why: &'static str,
    },
    /// It is read, validated and kept, and has no effect here.
    Advisory {
        /// What is missing.
        note: &'static str,
    },
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, detail) = match self {
            Self::Enforced { evidence } => ("enforced", evidence),
            Self::Elsewhere { by } => ("elsewhere", by),
            Self::Rejected { why } => ("rejected", why),
            Self::Advisory { note } => ("advisory", note),
        };
        if detail.is_empty() { f.write_str(name) } else { write!(f, "{name}: {detail}") }
    }
}

/// One field of one kind.
///
/// A message that several fields of a kind share (a `trafficPolicy` and that of a subset) has one
/// entry for each of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldCoverage {
    /// The kind, `VirtualService`; also `MeshConfig`.
    pub kind: &'static str,
    /// The message inside of it, `HTTPRoute`.
    pub message: &'static str,
    /// The JSON name of the field, `timeout`.
    pub field: &'static str,
    /// What becomes of it.
    pub coverage: Coverage,
}

#[cfg(test)]
mod tests;
