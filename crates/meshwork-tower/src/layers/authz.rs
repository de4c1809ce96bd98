//! Whether a request may reach the workload.

use std::{fmt, sync::Arc, task};

use bytes::Bytes;
use futures_util::future::{Either, Ready, ready};
use http::{Method, Request, Response, StatusCode};
use meshwork_authz::AuthzInput;
use meshwork_config::InboundVerdict;
use tower_layer::Layer;
use tower_service::Service;

use crate::{ConnectionInfo, Direction, Head, LocalReply, MeshContext, is_grpc};

/// Somebody who is told of what is not allowed.
type Teller = Arc<dyn Fn(&RefusedRequest<'_>) + Send + Sync>;

/// A request that policies do not allow.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RefusedRequest<'a> {
    /// Whether it is refused; `false` where policies are observed only.
    pub enforced: bool,
    /// The connection that it came on.
    pub connection: &'a ConnectionInfo,
    /// The method.
    pub method: &'a Method,
    /// Authority and path, normalised.
    pub head: &'a Head,
    /// What the policies say, with the rule.
    pub verdict: &'a InboundVerdict,
}

/// Refuses what the AuthorizationPolicies of the workload do not allow: 403, `RBAC: access denied`
/// (gRPC status 7), as Envoy does.
///
/// A security resource that cannot be evaluated refuses everything that it selects. Turned to
/// [`observe`](Self::observe), the layer logs what it would have refused and lets it pass.
#[derive(Clone)]
pub struct AuthzLayer {
    enforce: bool,
    tell: Option<Teller>,
}

impl AuthzLayer {
    /// The layer; refusals are carried out.
    pub const fn new() -> Self {
        Self { enforce: true, tell: None }
    }

    /// Logs refusals and carries out none.
    #[must_use]
    pub const fn observe(mut self) -> Self {
        self.enforce = false;
        self
    }

    /// Tells `tell` of every request that is not allowed, whether it is refused or observed.
    #[must_use]
    pub fn on_refusal(
        mut self,
        tell: impl Fn(&RefusedRequest<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.tell = Some(Arc::new(tell));
        self
    }
}

impl AuthzLayer {
    /// The refusal of a request that is not allowed.
    pub(crate) fn refusal<B>(&self, cx: &MeshContext, request: &Request<B>) -> Option<LocalReply> {
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
        if let Some(tell) = &self.tell {
            let (method, head) = (request.method(), &cx.head);
            let connection = &*cx.connection;
            tell(&RefusedRequest { enforced, connection, method, head, verdict: &verdict });
        }
        let details = verdict.details();
        self.enforce.then(|| {
            LocalReply { grpc_status: Some(7), ..LocalReply::new(StatusCode::FORBIDDEN, details) }
                .body("RBAC: access denied")
        })
    }
}

impl fmt::Debug for AuthzLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthzLayer").field("enforce", &self.enforce).finish_non_exhaustive()
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
        Authz { inner, layer: self.clone() }
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
