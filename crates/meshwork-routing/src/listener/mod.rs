//! Listeners: from a connection to what is done with it.

mod bytes;
mod chain;
mod decision;
mod draft;
mod index;
mod outbound;
mod place;
mod single;

pub use bytes::{FirstBytes, Inspection};
pub(crate) use bytes::{Seen, Transport};
pub(crate) use chain::{ChainAction, ChainMatch, FilterChain};
pub use decision::{
    BLACK_HOLE_CLUSTER, CloseReason, ConnectionAction, ConnectionDecision,
    INBOUND_PASSTHROUGH_CLUSTER, PASSTHROUGH_CLUSTER,
};
pub(crate) use draft::{ChainDraft, ChainKey, PLAINTEXT_HTTP};
pub(crate) use outbound::{OutboundInputs, OutboundListeners, proxy_ports};
pub use place::ListenAddress;
pub(crate) use place::{PortOfService, ServiceAddress};
pub(crate) use single::Listener;

#[cfg(test)]
mod tests;
