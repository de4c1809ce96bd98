//! A service behind the mesh's inbound layers.

use std::{
    convert::Infallible,
    future::{Future, ready},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use meshwork_routing::ConnectionAction;
use meshwork_tower::{
    Body, BoxError, ConnectionInfo, HttpServer, Inbound, LocalReply, inbound, is_grpc,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tower_service::Service;

use crate::{
    Mesh, Peer,
    accept::Admitted,
    reset::{Refusal, Resettable},
};

impl Mesh {
    /// The inbound stack of a port of the workload, for a server of your own:
    /// `mesh.inbound(9080).layer(app)`.
    ///
    /// Requests are validated, normalised, authorised and logged as by a sidecar. What a sidecar
    /// decides about the connection itself is decided by [`serve`](Self::serve) alone.
    pub fn inbound(&self, port: u16) -> Inbound {
        let assembly = self.assembly();
        let stack = inbound(self.snapshot())
            .port(port)
            .seeds(assembly.seeds.clone())
            .clusters(assembly.clusters.clone());
        if assembly.enforce { stack } else { stack.observe() }
    }

    /// Serves an application on a listener until [`shutdown`](Self::shutdown): an axum router, or
    /// any service of requests.
    ///
    /// Each connection is decided as by the sidecar of the workload: its first bytes, the port's
    /// PeerAuthentication, the policies. On shutdown no more connections are taken, open ones end
    /// within the drain time of 5 s.
    ///
    /// # Errors
    /// Where the listener's address cannot be told. Errors of single connections are logged.
    pub fn serve<S, R>(
        &self,
        listener: TcpListener,
        app: S,
    ) -> impl Future<Output = io::Result<()>> + Send + use<S, R>
    where
        S: Service<Request<Body>, Response = Response<R>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let mesh = self.clone();
        async move {
            let port = listener.local_addr()?.port();
            let mut connections = JoinSet::new();
            let stopped = mesh.stopped();
            tokio::pin!(stopped);
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, peer)) => {
                            let local = stream.local_addr().ok();
                            // Latency matters more than full packets.
                            let _ = stream.set_nodelay(true);
                            let accepted = Accepted { port, peer, local };
                            let served = mesh.clone().connection(stream, accepted, app.clone());
                            connections.spawn(served);
                        }
                        Err(error) => {
                            // Out of file descriptors, or a peer that went away: others go on.
                            tracing::warn!(port, %error, "a connection cannot be accepted");
                            tokio::time::sleep(ACCEPT_PAUSE).await;
                        }
                    },
                    Some(_) = connections.join_next() => {}
                    () = &mut stopped => break,
                }
            }
            drop(listener);
            while connections.join_next().await.is_some() {}
            Ok(())
        }
    }

    async fn connection<S, R>(self, stream: TcpStream, accepted: Accepted, app: S)
    where
        S: Service<Request<Body>, Response = Response<R>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let Accepted { port, peer, local } = accepted;
        let snapshot = self.snapshot().load();
        let mut connection = ConnectionInfo::new(Some(peer), local);
        connection.listener_port = Some(port);
        let refusal = Refusal::default();
        let io = Resettable::new(stream, refusal.clone());
        let admitted = tokio::select! {
            admitted = self.admit(io, connection, port, (&snapshot, &refusal)) => admitted,
            () = self.stopped() => return,
        };
        let Some(Admitted { io, connection, action }) = admitted else { return };
        let connection = Arc::new(connection);
        let (mesh, watched) = (self.clone(), Arc::clone(&connection));
        let stopped = async move {
            tokio::select! {
                () = mesh.stopped() => {}
                () = mesh.no_longer_admitted(port, &watched) => {}
            }
        };
        let server = HttpServer::new();
        match action {
            ConnectionAction::Http(_) => {
                let peer = Peer::new(Arc::clone(&connection));
                let stack = self.inbound(port).layer(BoxedBody { app, peer });
                server.serve(io, connection, stack, stopped).await;
            }
            ConnectionAction::Forward(_) | ConnectionAction::Passthrough => {
                // A port that no Service declares, or one that declares no HTTP: the application
                // sees what comes, and policies judge the connection.
                let guard = Guarded { app, mesh: self.clone(), connection: connection.clone() };
                server.serve(io, connection, guard, stopped).await;
            }
            ConnectionAction::Close(_) | ConnectionAction::Refuse => {}
        }
    }
}

/// Asks with every request whether its connection would still be admitted, so that a policy that
/// comes later ends what it forbids.
#[derive(Clone)]
struct Guarded<S> {
    app: S,
    mesh: Mesh,
    connection: Arc<ConnectionInfo>,
}

impl<S, R> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error = Infallible>,
    S::Future: Send + 'static,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        request.extensions_mut().insert(Peer::new(Arc::clone(&self.connection)));
        let snapshot = self.mesh.snapshot().load();
        let verdict = self
            .connection
            .with_attributes(|attributes| snapshot.security.check_connection(attributes));
        if !verdict.is_allowed() {
            let (enforced, peer) = (self.mesh.assembly().enforce, self.connection.source);
            tracing::info!(enforced, ?peer, reason = %verdict, "a connection is not allowed");
            if enforced {
                let reply = LocalReply::new(StatusCode::FORBIDDEN, verdict.details())
                    .body("RBAC: access denied")
                    .close();
                return Box::pin(ready(Ok(reply.into_response(is_grpc(request.headers())))));
            }
        }
        let answer = self.app.call(request);
        Box::pin(async move { Ok(answer.await?.map(Body::new)) })
    }
}

/// Hands an application the body type that it was written for, and who called.
#[derive(Clone, Debug)]
struct BoxedBody<S> {
    app: S,
    peer: Peer,
}

impl<S, B> Service<Request<B>> for BoxedBody<S>
where
    S: Service<Request<Body>>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.peer.clone());
        self.app.call(request.map(Body::new))
    }
}

/// A connection as it was accepted.
#[derive(Clone, Copy, Debug)]
struct Accepted {
    port: u16,
    peer: SocketAddr,
    local: Option<SocketAddr>,
}

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
