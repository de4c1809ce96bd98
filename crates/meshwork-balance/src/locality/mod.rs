//! What the client's own place does to the endpoints: priorities, weights, zone-aware shares.

mod pattern;
mod plan;
#[cfg(test)]
mod tests;
mod zone_aware;

pub use pattern::LocalityPattern;
pub use plan::{Distribute, Failover, LabelPriority, LocalityPlan, Place, Preference};

pub(crate) use zone_aware::ZoneRouting;
