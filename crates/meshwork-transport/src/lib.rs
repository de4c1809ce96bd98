#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod acceptor;
mod connector;
mod detect;
mod forward;
mod identity;
mod original_destination;
mod proxy_protocol;
mod secrets;
mod user;
mod xfcc;

pub use acceptor::{AcceptError, Accepted, MeshAcceptor};
pub use connector::{ConnectTlsError, MeshConnector, TlsHandshake};
pub use detect::{
    ClientHello, DetectError, Detected, DetectionLimits, HelloReader, HelloState, detect,
};
pub use forward::{Forward, ForwardError, Spliced, forward_to};
pub use identity::{Identity, IdentityError, IdentityOptions, IdentityStatus, Unusable};
pub use meshwork_tower::ClientCertDetails;
pub use original_destination::original_destination;
pub use proxy_protocol::{
    ProxiedAddresses, ProxyHeaderError, ProxyProtocolVersion, accept_proxy_header, proxy_header,
};
pub use secrets::{NoSecrets, Secret, Secrets, StaticSecrets};
pub use xfcc::forwarded_client_cert;
