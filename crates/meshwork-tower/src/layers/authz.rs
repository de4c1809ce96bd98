//! Whether a request may reach the workload.

use std::task;

use bytes::Bytes;
use futures_util::future::{Either, Ready, ready};
use http::{Request, Response, StatusCode};
use meshwork_authz::AuthzInput;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Direction, LocalReply, MeshContext, is_grpc};

/// Refuses what the AuthorizationPolicies of the workload do not allow: 403, `RBAC: access denied`
/// (gRPC status 7), as Envoy does.
///
/// A security resource that cannot be evaluated refuses everything that it selects. Turned to
/// [`observe`](Self::observe), the layer logs what it would have refused and lets it pass.
#[derive(Clone, Copy, Debug)]
pub struct AuthzLayer {
    enforce: bool,
}

impl AuthzLayer {
    /// The layer; refusals are carried out.
    pub const fn new() -> Self {
        Self { enforce: true }
    }

    /// Logs refusals and carries out none.
    #[must_use]
    pub const fn observe(mut self) -> Self {
        self.enforce = false;
        self
    }
}

impl AuthzLayer {
    /// The refusal of a request that is not allowed.
    pub(crate) fn refusal<B>(self, cx: &MeshContext, request: &Request<B>) -> Option<LocalReply> {
        // A workload's own policies are about those who call it.
        let inbound = cx.direction != Direction::Outbound;
        let snapshot = cx.snapshot.as_ref().filter(|_| inbound)?;
        let head = cx.head.with(request.method(), request.headers());
        let verdict = cx.connection.with_attributes(|connection| {
            let input = AuthzInput::request(connection, head)
                .with_identity(cx.identity.as_deref())
                .with_remote(cx.client);
            snapshot.security.check(&input)
        });
        if verdict.is_allowed() {
            return None;
        }
        let peer = cx.connection.peer.as_deref().unwrap_or_default();
        let (enforced, path) = (self.enforce, &*cx.head.path_and_query);
        tracing::info!(
            target: "meshwork::authz",
            enforced,
            peer,
            method = %request.method(),
            path,
            reason = %verdict,
            "a request is not allowed"
        );
        let details = verdict.details();
        self.enforce.then(|| {
            LocalReply { grpc_status: Some(7), ..LocalReply::new(StatusCode::FORBIDDEN, details) }
                .body("RBAC: access denied")
        })
    }
}

impl Default for AuthzLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for AuthzLayer {
    type Service = Authz<S>;

    fn layer(&self, inner: S) -> Authz<S> {
        Authz { inner, layer: *self }
    }
}

/// The service of [`AuthzLayer`].
#[derive(Clone, Debug)]
pub struct Authz<S> {
    inner: S,
    layer: AuthzLayer,
}

impl<S, B, R> Service<Request<B>> for Authz<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match MeshContext::of(&request).and_then(|cx| self.layer.refusal(cx, &request)) {
            None => Either::Left(self.inner.call(request)),
            Some(reply) => {
                let grpc = is_grpc(request.headers());
                Either::Right(ready(Ok(reply.into_response(grpc))))
            }
        }
    }
}
