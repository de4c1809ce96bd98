//! What a sidecar does with connections that somebody captured.

mod captured;
mod decide;
mod outcome;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use meshwork_config::Snapshot;
use meshwork_core::{Draw, Draws as _, FieldPath, SeededDraws};
use meshwork_routing::{ConnectionAction, INBOUND_PASSTHROUGH_CLUSTER, PASSTHROUGH_CLUSTER};
use meshwork_tower::{
    ConnectionInfo, Direction, HttpServer, HttpSettings, Inbound, Io, OutboundService,
    RefusedRequest, TcpTarget, inbound, outbound,
};
use tower_service::Service;

use crate::{Mesh, forbidden, report::Refused};

pub use captured::Captured;
pub use outcome::{Proxied, ProxyError};

/// Passes captured connections on as the sidecar of the workload would.
///
/// A [`tower_service::Service`] of [`Captured`] connections, one call each, that answers when the
/// connection has ended. It decides by the original destination, the server name and the first
/// bytes: HTTP is routed request by request, TCP and TLS go to the endpoint of one cluster, what
/// nobody declares goes where it was meant to go, or nowhere (`outboundTrafficPolicy`). Towards the
/// workload, TLS of the mesh is ended as PeerAuthentication says, policies are asked, and requests
/// and bytes go on to the port that the workload's Service or its `Sidecar` names.
///
/// A connection that a later configuration forbids is ended; one of bytes that it would only send
/// elsewhere stays where it is.
#[derive(Clone)]
pub struct TcpProxy {
    mesh: Mesh,
    outbound: OutboundService,
    http: HttpServer,
    tcp: meshwork_tower::TcpProxy,
}

/// A connection of which is known what becomes of it.
struct Decided {
    io: Box<dyn Io>,
    connection: ConnectionInfo,
    action: ConnectionAction,
    rule: Option<Arc<FieldPath>>,
    draws: SeededDraws,
}

impl Mesh {
    /// What a sidecar does with connections, for a proxy that captures them.
    ///
    /// ```no_run
    /// use meshwork::{Captured, Mesh};
    /// use tokio::net::TcpListener;
    ///
    /// # async fn run(mesh: Mesh) -> std::io::Result<()> {
    /// // iptables redirects here what the workload sends.
    /// let listener = TcpListener::bind("127.0.0.1:15001").await?;
    /// let proxy = mesh.tcp_proxy();
    /// loop {
    ///     let (stream, _) = listener.accept().await?;
    ///     let (proxy, captured) = (proxy.clone(), Captured::outbound_stream(stream)?);
    ///     tokio::spawn(async move {
    ///         match proxy.proxy(captured).await {
    ///             Ok(proxied) => println!("{} bytes there, {} back", proxied.sent, proxied.received),
    ///             Err(refused) => println!("refused: {refused}"),
    ///         }
    ///     });
    /// }
    /// # }
    /// ```
    pub fn tcp_proxy(&self) -> TcpProxy {
        let assembly = self.assembly();
        let outbound = outbound(self.snapshot())
            .seeds(assembly.seeds.clone())
            .clusters(assembly.clusters.clone())
            .build();
        TcpProxy {
            mesh: self.clone(),
            outbound,
            http: HttpServer::new().drain(assembly.drain),
            tcp: meshwork_tower::TcpProxy::new(),
        }
    }
}

impl TcpProxy {
    /// Passes one connection on until it ends, the mesh is shut down, or the configuration forbids
    /// it.
    ///
    /// # Errors
    /// [`ProxyError`] where it is not passed on; nothing was sent to it then, but what TLS says.
    pub async fn proxy<I: Io>(&self, captured: Captured<I>) -> Result<Proxied, ProxyError> {
        let Captured { io, inbound, source, destination, listener } = captured;
        let snapshot = tokio::select! {
            snapshot = self.ready() => snapshot?,
            () = self.mesh.stopped() => return Err(ProxyError::NotReady),
        };
        let direction = if inbound { Direction::Inbound } else { Direction::Outbound };
        let assembly = self.mesh.assembly();
        let settings = assembly.settings.of(&snapshot, direction);
        let most = settings.limits.global_connections;
        let _open = assembly.connections.open(most).ok_or(ProxyError::TooMany)?;
        let connection = ConnectionInfo::new(source, Some(destination));
        let deciding = async {
            if inbound {
                self.decide_inbound(io, connection, &snapshot).await
            } else {
                self.decide_outbound(io, connection, &snapshot).await
            }
        };
        let decided = tokio::select! {
            decided = deciding => decided?,
            () = self.mesh.stopped() => return Err(ProxyError::NotReady),
        };
        let came_back = listener == Some(destination);
        if came_back && matches!(decided.action, ConnectionAction::Passthrough) {
            return Err(ProxyError::NotCaptured(destination));
        }
        self.pass(decided, &snapshot, (inbound, &settings)).await
    }

    /// The configuration, once there is one.
    async fn ready(&self) -> Result<Arc<Snapshot>, ProxyError> {
        let assembly = self.mesh.assembly();
        let mut ready = assembly.engine.ready();
        let waited = ready.wait_for(|ready| *ready);
        match tokio::time::timeout(assembly.ready_timeout, waited).await {
            Ok(Ok(_)) => Ok(self.mesh.snapshot().load()),
            _ => Err(ProxyError::NotReady),
        }
    }

    async fn pass(
        &self,
        decided: Decided,
        snapshot: &Snapshot,
        (towards, settings): (bool, &HttpSettings),
    ) -> Result<Proxied, ProxyError> {
        let Decided { io, connection, action, rule, draws } = decided;
        let connection = Arc::new(connection);
        let mut proxied = Proxied::new(&connection, rule);
        let http = matches!(action, ConnectionAction::Http(_));
        let forbidden = forbidden::until_not(&self.mesh, |snapshot| {
            self.still(snapshot, &connection, towards, http)
        });
        let ends = async {
            tokio::select! {
                () = self.mesh.stopped() => {}
                () = forbidden => {
                    let peer = connection.source;
                    tracing::info!(?peer, "a connection ends: it would be refused now");
                }
            }
        };
        let cluster: Arc<str> = match action {
            ConnectionAction::Http(_) => {
                let shared = Arc::clone(&connection);
                let http = self.http.clone().settings(settings);
                let outcome = if towards {
                    let stack = self.inbound(&connection).forward();
                    http.serve(io, shared, stack, ends).await
                } else {
                    http.serve(io, shared, self.outbound.clone(), ends).await
                };
                proxied.http = true;
                proxied.flags = outcome.flags;
                return Ok(proxied);
            }
            ConnectionAction::Forward(destination) => Arc::clone(&destination.cluster),
            ConnectionAction::Passthrough if towards => INBOUND_PASSTHROUGH_CLUSTER.into(),
            ConnectionAction::Passthrough => PASSTHROUGH_CLUSTER.into(),
            ConnectionAction::Close(reason) => return Err(ProxyError::Closed(reason)),
            ConnectionAction::Refuse => return Err(ProxyError::NoListener),
        };
        let handle = self.mesh.clusters().cluster(snapshot, &cluster);
        let target = TcpTarget::new(handle, draws.draw(Draw::Endpoint(0)));
        proxied.cluster = target.cluster.is_some().then_some(cluster);
        let outcome = self.tcp.proxy_until(io, &connection, &target, ends).await;
        proxied.flags = outcome.flags;
        proxied.endpoint = outcome.endpoint;
        (proxied.sent, proxied.received) = (outcome.sent, outcome.received);
        Ok(proxied)
    }

    /// The stack in front of the application's port.
    fn inbound(&self, connection: &ConnectionInfo) -> Inbound {
        let assembly = self.mesh.assembly();
        let stack = inbound(self.mesh.snapshot())
            .port(connection.port().unwrap_or_default())
            .seeds(assembly.seeds.clone())
            .clusters(assembly.clusters.clone());
        let reports = Arc::clone(&assembly.reports);
        let told = move |request: &RefusedRequest<'_>| {
            let port = request.connection.port().unwrap_or_default();
            reports.refused(&Refused::request(port, request));
        };
        if assembly.enforce { stack } else { stack.observe().on_refusal(told) }
    }
}

impl<I: Io> Service<Captured<I>> for TcpProxy {
    type Response = Proxied;
    type Error = ProxyError;
    type Future = Pin<Box<dyn Future<Output = Result<Proxied, ProxyError>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), ProxyError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, captured: Captured<I>) -> Self::Future {
        let proxy = self.clone();
        Box::pin(async move { proxy.proxy(captured).await })
    }
}

impl fmt::Debug for TcpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpProxy").field("mesh", &self.mesh).finish_non_exhaustive()
    }
}
