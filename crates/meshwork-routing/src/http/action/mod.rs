//! What a route does with a request, as data with pure functions: waiting and sending are left to
//! the layers.

mod cors;
mod direct_response;
mod fault;
mod format;
mod fraction;
mod header_ops;
mod mirror;
mod redirect;
mod retry;
mod rewrite;

pub use cors::CorsPolicy;
pub use direct_response::DirectResponse;
pub use fault::{AbortStatus, Fault, FaultAbort, FaultDelay};
pub use format::{Format, FormatContext, FormatError};
pub use fraction::Fraction;
pub use header_ops::{HeaderOps, MessageKind};
pub use mirror::Mirror;
pub use redirect::{Redirect, RedirectAuthority, RedirectPath};
pub use retry::{
    AvoidPreviousHosts, Backoff, ResetReason, RetryCondition, RetryConditions, RetryPolicy,
    TryOutcome,
};
pub use rewrite::{MatchedPath, PathRewrite, Rewrite};

pub(crate) use fault::grpc_code;
