#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod compile;
mod input;
mod policies;
mod predicate;
mod rule;
mod scope;
mod verdict;

pub use input::AuthzInput;
pub use policies::AuthzPolicies;
pub use scope::PolicyScope;
pub use verdict::{AuthzDiagnostic, DryRun, Reason, Verdict};
