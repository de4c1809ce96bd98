#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod algorithm;
mod balance;
mod breaker;
mod cluster;
mod config;
mod context;
mod decimal;
mod endpoint;
mod host;
mod locality;
mod outlier;
mod pick;
mod priority;
mod randomness;

pub use algorithm::{LeastRequest, Maglev, Random, RingHash, RoundRobin, SlowStart};
pub use balance::{Balance, Choice, CustomBalance, Picker, Set};
pub use breaker::{Breaker, CircuitBreakers, Overflow, Permit, Resource, RetryBudget};
pub use cluster::{Cluster, EndpointStatus, NoHealthyUpstream};
pub use config::{Algorithm, ClusterConfig, LoadBalancing, LocalityRouting, ZoneAware};
pub use context::{Attempts, Context};
pub use decimal::Decimal;
pub use endpoint::{Endpoint, Health};
pub use host::{Host, HostId};
pub use locality::{
    Distribute, Failover, LabelPriority, LocalityPattern, LocalityPlan, Place, Preference,
};
pub use outlier::{Outcome, OutlierDetection};
pub use pick::Pick;
pub use randomness::Randomness;
