#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod gateway;
mod http;
mod inbound;
mod listener;
mod table;
mod tcp;
mod tls;

pub use self::http::{
    AbortStatus, AvoidPreviousHosts, Backoff, CorsPolicy, Destination, DirectResponse, Fault,
    FaultAbort, FaultDelay, Format, FormatContext, FormatError, Fraction, HeaderOps, HttpRoutes,
    MatchedPath, MergedVirtualServices, MessageKind, Mirror, PathRewrite, Redirect,
    RedirectAuthority, RedirectPath, ResetReason, RetryCondition, RetryConditions, RetryPolicy,
    Rewrite, Route, RouteAction, RouteDecision, RouteInput, TryOutcome, WeightedDestination,
    is_joined_request_header, is_joined_response_header,
};
pub use self::inbound::{InboundPort, MtlsMode};
pub use self::listener::{
    BLACK_HOLE_CLUSTER, CloseReason, ConnectionAction, ConnectionDecision, FirstBytes,
    INBOUND_PASSTHROUGH_CLUSTER, Inspection, ListenAddress, PASSTHROUGH_CLUSTER,
};
pub use self::table::{CompileError, Compiled, RouteInputs, RouteTable, Subsets};
pub use self::tls::{CertificateSource, ClientCertificate, ServerTls, TlsVersion};
