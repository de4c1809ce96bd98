//! Connections that come in: first bytes, HTTP, plain TCP.

mod http;
mod life;
mod peek;
mod tcp;
mod tunnel;

pub use http::{ConnectionOutcome, HttpServer};
pub use peek::{Peeked, peek};
pub use tcp::{TcpOutcome, TcpProxy, TcpTarget};
