//! A workload's server side: listeners, admission, and the layers in front of applications.

mod accept;
#[cfg(feature = "axum")]
mod axum;
mod inbound;
mod io;
mod listener;
mod peer;
mod probes;
mod reset;
mod serve;
#[cfg(feature = "tonic")]
mod tonic;

#[cfg(feature = "axum")]
pub use self::axum::PeerRejection;
pub(crate) use accept::is_plaintext;
pub use inbound::{Inbound, InboundService};
pub use io::MeshIo;
pub use listener::MeshListener;
pub use peer::Peer;
pub(crate) use probes::Probes;
