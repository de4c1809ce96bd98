//! What becomes of a connection.

use std::{fmt, sync::Arc};

use meshwork_core::FieldPath;

use crate::{Destination, HttpRoutes, ServerTls};

/// The Envoy cluster that forwards to where the client meant to go.
pub const PASSTHROUGH_CLUSTER: &str = "PassthroughCluster";
/// The Envoy cluster without endpoints.
pub const BLACK_HOLE_CLUSTER: &str = "BlackHoleCluster";
/// The Envoy cluster that hands inbound connections to the port they came for.
pub const INBOUND_PASSTHROUGH_CLUSTER: &str = "InboundPassthroughCluster";

/// What becomes of a connection, and which resource said so.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionDecision {
    /// What is done with it.
    pub action: ConnectionAction,
    /// The TLS that has to be ended first; `None` where bytes pass as they are.
    ///
    /// A connection that turns out not to speak TLS is closed then.
    pub tls: Option<Arc<ServerTls>>,
    /// The field that decided; `None` where the mesh's defaults did.
    pub rule: Option<Arc<FieldPath>>,
}

/// What is done with a connection.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "an acceptor has to handle every case")]
pub enum ConnectionAction {
    /// HTTP is spoken, and each request is routed by this table.
    Http(Arc<HttpRoutes>),
    /// The bytes go to one destination; whether its cluster exists is not asked here (Envoy closes
    /// the connection with flag `NC` when it does not).
    Forward(Arc<Destination>),
    /// The bytes go to the original destination: `PassthroughCluster` outbound,
    /// `InboundPassthroughCluster` inbound.
    Passthrough,
    /// The connection is accepted and ended.
    Close(CloseReason),
    /// There is no listener: the connection is refused.
    Refuse,
}

/// Why a connection is ended after it was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// `REGISTRY_ONLY` and nobody known at the destination: `BlackHoleCluster`, flag `UH`.
    BlackHole,
    /// No filter chain of the listener fits: unknown server name, plaintext where TLS is asked for.
    NoFilterChain,
    /// TLS has to be ended here, and the first bytes are not TLS.
    NotTls,
}

impl CloseReason {
    /// Envoy's response flag in the access log, where it writes one.
    pub const fn flag(self) -> Option<&'static str> {
        match self {
            Self::BlackHole => Some("UH"),
            Self::NoFilterChain | Self::NotTls => None,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BlackHole => {
                "the outbound traffic policy lets nothing through to unknown destinations"
            }
            Self::NoFilterChain => "no filter chain matches the connection",
            Self::NotTls => "the listener ends TLS and the client does not speak it",
        })
    }
}

impl ConnectionDecision {
    /// A decision that no resource took.
    pub(crate) fn by_default(action: ConnectionAction) -> Self {
        Self { action, tls: None, rule: None }
    }

    /// The routes of an HTTP connection.
    pub fn http(&self) -> Option<&Arc<HttpRoutes>> {
        match &self.action {
            ConnectionAction::Http(routes) => Some(routes),
            _ => None,
        }
    }

    /// The Envoy cluster that takes an outbound connection's bytes, where it is known before a
    /// request comes.
    pub fn cluster(&self) -> Option<&str> {
        match &self.action {
            ConnectionAction::Forward(destination) => Some(&destination.cluster),
            ConnectionAction::Passthrough => Some(PASSTHROUGH_CLUSTER),
            ConnectionAction::Close(CloseReason::BlackHole) => Some(BLACK_HOLE_CLUSTER),
            ConnectionAction::Http(_) | ConnectionAction::Close(_) | ConnectionAction::Refuse => {
                None
            }
        }
    }
}
