//! Keeps the listeners of a gateway as the configuration has them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use meshwork_routing::ListenAddress;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinSet,
};

use super::{
    Settings,
    connection::Serving,
    handle::{GatewayListener, ListenerState},
    listener,
};
use crate::{Health, Mesh};

/// A port of the resources and the `bind` of its servers.
pub(super) type Place = (u16, ListenAddress);

/// The listeners of one gateway.
pub(super) struct Supervisor {
    mesh: Mesh,
    settings: Settings,
    serving: Arc<Serving>,
    changes: watch::Receiver<Arc<Health>>,
    open: BTreeMap<Place, Open>,
    failed: BTreeMap<Place, Arc<str>>,
    /// Every listener's task, until its last connection has ended.
    tasks: JoinSet<()>,
    told: watch::Sender<Arc<[GatewayListener]>>,
}

/// A socket that is listened on.
struct Open {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    /// Completes when the socket is closed.
    closed: oneshot::Receiver<()>,
}

impl Open {
    /// Takes no more connections, and lets those end that there are.
    async fn close(self) {
        self.stop.send_replace(true);
        let _ = self.closed.await;
    }
}

impl Supervisor {
    pub(super) fn new(
        mesh: Mesh,
        settings: Settings,
    ) -> (Self, watch::Receiver<Arc<[GatewayListener]>>) {
        let serving = Arc::new(Serving::new(mesh.clone()));
        let (told, listeners) = watch::channel(Arc::from([]));
        let supervisor = Self {
            changes: mesh.assembly().engine.changes(),
            mesh,
            settings,
            serving,
            open: BTreeMap::new(),
            failed: BTreeMap::new(),
            tasks: JoinSet::new(),
            told,
        };
        (supervisor, listeners)
    }

    /// Follows the configuration until the mesh is shut down and the last connection has ended.
    pub(super) async fn run(mut self) {
        let stopped = self.mesh.stopped();
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                changed = self.changes.changed() => match changed {
                    Ok(()) => self.reconcile().await,
                    Err(_) => break,
                },
                () = tokio::time::sleep(RETRY), if !self.failed.is_empty() => {
                    self.reconcile().await;
                }
                Some(_) = self.tasks.join_next() => {}
                () = &mut stopped => break,
            }
        }
        for open in std::mem::take(&mut self.open).into_values() {
            open.close().await;
        }
        self.told.send_replace(Arc::from([]));
        while self.tasks.join_next().await.is_some() {}
    }

    /// Closes what the configuration has no more, and binds what it has.
    pub(super) async fn reconcile(&mut self) {
        let snapshot = self.mesh.snapshot().load();
        let wanted: BTreeSet<Place> =
            snapshot.routes.gateway_binds().map(|(port, bind)| (port, bind.clone())).collect();
        let sockets: BTreeSet<Place> =
            wanted.iter().filter(|place| !self.is_covered(place, &wanted)).cloned().collect();
        let gone: Vec<_> =
            self.open.keys().filter(|place| !sockets.contains(*place)).cloned().collect();
        for place in gone {
            if let Some(open) = self.open.remove(&place) {
                tracing::info!(port = place.0, bind = %place.1, "a listener is closed");
                open.close().await;
            }
        }
        self.failed.retain(|place, _| sockets.contains(place));
        for place in sockets {
            if self.open.contains_key(&place) {
                continue;
            }
            match self.bind(&place).await {
                Ok(open) => {
                    tracing::info!(port = place.0, address = %open.address, "a listener is open");
                    self.failed.remove(&place);
                    self.open.insert(place, open);
                }
                Err(error) => {
                    let reason: Arc<str> = error.to_string().into();
                    if self.failed.get(&place) != Some(&reason) {
                        let (port, bind) = &place;
                        tracing::error!(port, %bind, %reason, "a listener cannot be bound");
                    }
                    self.failed.insert(place, reason);
                }
            }
        }
        self.tell(&wanted);
    }

    /// Whether the connections of a place come to the socket for every address of its port.
    fn is_covered(&self, (port, bind): &Place, wanted: &BTreeSet<Place>) -> bool {
        let ListenAddress::Ip(own) = bind else { return false };
        let own_address = self.settings.address;
        wanted.contains(&(*port, ListenAddress::Wildcard))
            && (own_address.is_unspecified() || own_address == *own)
    }

    async fn bind(&mut self, place: &Place) -> io::Result<Open> {
        let (port, bind) = place;
        let ip = match bind {
            ListenAddress::Wildcard => self.settings.address,
            ListenAddress::Ip(ip) => *ip,
            _ => {
                let reason = "a gateway in process does not listen on Unix domain sockets";
                return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
            }
        };
        let bound = self.settings.ports.get(port).copied().unwrap_or(*port);
        let socket = TcpListener::bind(SocketAddr::new(ip, bound)).await?;
        let address = socket.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let (closing, closed) = oneshot::channel();
        let serving = Arc::clone(&self.serving);
        self.tasks.spawn(listener::listen(serving, socket, place.clone(), stopping, closing));
        Ok(Open { address, stop, closed })
    }

    fn tell(&self, wanted: &BTreeSet<Place>) {
        let listeners = wanted.iter().map(|place| {
            let (port, bind) = place;
            let state = match self.state(place) {
                Some(state) => state,
                None => {
                    let everywhere = (*port, ListenAddress::Wildcard);
                    let own = match bind {
                        ListenAddress::Ip(own) => *own,
                        _ => self.settings.address,
                    };
                    match self.state(&everywhere) {
                        Some(ListenerState::Listening(socket)) => {
                            ListenerState::Listening(SocketAddr::new(own, socket.port()))
                        }
                        Some(failed) => failed,
                        None => ListenerState::Failed("it was not bound".into()),
                    }
                }
            };
            GatewayListener { port: *port, bind: bind.clone(), state }
        });
        let listeners: Arc<[_]> = listeners.collect();
        self.told.send_if_modified(|told| {
            let differs = **told != *listeners;
            *told = listeners;
            differs
        });
    }

    /// How a place with a socket of its own stands.
    fn state(&self, place: &Place) -> Option<ListenerState> {
        let open = self.open.get(place).map(|open| ListenerState::Listening(open.address));
        open.or_else(|| self.failed.get(place).cloned().map(ListenerState::Failed))
    }
}

/// When a port that could not be bound is tried again.
const RETRY: Duration = Duration::from_secs(1);
