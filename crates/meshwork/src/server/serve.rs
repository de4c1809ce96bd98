//! An application that is served by the mesh.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use meshwork_tower::{Body, BoxError, Direction, HttpServer};
use tokio::{net::TcpListener, task::JoinSet};
use tower_service::Service;

use super::{Peer, accept::Admitted, listener::Accepting};
use crate::Mesh;

impl Mesh {
    /// Serves an application on a listener until [`shutdown`](Self::shutdown): an axum router, or
    /// any service of requests.
    ///
    /// Each connection is decided as by the sidecar of the workload: its first bytes, the port's
    /// PeerAuthentication, the policies. On shutdown no more connections are taken; open ones end
    /// with the request that they serve, or when the [drain time](crate::MeshBuilder::drain) is
    /// over.
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
            let mut accepting = Accepting::new(mesh.clone(), listener)?;
            let port = accepting.port;
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    admitted = poll_fn(|cx| accepting.poll_next(cx)) => match admitted {
                        Some(admitted) => {
                            connections.spawn(mesh.clone().connection(admitted, port, app.clone()));
                        }
                        None => break,
                    },
                    Some(_) = connections.join_next() => {}
                }
            }
            drop(accepting);
            while connections.join_next().await.is_some() {}
            Ok(())
        }
    }

    async fn connection<S, R>(self, admitted: Admitted, port: u16, app: S)
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
        let Admitted { io, peer } = admitted;
        let (mesh, watched) = (self.clone(), peer.clone());
        let stopped = async move {
            tokio::select! {
                () = mesh.stopped() => {}
                () = mesh.no_longer_admitted(port, &watched) => {}
            }
        };
        let connection = Arc::clone(peer.connection());
        let stack = Known { inner: self.inbound(port).layer(app), peer };
        let settings = self.assembly().settings.of(&self.snapshot().load(), Direction::Inbound);
        let server = HttpServer::new().settings(&settings).drain(self.assembly().drain);
        server.serve(io, connection, stack, stopped).await;
    }
}

/// Says with each request whose connection it is.
#[derive(Clone)]
struct Known<S> {
    inner: S,
    peer: Peer,
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Known<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        request.extensions_mut().insert(self.peer.clone());
        self.inner.call(request)
    }
}
