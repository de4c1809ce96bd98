//! Whole stacks out of single layers.

mod inbound;
mod outbound;

pub use inbound::{Inbound, InboundService, Restore, inbound};
pub use outbound::{Outbound, OutboundService, gateway, outbound};
