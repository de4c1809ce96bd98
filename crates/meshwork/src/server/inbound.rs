//! The layer in front of an application: what a sidecar asks of each request.

use std::{
    fmt,
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use meshwork_authn::MtlsMode;
use meshwork_config::Snapshot;
use meshwork_tower::{
    self as tower, AccessLogEntry, BalanceService, Body, BoxError, ConnectionInfo, HeaderChanges,
    LocalReply, Propagate, Restore, Retry, Timeout, inbound, is_grpc,
};
use tower_layer::Layer;
use tower_service::Service;

use super::peer::{Admission, Peer};
use crate::{Mesh, report::Refused};

/// The inbound stack of a port of the workload, to be put in front of an application: a
/// [`tower_layer::Layer`].
///
/// Requests are validated, normalised, authorised and logged as by a sidecar. The application gets
/// `Request<Body>`, with the [`Peer`] as an extension where the connection came through
/// [`Mesh::serve`] or a [`MeshListener`](crate::MeshListener).
///
/// A request whose connection did not come through either bears no identity: policies that ask for
/// one refuse it, and so does a port whose mode is STRICT.
#[derive(Clone)]
pub struct Inbound {
    stack: tower::Inbound,
    mesh: Mesh,
    port: u16,
}

impl Mesh {
    /// The inbound stack of a port of the workload, for a server of your own.
    ///
    /// With axum, where the router is served on a [`MeshListener`](crate::MeshListener):
    ///
    /// ```ignore
    /// let app = router.layer(mesh.inbound(9080)).into_make_service_with_connect_info::<Peer>();
    /// axum::serve(mesh.listener("0.0.0.0:9080").await?, app).await?;
    /// ```
    ///
    /// With tonic:
    ///
    /// ```ignore
    /// Server::builder()
    ///     .layer(mesh.inbound(50051))
    ///     .add_service(greeter)
    ///     .serve_with_incoming(mesh.listener("0.0.0.0:50051").await?)
    ///     .await?;
    /// ```
    ///
    /// What is decided about connections is decided by the listener, or by
    /// [`serve`](Self::serve), which is both.
    pub fn inbound(&self, port: u16) -> Inbound {
        let assembly = self.assembly();
        let reports = Arc::clone(&assembly.reports);
        let stack = inbound(self.snapshot())
            .port(port)
            .seeds(assembly.seeds.clone())
            .clusters(assembly.clusters.clone())
            .on_refusal(move |request| {
                if !request.enforced {
                    reports.refused(&Refused::request(port, request));
                }
            });
        let stack = if assembly.enforce { stack } else { stack.observe() };
        Inbound { stack, mesh: self.clone(), port }
    }
}

impl Inbound {
    /// Hands each line of the access log to `take` too.
    #[must_use]
    pub fn on_access(mut self, take: impl Fn(&AccessLogEntry) + Send + Sync + 'static) -> Self {
        self.stack = self.stack.on_access(take);
        self
    }

    /// Puts the stack in front of an application.
    pub fn layer<S: Clone>(self, app: S) -> InboundService<S> {
        let app = Handed(app);
        let stack = self.stack.layer(app.clone());
        InboundService { stack, app, mesh: self.mesh, port: self.port }
    }

    /// The stack of a sidecar: requests go on to the application's port.
    pub fn forward(self) -> tower::InboundService<HeaderChanges<Timeout<Retry<BalanceService>>>> {
        self.stack.forward()
    }
}

impl<S: Clone> Layer<S> for Inbound {
    type Service = InboundService<S>;

    fn layer(&self, app: S) -> InboundService<S> {
        self.clone().layer(app)
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("port", &self.port).finish_non_exhaustive()
    }
}

/// The service of [`Inbound`].
#[derive(Clone, Debug)]
pub struct InboundService<S> {
    stack: tower::InboundService<Propagate<Restore<Handed<S>>>>,
    app: Handed<S>,
    mesh: Mesh,
    port: u16,
}

/// What becomes of a request before the stack sees it.
enum Course {
    /// The whole stack.
    Stack,
    /// The application at once.
    Application,
    /// This answer.
    Refused(LocalReply),
}

impl<S, B, R> Service<Request<B>> for InboundService<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Send,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        match Service::<Request<Body>>::poll_ready(&mut self.stack, cx) {
            Poll::Ready(Ok(())) => self.app.0.poll_ready(cx),
            other => other,
        }
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        let peer = introduce(&mut request);
        match self.course(&request, peer.as_ref()) {
            Course::Stack => {
                let answer = self.stack.call(request);
                Box::pin(async move { Ok(answer.await?.map(Body::new)) })
            }
            Course::Application => {
                let answer = self.app.0.call(request);
                Box::pin(async move { Ok(answer.await?.map(Body::new)) })
            }
            Course::Refused(reply) => {
                Box::pin(ready(Ok(reply.into_response(is_grpc(request.headers())))))
            }
        }
    }
}

impl<S> InboundService<S> {
    fn course(&self, request: &Request<Body>, peer: Option<&Peer>) -> Course {
        let assembly = self.mesh.assembly();
        let snapshot = self.mesh.snapshot().load();
        let admission = match peer {
            Some(peer) => peer.admission,
            // A connection that came another way is judged as the port is declared.
            None if snapshot.routes.inbound_port(self.port).is_some() => Admission::Http,
            None => Admission::Connection,
        };
        match admission {
            Admission::ProbePort => return Course::Application,
            Admission::ProbePaths if assembly.probes.admits(request) => return Course::Application,
            Admission::ProbePaths | Admission::Http | Admission::Connection => {}
        }
        let nothing = ConnectionInfo::default();
        let connection = connection(request).map_or(&nothing, |connection| &**connection);
        let strict = snapshot.security.mtls_mode(self.port) == MtlsMode::Strict;
        if strict && !(connection.tls && connection.peer.is_some()) && assembly.enforce {
            // The listener refuses such connections; this one was open before, or came another way.
            let reply = LocalReply::new(StatusCode::FORBIDDEN, "strict_mutual_tls")
                .body("mutual TLS is required")
                .close();
            return Course::Refused(reply);
        }
        match admission {
            Admission::Connection => self.guarded(connection, &snapshot),
            _ => Course::Stack,
        }
    }

    /// Asks with every request whether its connection would still be admitted, so that a policy
    /// that comes later ends what it forbids.
    fn guarded(&self, connection: &ConnectionInfo, snapshot: &Snapshot) -> Course {
        match self.mesh.judge(self.port, connection, snapshot) {
            None => Course::Application,
            Some(details) => Course::Refused(
                LocalReply::new(StatusCode::FORBIDDEN, details).body("RBAC: access denied").close(),
            ),
        }
    }
}

/// Finds out whose request it is, and says so in the form that the layers and the application read.
fn introduce<B>(request: &mut Request<B>) -> Option<Peer> {
    let extensions = request.extensions_mut();
    let known = extensions.get::<Peer>().cloned();
    #[cfg(feature = "axum")]
    let known = known.or_else(|| super::axum::connected(extensions));
    let peer = known?;
    extensions.insert(Arc::clone(peer.connection()));
    extensions.insert(peer.clone());
    Some(peer)
}

fn connection<B>(request: &Request<B>) -> Option<&Arc<ConnectionInfo>> {
    request.extensions().get()
}

/// Hands an application the body type that it was written for.
#[derive(Clone, Debug)]
struct Handed<S>(S);

impl<S, B> Service<Request<B>> for Handed<S>
where
    S: Service<Request<Body>>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        self.0.call(request.map(Body::new))
    }
}
