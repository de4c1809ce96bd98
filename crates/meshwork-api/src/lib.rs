#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod coverage;
mod duration;
pub mod kubernetes;
mod map;
pub mod mesh;
pub mod networking;
mod object;
mod proto;
pub mod read;
mod report;
pub mod schema;
pub mod security;
pub mod selector;
pub mod telemetry;
mod timestamp;
mod unknown_name;
pub mod validation;
mod write;

pub use duration::{Duration, ParseDurationError};
pub use map::Map;
pub use object::{AnyObject, Body, Object, ObjectMeta, OpaqueObject, OwnerReference, Resource};
pub use proto::{Bytes, Descriptor, Member, Problem, ProblemKind, Shape, Struct};
pub use report::{Layer, Report, Severity, Violation};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use unknown_name::UnknownName;
pub use write::{WriteError, to_yaml};
