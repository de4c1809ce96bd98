//! Connections to endpoints: what is asked for, who makes them, and plain TCP.

mod connector;
mod dial;
mod resolve;
mod tcp;

pub use connector::{Connect, ConnectError, Io, SharedConnector};
pub use dial::{Dial, DialAddress, DialProtocol};
pub(crate) use resolve::SharedResolver;
pub use resolve::{Resolve, Resolved, SystemResolver};
pub use tcp::TcpConnector;
