//! The outermost step: every request gets its context.

use std::{
    sync::Arc,
    task::{self, Poll},
};

use http::Request;
use meshwork_config::Snapshot;
use meshwork_core::Live;
use tower_layer::Layer;
use tower_service::Service;

use super::{ConnectionInfo, Direction, MeshContext, OriginalDestination, Seeds, propagate};
use crate::is_grpc;

/// Gives every request its [`MeshContext`]: the connection, a seed, and the configuration in force.
///
/// The configuration is loaded once here and decides the whole request, whatever is published
/// meanwhile.
#[derive(Clone, Debug)]
pub struct ContextLayer {
    direction: Direction,
    seeds: Seeds,
    snapshot: Option<Live<Snapshot>>,
    port: Option<u16>,
}

impl ContextLayer {
    /// Contexts for one direction, seeded at random.
    pub const fn new(direction: Direction) -> Self {
        Self { direction, seeds: Seeds::random(), snapshot: None, port: None }
    }

    /// The configuration that requests are decided by.
    #[must_use]
    pub fn snapshot(mut self, snapshot: Live<Snapshot>) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// Where the randomness comes from.
    #[must_use]
    pub fn seeds(mut self, seeds: Seeds) -> Self {
        self.seeds = seeds;
        self
    }

    /// The port that requests came to, where their connection does not say.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    fn context<B>(&self, request: &mut Request<B>) -> MeshContext {
        let extensions = request.extensions_mut();
        let connection = extensions.remove::<Arc<ConnectionInfo>>();
        let original = extensions.remove::<OriginalDestination>();
        let mut connection = connection.unwrap_or_else(|| ConnectionInfo::new(None, None).into());
        let port = self.port.filter(|_| connection.port().is_none());
        if original.is_some() || port.is_some() {
            let own = Arc::make_mut(&mut connection);
            own.destination = original.map(|original| original.0).or(own.destination);
            own.listener_port = own.listener_port.or(port);
        }
        let mut cx = MeshContext::new(self.direction, connection, self.seeds.draws());
        cx.snapshot = self.snapshot.as_ref().map(Live::load);
        cx.grpc = is_grpc(request.headers());
        if self.direction == Direction::Outbound {
            cx.deadline = propagate::adopt(request.headers_mut());
        }
        cx
    }
}

impl<S> Layer<S> for ContextLayer {
    type Service = WithContext<S>;

    fn layer(&self, inner: S) -> WithContext<S> {
        WithContext { inner, layer: self.clone() }
    }
}

/// The service of [`ContextLayer`].
#[derive(Clone, Debug)]
pub struct WithContext<S> {
    inner: S,
    layer: ContextLayer,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for WithContext<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let cx = self.layer.context(&mut request);
        request.extensions_mut().insert(cx);
        self.inner.call(request)
    }
}
