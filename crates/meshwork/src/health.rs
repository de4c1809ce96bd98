//! How the configuration stands.

use meshwork_config::CompileReport;

/// How the configuration stands: what is in force, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Grows with every snapshot.
    pub version: u64,
    /// How many resources are in force.
    pub resources: usize,
    /// What was refused and what has no effect.
    pub report: CompileReport,
}

impl Health {
    /// Whether nothing was refused.
    pub fn is_good(&self) -> bool {
        !self.report.has_alarms()
    }
}
