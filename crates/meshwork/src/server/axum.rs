//! axum: a listener for `axum::serve`, and the peer as an extractor.

use std::{future::pending, io, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts, connect_info::Connected},
    http::{Extensions, StatusCode, request::Parts},
    response::{IntoResponse, Response},
    serve::{IncomingStream, Listener},
};

use super::{MeshIo, MeshListener, Peer};

/// `axum::serve(mesh.listener(address).await?, …)`.
///
/// After [`Mesh::shutdown`](crate::Mesh::shutdown) nothing more comes; hand
/// [`Mesh::stopped`](crate::Mesh::stopped) to `with_graceful_shutdown`, so that the server ends.
impl Listener for MeshListener {
    type Io = MeshIo;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (MeshIo, SocketAddr) {
        loop {
            let Some(io) = Self::accept(self).await else { return pending().await };
            if let Some(address) = io.peer().address() {
                return (io, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}

/// `router.into_make_service_with_connect_info::<Peer>()` tells [`Mesh::inbound`] and handlers who
/// is at the other end.
///
/// [`Mesh::inbound`]: crate::Mesh::inbound
impl Connected<IncomingStream<'_, MeshListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, MeshListener>) -> Self {
        stream.io().peer().clone()
    }
}

/// A request of which it is not known who made it: it did not come through the mesh, or the router
/// was not served with `into_make_service_with_connect_info::<Peer>()`. It is answered with 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not known who made the request: it did not come through the mesh")]
#[non_exhaustive]
pub struct PeerRejection;

impl IntoResponse for PeerRejection {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

/// Who made the request; one that did not come through the mesh is rejected with
/// [`PeerRejection`].
impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = PeerRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PeerRejection> {
        of_parts(parts).ok_or(PeerRejection)
    }
}

/// `Option<Peer>`, for handlers that are also served without the mesh.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(of_parts(parts))
    }
}

fn of_parts(parts: &Parts) -> Option<Peer> {
    parts.extensions.get().cloned().or_else(|| connected(&parts.extensions))
}

/// The peer as axum's server says it.
pub(super) fn connected(extensions: &Extensions) -> Option<Peer> {
    extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.clone())
}
