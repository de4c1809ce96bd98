//! The service that picks an endpoint and sends.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{HeaderName, SET_COOKIE},
};
use meshwork_balance::{Context, Outcome, Pick};
use meshwork_core::{Draw, Draws as _};
use meshwork_policy::{HashInput, HashPolicy, RequestHash};
use tokio::time::Instant;
use tower_service::Service;

use super::{
    forward::{address_of, write_head},
    guard::PickGuard,
    upgrade,
};
use crate::{
    Attempt, Body, BoxError, ClusterHandle, Details, Direction, EndpointChoice, LocalReply,
    MeshContext, ResponseFlags, Timing, UpstreamFailure, clusters::Upstream,
    normalize::clean_response, pool::Guarded,
};

/// Sends each request to an endpoint of its cluster, and reports what came of it.
///
/// The cluster is the one that routing chose ([`MeshContext::routed`]). A try that brings no
/// response is answered in Envoy's words, with the [`UpstreamFailure`] as an extension.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BalanceService {}

/// The endpoint that gave a response: a response extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamHost(pub Arc<str>);

impl BalanceService {
    /// The service.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<B> Service<Request<B>> for BalanceService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let grpc = MeshContext::is_grpc(&request);
        let request = request.map(Body::new);
        Box::pin(async move {
            Ok(match send(request, grpc).await {
                Ok(response) => response,
                Err(failure) => {
                    let mut response = failure.local_reply(false).into_response(grpc);
                    response.extensions_mut().insert(failure);
                    response
                }
            })
        })
    }
}

async fn send(mut request: Request<Body>, grpc: bool) -> Result<Response<Body>, UpstreamFailure> {
    let no_cluster = UpstreamFailure::NoCluster(StatusCode::SERVICE_UNAVAILABLE);
    let cx = request.extensions_mut().remove::<MeshContext>().ok_or(no_cluster.clone())?;
    let attempt = request.extensions_mut().remove::<Attempt>();
    let cluster = cx.routed.as_ref().and_then(|routed| routed.cluster.clone()).ok_or(no_cluster)?;
    let shared = cluster.shared();
    let protocol = cluster.protocol_for(request.version());
    // Only an algorithm that hashes asks for the key, once a try, and cookies come of the asking.
    let hash = if cluster.is_hashing() { hash(&request, &cx) } else { RequestHash::default() };
    let tries = attempt.as_ref().map_or(1, |attempt| usize::from(attempt.number));
    let pick = pick(&cluster, &cx, attempt.as_ref(), hash.key)?;
    let upstream = pick.endpoint().clone();
    let address: Arc<str> = pick.address().into();
    if let Some(attempt) = &attempt {
        attempt.tried.lock().unwrap_or_else(std::sync::PoisonError::into_inner).record(&pick);
    }
    cx.record.write(|info| info.attempts.push(Arc::clone(&address)));
    let timers =
        [cx.timing.clone(), attempt.map_or_else(Timing::default, |attempt| attempt.timing)];
    let mut guard = PickGuard::new(pick, shared.clock, timers);
    if !write_head(&mut request, &cx.head, protocol) {
        guard.say_nothing();
        let reply = LocalReply::new(StatusCode::BAD_REQUEST, "invalid_request_head");
        return Ok(reply.into_response(grpc));
    }
    let downstream = upgrade::downstream(&mut request);
    let began = Instant::now();
    let sent = upstream.pool(shared, protocol, &cx.head.authority).send(request).await;
    let mut response = match sent {
        Ok(response) => response,
        Err(failure) => {
            note_failure(&mut guard, &cx, &failure);
            return Err(failure);
        }
    };
    guard.report(outcome(&response, grpc));
    let status = response.status();
    clean_response(response.headers_mut(), status);
    if cx.added.debug {
        note_service_time(&mut response, began.elapsed());
    }
    for cookie in std::iter::repeat_n(&hash.set_cookies, tries).flatten() {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    let extensions = response.extensions_mut();
    extensions.insert(Details::VIA_UPSTREAM);
    extensions.insert(ResponseFlags::NONE);
    extensions.insert(UpstreamHost(address));
    if status == StatusCode::SWITCHING_PROTOCOLS {
        upgrade::join(downstream, &mut response, guard);
        return Ok(response);
    }
    Ok(response.map(|body| Body::new(Guarded::new(body, guard))))
}

fn pick(
    cluster: &ClusterHandle,
    cx: &MeshContext,
    attempt: Option<&Attempt>,
    hash: Option<u64>,
) -> Result<Pick<Upstream>, UpstreamFailure> {
    let named = match cluster.options().choice {
        EndpointChoice::Balanced => {
            let number = attempt.map_or(0, |attempt| attempt.number.saturating_sub(1));
            let random = cx.draws.draw(Draw::Endpoint(number));
            let tried = attempt.map(Attempt::tried);
            let mut choice = Context::new(cluster.shared().clock.now(), random).with_hash(hash);
            if let Some(tried) = &tried {
                choice = choice.with_attempts(tried);
            }
            return cluster.pick(&choice).map_err(|_| UpstreamFailure::NoHealthyUpstream);
        }
        EndpointChoice::OriginalDestination { port } => match cx.connection.destination {
            Some(mut address) => {
                address.set_port(port.unwrap_or(address.port()));
                Some(address.into())
            }
            None => address_of(&cx.head),
        },
        EndpointChoice::Authority => address_of(&cx.head),
    };
    let address = named.ok_or(UpstreamFailure::NoHealthyUpstream)?;
    Ok(cluster.pick_address(&address))
}

/// The hash of a request by the policies of its route.
fn hash(request: &Request<Body>, cx: &MeshContext) -> RequestHash {
    let Some(routed) = cx.routed.as_ref().filter(|routed| !routed.hash_policies.is_empty()) else {
        return RequestHash::default();
    };
    let head = cx.head.with(request.method(), request.headers());
    cx.connection.with_attributes(|attributes| {
        let input = if cx.direction == Direction::Gateway {
            HashInput::new(&head, attributes)
        } else {
            HashInput::sidecar(&head, attributes)
        };
        HashPolicy::request_hash(&routed.hash_policies, &input)
    })
}

fn note_failure(guard: &mut PickGuard, cx: &MeshContext, failure: &UpstreamFailure) {
    match failure {
        UpstreamFailure::Connect(error) => {
            let timed_out = *error == crate::ConnectError::TimedOut;
            let outcome = if timed_out { Outcome::ConnectTimeout } else { Outcome::ConnectFailure };
            guard.report(outcome);
            cx.record.write(|info| info.upstream_failure = Some(error.to_string().into()));
        }
        UpstreamFailure::Reset { reason: crate::StreamReset::LocalReset, .. } => {
            guard.say_nothing();
        }
        UpstreamFailure::Reset { .. } => guard.report(Outcome::Reset),
        _ => guard.say_nothing(),
    }
}

fn outcome(response: &Response<Body>, grpc: bool) -> Outcome {
    let status = response.status().as_u16();
    let grpc_status = grpc
        .then(|| response.headers().get("grpc-status")?.to_str().ok()?.trim().parse().ok())
        .flatten();
    Outcome::Response { status, grpc_status }
}

fn note_service_time(response: &mut Response<Body>, took: Duration) {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    response.headers_mut().insert(SERVICE_TIME, HeaderValue::from(millis));
}

const SERVICE_TIME: HeaderName = HeaderName::from_static("x-envoy-upstream-service-time");
