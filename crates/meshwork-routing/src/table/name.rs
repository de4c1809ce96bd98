//! Names of the HTTP route tables of a sidecar.

use std::{fmt, sync::Arc};

use meshwork_core::Hostname;

/// An HTTP route table of a sidecar, by what Envoy calls it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TableName {
    /// `80`: all services of a port, told apart by Host.
    Port(u16),
    /// `web.shop.svc.cluster.local:80`: one service on a port that declares no protocol.
    Sniffed { host: Hostname, port: u16 },
    /// `unix:///path`: an egress listener of a `Sidecar` without a port.
    Socket(Arc<str>),
}

impl TableName {
    /// The port that the table is for; `None` for a socket.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Port(port) | Self::Sniffed { port, .. } => Some(*port),
            Self::Socket(_) => None,
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => fmt::Display::fmt(port, f),
            Self::Sniffed { host, port } => write!(f, "{host}:{port}"),
            Self::Socket(path) => write!(f, "unix://{path}"),
        }
    }
}
