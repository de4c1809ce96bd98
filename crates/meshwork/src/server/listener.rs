//! A listener whose connections went through the mesh's admission.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::Stream;
use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    task::{AbortHandle, JoinSet},
    time::{Sleep, sleep},
};

use super::{MeshIo, accept::Admitted};
use crate::Mesh;

/// Accepts connections as the sidecar of the workload would: their first bytes, the port's
/// PeerAuthentication, mutual TLS with the workload's certificate.
///
/// It is what a server of your own listens on: `axum::serve` with the feature `axum`, tonic's
/// `serve_with_incoming` with the feature `tonic`, hyper by [`accept`](Self::accept) or as a
/// [`Stream`]. Requests still have to go through [`Mesh::inbound`], which asks the policies that
/// are about requests. [`Mesh::serve`] is both in one.
///
/// Handshakes run side by side, so a slow one keeps nobody waiting. At most
/// [`max_handshakes`](Self::max_handshakes) are under way; beyond that the oldest is given up:
/// that is a client that says nothing, since others are through in milliseconds.
///
/// It takes no more connections after [`Mesh::shutdown`].
pub struct MeshListener {
    pub(super) accepting: Accepting,
}

impl Mesh {
    /// Listens on an address: a [`MeshListener`] for `axum::serve`, tonic, or a server of yours.
    ///
    /// ```no_run
    /// # async fn run(mesh: meshwork::Mesh) -> std::io::Result<()> {
    /// let mut listener = mesh.listener("0.0.0.0:9080").await?;
    /// while let Some(connection) = listener.accept().await {
    ///     println!("{:?}", connection.peer().identity());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub async fn listener(&self, address: impl ToSocketAddrs) -> io::Result<MeshListener> {
        self.listen_on(TcpListener::bind(address).await?)
    }

    /// Takes the connections of a listener that is there already.
    ///
    /// # Errors
    /// Where the listener's address cannot be told.
    pub fn listen_on(&self, listener: TcpListener) -> io::Result<MeshListener> {
        Ok(MeshListener { accepting: Accepting::new(self.clone(), listener)? })
    }
}

impl MeshListener {
    /// How many handshakes may be under way unless said otherwise.
    pub const MAX_HANDSHAKES: usize = 16_384;

    /// How many handshakes may be under way at once; at least 1.
    #[must_use]
    pub fn max_handshakes(mut self, most: usize) -> Self {
        self.accepting.most = most.max(1);
        self
    }

    /// Asks the AuthorizationPolicies about each connection before it is handed out, for servers
    /// that speak no HTTP and so have no [`Mesh::inbound`]: what is refused is reset. A condition
    /// on requests cannot be met there: an ALLOW rule that has one allows nothing, a DENY rule
    /// denies more.
    #[must_use]
    pub fn judged(mut self) -> Self {
        self.accepting.judged = true;
        self
    }

    /// The next connection that was let in; `None` once the mesh is shut down.
    ///
    /// Dropping the future loses no connection.
    pub async fn accept(&mut self) -> Option<MeshIo> {
        std::future::poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// The address that is listened on.
    ///
    /// # Errors
    /// Where the socket does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.accepting.tcp.local_addr()
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<MeshIo>> {
        let admitted = ready!(self.accepting.poll_next(cx));
        let (mesh, port) = (self.accepting.mesh.clone(), self.accepting.port);
        Poll::Ready(admitted.map(|Admitted { io, peer }| {
            let watched = peer.clone();
            MeshIo::new(io, peer, async move {
                mesh.no_longer_admitted(port, &watched).await;
                sleep(mesh.assembly().drain).await;
            })
        }))
    }
}

impl Stream for MeshListener {
    /// Never an error: what goes wrong is logged and concerns one connection.
    type Item = io::Result<MeshIo>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_accept(cx).map(|accepted| accepted.map(Ok))
    }
}

/// Connections on their way in.
pub(super) struct Accepting {
    pub(super) mesh: Mesh,
    tcp: TcpListener,
    pub(super) port: u16,
    handshakes: JoinSet<(u64, Option<Admitted>)>,
    /// Those under way, oldest first.
    order: BTreeMap<u64, AbortHandle>,
    begun: u64,
    most: usize,
    judged: bool,
    pause: Option<Pin<Box<Sleep>>>,
    stopped: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Accepting {
    pub(super) fn new(mesh: Mesh, tcp: TcpListener) -> io::Result<Self> {
        Ok(Self {
            port: tcp.local_addr()?.port(),
            stopped: Some(Box::pin(mesh.stopped())),
            mesh,
            tcp,
            handshakes: JoinSet::new(),
            order: BTreeMap::new(),
            begun: 0,
            most: MeshListener::MAX_HANDSHAKES,
            judged: false,
            pause: None,
        })
    }

    /// The next connection that is let in; `None` once the mesh is shut down.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Admitted>> {
        let stopped = match &mut self.stopped {
            Some(stopped) => stopped.as_mut().poll(cx).is_ready(),
            None => true,
        };
        if stopped {
            self.stopped = None;
            self.handshakes.abort_all();
            return Poll::Ready(None);
        }
        loop {
            // Whoever is through goes before whoever begins.
            match self.handshakes.poll_join_next(cx) {
                Poll::Ready(Some(Ok((number, admitted)))) => {
                    self.order.remove(&number);
                    match admitted {
                        Some(admitted) => return Poll::Ready(Some(admitted)),
                        None => continue,
                    }
                }
                // One that was given up.
                Poll::Ready(Some(Err(_))) => continue,
                Poll::Ready(None) | Poll::Pending => {}
            }
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.tcp.poll_accept(cx)) {
                Ok((stream, peer)) => self.begin(stream, peer),
                Err(error) => {
                    // Out of file descriptors, or a peer that went away: others go on.
                    tracing::warn!(port = self.port, %error, "a connection cannot be accepted");
                    self.pause = Some(Box::pin(sleep(ACCEPT_PAUSE)));
                }
            }
        }
    }

    fn begin(&mut self, stream: TcpStream, peer: SocketAddr) {
        while self.order.len() >= self.most {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            oldest.abort();
            let (port, most) = (self.port, self.most);
            tracing::warn!(port, most, "too many handshakes are under way; the oldest is given up");
        }
        let local = stream.local_addr().ok();
        // Latency matters more than full packets.
        let _ = stream.set_nodelay(true);
        let (mesh, port, judged, number) = (self.mesh.clone(), self.port, self.judged, self.begun);
        self.begun += 1;
        let task = self.handshakes.spawn(async move {
            (number, mesh.admit(stream, (peer, local), (port, judged)).await)
        });
        self.order.insert(number, task);
    }
}

impl fmt::Debug for MeshListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshListener")
            .field("tcp", &self.accepting.tcp)
            .field("handshakes", &self.accepting.order.len())
            .finish_non_exhaustive()
    }
}

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
