//! Calls into the mesh.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use meshwork_tower::{Body, BoxError, ConnectionInfo, LocalReply, OutboundService, outbound};
use tower_service::Service;

use crate::{Mesh, ready::Gate};

/// Sends requests where the mesh's rules say.
///
/// The authority of the URI names a service, as applications write it behind a sidecar:
/// `http://reviews:9080/`, `http://reviews.default.svc.cluster.local:9080/`. It need not resolve in
/// DNS. The port of the URI is the listener's; a host that nobody knows is passed through or
/// answered with 502 as `outboundTrafficPolicy` says.
///
/// The client is a [`tower_service::Service`] that is always ready and never fails: what goes wrong
/// is an answer, as from a sidecar, and [`response_flags`](crate::response_flags) says what. It
/// speaks plaintext HTTP to be routed; a URI with `https` is refused with 400, because the
/// application would have to speak TLS itself.
///
/// Clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    stack: OutboundService,
    gate: Gate,
}

/// A request that cannot be sent because it is none.
#[derive(Debug, thiserror::Error)]
#[error("`{url}` is not the URL of a request: {reason}")]
pub struct InvalidUrl {
    url: String,
    reason: http::Error,
}

impl Mesh {
    /// A client of the mesh.
    pub fn client(&self) -> Client {
        let assembly = self.assembly();
        let stack = outbound(self.snapshot())
            .seeds(assembly.seeds.clone())
            .clusters(assembly.clusters.clone())
            .build();
        Client { stack, gate: Gate::new(assembly.engine.ready(), assembly.ready_timeout) }
    }
}

impl Client {
    /// Sends a request without waiting for readiness: the client is always ready.
    ///
    /// # Errors
    /// Never; what goes wrong is an answer.
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<Body>, Infallible>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.clone().call(request).await
    }

    /// GETs a URL.
    ///
    /// # Errors
    /// [`InvalidUrl`] where the text is no absolute URL.
    pub async fn get(&self, url: &str) -> Result<Response<Body>, InvalidUrl> {
        let request = Request::get(url)
            .body(Body::empty())
            .map_err(|reason| InvalidUrl { url: url.into(), reason })?;
        let Ok(answer) = self.send(request).await;
        Ok(answer)
    }
}

impl<B> Service<Request<B>> for Client
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Self { mut stack, mut gate } = self.clone();
        // A request that a server of this process received and passes on is a call of the workload's
        // own; only `OriginalDestination` says that somebody intercepted it.
        request.extensions_mut().remove::<Arc<ConnectionInfo>>();
        if request.uri().scheme() == Some(&http::uri::Scheme::HTTPS) {
            let reply = LocalReply::new(StatusCode::BAD_REQUEST, "https_in_process")
                .body("the mesh routes plaintext HTTP: use http:// and let the mesh speak TLS");
            return Box::pin(std::future::ready(Ok(reply.into_response(false))));
        }
        Box::pin(async move {
            match gate.pass().await {
                Ok(()) => stack.call(request).await,
                Err(answer) => Ok(answer),
            }
        })
    }
}
