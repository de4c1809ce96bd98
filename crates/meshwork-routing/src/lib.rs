#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod http;

pub use self::http::{
    AbortStatus, Backoff, CorsPolicy, Destination, DirectResponse, Fault, FaultAbort, FaultDelay,
    Format, FormatContext, FormatError, Fraction, HeaderOps, MatchedPath, MessageKind, Mirror,
    PathRewrite, Redirect, RedirectAuthority, RedirectPath, ResetReason, RetryCondition,
    RetryConditions, RetryPolicy, Rewrite, Route, RouteAction, RouteDecision, RouteInput,
    TryOutcome, WeightedDestination, is_joined_request_header, is_joined_response_header,
};
