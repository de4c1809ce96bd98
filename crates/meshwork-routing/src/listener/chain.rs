//! Filter chains: what a listener does with a connection, and with which connections.

use std::sync::Arc;

use meshwork_core::{AddressRange, FieldPath};

use super::bytes::Transport;
use crate::tcp::TcpRoute;
use crate::{HttpRoutes, ServerTls};

/// The criteria of one chain; an empty criterion is met by every connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChainMatch {
    /// `prefix_ranges`: one of them holds the destination address.
    pub(crate) prefixes: Vec<AddressRange>,
    /// `server_names`: exact names and `*.suffix`.
    pub(crate) server_names: Vec<Arc<str>>,
    /// `transport_protocol`.
    pub(crate) transport: Option<Transport>,
    /// `application_protocols`.
    pub(crate) protocols: &'static [&'static str],
}

impl ChainMatch {
    /// Every connection.
    pub(crate) const ALL: Self =
        Self { prefixes: Vec::new(), server_names: Vec::new(), transport: None, protocols: &[] };
}

/// What is done with the connections that a chain matches.
#[derive(Clone, Debug)]
pub(crate) struct FilterChain {
    pub(crate) criteria: ChainMatch,
    pub(crate) action: ChainAction,
    /// The TLS that is ended here; `None` where bytes pass as they are.
    pub(crate) tls: Option<Arc<ServerTls>>,
    /// The field that the chain came from; `None` for what the mesh adds by itself.
    pub(crate) rule: Option<Arc<FieldPath>>,
}

/// The last filter of a chain.
#[derive(Clone, Debug)]
pub(crate) enum ChainAction {
    /// Requests are routed.
    Http(Arc<HttpRoutes>),
    /// Bytes go to one of some destinations.
    Tcp(TcpRoute),
    /// Bytes go where the client meant them to go (`PassthroughCluster`).
    Passthrough,
    /// The connection is accepted and ended (`BlackHoleCluster`).
    BlackHole,
}

impl PartialEq for FilterChain {
    /// Chains are equal when they do the same; route tables are compared by identity.
    fn eq(&self, other: &Self) -> bool {
        self.criteria == other.criteria
            && self.tls == other.tls
            && self.rule == other.rule
            && match (&self.action, &other.action) {
                (ChainAction::Http(a), ChainAction::Http(b)) => Arc::ptr_eq(a, b),
                (ChainAction::Tcp(a), ChainAction::Tcp(b)) => a == b,
                (ChainAction::Passthrough, ChainAction::Passthrough)
                | (ChainAction::BlackHole, ChainAction::BlackHole) => true,
                _ => false,
            }
    }
}
