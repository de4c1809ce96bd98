//! Compiled routes: what a matched request meets.

use std::{sync::Arc, time::Duration};

use meshwork_core::{Draw, Draws, FieldPath, RequestHead};

use super::{
    action::{
        CorsPolicy, DirectResponse, Fault, HeaderOps, MessageKind, Mirror, Redirect, RetryPolicy,
        Rewrite,
    },
    destination::WeightedDestination,
};

/// One route: the action of an `http` entry for one of its matches, or one that Istio adds itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// Envoy's name for it: `http[].name`, with `match[].name` after a dot; `default`,
    /// `allow_any` and `block_all` for those that Istio adds.
    pub name: Option<Arc<str>>,
    /// Where it was written, or what it was derived from.
    pub rule: FieldPath,
    /// What it does.
    pub action: RouteAction,
    /// Changes of the forwarded request, after those of the chosen destination.
    pub request_headers: HeaderOps,
    /// Changes of the answer, after those of the chosen destination; answers that the route gives
    /// itself have them too.
    pub response_headers: HeaderOps,
    /// The Host that the route's own header operations set; [`Rewrite::authority`] wins over it.
    pub authority: Option<Arc<str>>,
    /// `rewrite`.
    pub rewrite: Rewrite,
    /// `fault`.
    pub fault: Option<Fault>,
    /// `timeout`; `None` is no limit.
    pub timeout: Option<Duration>,
    /// How failures are retried; `None` is not at all.
    pub retry: Option<RetryPolicy>,
    /// `mirrors` and `mirror`.
    pub mirrors: Arc<[Mirror]>,
    /// `corsPolicy`; it speaks only where the action forwards.
    pub cors: Option<CorsPolicy>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteAction {
    /// It goes to one of these, by weight.
    Forward(Arc<[WeightedDestination]>),
    /// It goes to where the connection was meant to go (`PassthroughCluster`).
    Passthrough,
    /// It goes to where its Host resolves to (`ALLOW_ANY_DYNAMIC_DNS`).
    DynamicForward,
    /// It is refused with status 502: the registry does not know the host (`REGISTRY_ONLY`).
    BlackHole,
    /// It is sent elsewhere.
    Redirect(Redirect),
    /// It is answered.
    DirectResponse(DirectResponse),
    /// It is answered with status 500: this rule is one that Envoy refuses.
    Invalid {
        /// What is wrong, with the field.
        reason: Arc<str>,
    },
}

impl Route {
    /// A route without options.
    pub fn new(rule: FieldPath, action: RouteAction) -> Self {
        Self {
            name: None,
            rule,
            action,
            request_headers: HeaderOps::none(MessageKind::Request),
            response_headers: HeaderOps::none(MessageKind::Response),
            authority: None,
            rewrite: Rewrite::default(),
            fault: None,
            timeout: None,
            retry: None,
            mirrors: Arc::default(),
            cors: None,
        }
    }

    /// The weighted destinations; empty where nothing is forwarded to a cluster.
    pub fn destinations(&self) -> &[WeightedDestination] {
        match &self.action {
            RouteAction::Forward(destinations) => destinations,
            _ => &[],
        }
    }

    /// Which destination a request takes: the first whose weight, added to those before it,
    /// exceeds the draw modulo the sum.
    pub fn choose(&self, draws: &dyn Draws) -> Option<usize> {
        let destinations = self.destinations();
        if destinations.len() < 2 {
            return (!destinations.is_empty()).then_some(0);
        }
        let total: u64 = destinations.iter().map(|entry| u64::from(entry.weight)).sum();
        let mut left = draws.draw(Draw::Weight).checked_rem(total)?;
        destinations.iter().position(|entry| {
            let weight = u64::from(entry.weight);
            let taken = left < weight;
            left = left.saturating_sub(weight);
            taken
        })
    }

    /// The time that a request may take, all tries together: `timeout`, and for gRPC calls the
    /// caller's `grpc-timeout` within it.
    pub fn timeout(&self, head: &RequestHead<'_>) -> Option<Duration> {
        let asked = head.is_grpc().then(|| grpc_timeout(head)).flatten();
        match (self.timeout, asked) {
            (Some(limit), Some(asked)) => Some(asked.min(limit)),
            (limit, asked) => asked.or(limit),
        }
    }
}

/// `grpc-timeout`: up to eight digits and a unit. A malformed one counts for nothing.
fn grpc_timeout(head: &RequestHead<'_>) -> Option<Duration> {
    let text = head.headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        // Envoy counts whole milliseconds and rounds up.
        "u" => Some(Duration::from_millis(amount.div_ceil(1_000))),
        "n" => Some(Duration::from_millis(amount.div_ceil(1_000_000))),
        _ => None,
    }
}
