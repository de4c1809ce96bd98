//! Bodies: the one that stacks speak, and one that can be sent again.

mod boxed;
mod replay;

pub use boxed::{Body, BoxError};
pub use replay::{Replay, ReplayBody};
