//! A gateway that runs: what it listens on.

use std::{net::SocketAddr, sync::Arc};

use meshwork_routing::ListenAddress;
use tokio::{sync::watch, task::JoinHandle};

/// A gateway that runs until [`Mesh::shutdown`](crate::Mesh::shutdown).
///
/// Dropping this does not end it.
#[derive(Debug)]
pub struct Gateway {
    listeners: watch::Receiver<Arc<[GatewayListener]>>,
    running: JoinHandle<()>,
}

/// One listener of a gateway: the servers that share a port and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayListener {
    /// The port of the resources, see [`GatewayBuilder::port`](crate::GatewayBuilder::port).
    pub port: u16,
    /// `bind` of the servers.
    pub bind: ListenAddress,
    /// Whether it listens.
    pub state: ListenerState,
}

/// Whether a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a listener listens or does not")]
pub enum ListenerState {
    /// Connections are taken at this address.
    Listening(SocketAddr),
    /// The address cannot be bound, for this reason; it is tried again every second.
    Failed(Arc<str>),
}

impl GatewayListener {
    /// The address that is listened on.
    pub fn address(&self) -> Option<SocketAddr> {
        match self.state {
            ListenerState::Listening(address) => Some(address),
            ListenerState::Failed(_) => None,
        }
    }
}

impl Gateway {
    pub(super) const fn new(
        listeners: watch::Receiver<Arc<[GatewayListener]>>,
        running: JoinHandle<()>,
    ) -> Self {
        Self { listeners, running }
    }

    /// The listeners of the configuration in force, those that cannot be bound included.
    pub fn listeners(&self) -> Arc<[GatewayListener]> {
        Arc::clone(&self.listeners.borrow())
    }

    /// Where the servers of a port of the resources are reached; `None` where nothing listens.
    pub fn address(&self, port: u16) -> Option<SocketAddr> {
        address(&self.listeners.borrow(), port)
    }

    /// Waits until the servers of a port can be reached; `None` where the gateway ends before.
    pub async fn listening(&self, port: u16) -> Option<SocketAddr> {
        let mut listeners = self.listeners.clone();
        let found = listeners.wait_for(|listeners| address(listeners, port).is_some()).await;
        found.ok().and_then(|listeners| address(&listeners, port))
    }

    /// Waits until nothing listens for a port any more.
    pub async fn closed(&self, port: u16) {
        let mut listeners = self.listeners.clone();
        // An error means that the gateway has ended, and so has the port.
        let _ = listeners.wait_for(|listeners| address(listeners, port).is_none()).await;
    }

    /// Completes when the mesh was shut down and the last connection has ended.
    pub async fn ended(self) {
        if let Err(error) = self.running.await
            && error.is_panic()
        {
            tracing::error!("the gateway panicked");
        }
    }
}

fn address(listeners: &[GatewayListener], port: u16) -> Option<SocketAddr> {
    let mut own = listeners.iter().filter(|listener| listener.port == port);
    own.find_map(GatewayListener::address)
}
