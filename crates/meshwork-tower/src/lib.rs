#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod balance;
mod body;
mod clock;
mod clusters;
mod connect;
mod context;
mod layers;
mod log;
mod normalize;
mod pool;
mod reply;
mod route;
mod serve;
mod stack;

pub use balance::{BalanceService, UpstreamHost};
pub use body::{Body, BoxError, Replay, ReplayBody};
pub use clock::Clock;
pub use clusters::{ClusterHandle, ClusterOptions, Clusters, EndpointChoice, UpstreamProtocol};
pub use connect::{
    Connect, ConnectError, Dial, DialAddress, DialProtocol, Io, Resolve, Resolved, SharedConnector,
    SystemResolver, TcpConnector,
};
pub use context::{
    ConnectionInfo, ContextLayer, Direction, Head, MeshContext, OriginalDestination, Propagate,
    PropagateLayer, Record, Routed, Seeds, StreamInfo, Timing, Upgrade, WithContext,
};
pub use layers::{
    Attempt, Authz, AuthzLayer, Cors, CorsLayer, FaultInjection, FaultLayer, HeaderChanges,
    HeadersLayer, IntoDrained, MirrorLayer, Mirroring, RefusedRequest, Retry, RetryLayer,
    TimedBody, Timeout, TimeoutLayer, WatchedBody,
};
pub use log::{AccessLog, AccessLogEntry, AccessLogLayer, CountedBody, LoggedBody};
pub use normalize::{
    AddedHeaders, ClientCertDetails, ConnectionLimits, CurrentSettings, EscapedSlashes,
    ForwardClientCert, HeadersWithUnderscores, HttpSettings, Normalize, NormalizeLayer,
    NormalizedPath, PathNormalization, PathNormalizationError, StreamLimits,
};
pub use pool::{PoolSettings, StreamReset, UpstreamFailure};
pub use reply::{Details, Flag, LocalReply, ResponseFlags, grpc_status_of, is_grpc};
pub use route::{LiveRouting, RouteLayer, RouteService, Routing};
pub use serve::{ConnectionOutcome, HttpServer, Peeked, TcpOutcome, TcpProxy, TcpTarget, peek};
pub use stack::{
    Inbound, InboundService, Outbound, OutboundService, Restore, gateway, inbound, outbound,
};
