//! The layers of a stack, each usable alone.

mod authz;
mod cors;
mod fault;
mod headers;
mod mirror;
mod retry;
mod timeout;

pub use authz::{Authz, AuthzLayer, RefusedRequest};
pub use cors::{Cors, CorsLayer};
pub use fault::{FaultInjection, FaultLayer};
pub use headers::{HeaderChanges, HeadersLayer};
pub use mirror::{IntoDrained, MirrorLayer, Mirroring};
pub use retry::{Attempt, Retry, RetryLayer};
pub use timeout::{TimedBody, Timeout, TimeoutLayer, WatchedBody};
