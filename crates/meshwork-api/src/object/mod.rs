//! Objects: what every kind has in common.

mod any;
mod meta;
mod resource;

pub use any::{AnyObject, OpaqueObject};
pub use meta::{ObjectMeta, OwnerReference};
pub use resource::{Body, Object, Resource};
