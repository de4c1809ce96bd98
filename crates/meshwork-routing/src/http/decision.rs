//! What routing asks and answers: the input of a decision and the decision.

use std::sync::Arc;

use http::HeaderMap;
use meshwork_core::{Attributes, Draws, RequestHead, RequestIdentity};

use super::{
    action::{FormatContext, Mirror},
    destination::WeightedDestination,
    route::{Route, RouteAction},
};

/// Everything that the choice of a route may depend on.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct RouteInput<'a> {
    /// The request after validation and path normalisation.
    pub head: RequestHead<'a>,
    /// The connection.
    pub attributes: &'a Attributes<'a>,
    /// The verified claims, where a token was accepted.
    pub identity: Option<&'a RequestIdentity>,
    /// The randomness of this request.
    pub draws: &'a dyn Draws,
}

impl<'a> RouteInput<'a> {
    /// An input without verified claims.
    pub fn new(
        head: RequestHead<'a>,
        attributes: &'a Attributes<'a>,
        draws: &'a dyn Draws,
    ) -> Self {
        Self { head, attributes, identity: None, draws }
    }

    /// The same with the claims of a token.
    pub fn with_identity(mut self, identity: Option<&'a RequestIdentity>) -> Self {
        self.identity = identity;
        self
    }
}

impl std::fmt::Debug for RouteInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouteInput")
            .field("head", &self.head)
            .field("attributes", &self.attributes)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Which route a request takes, and which of its destinations.
///
/// Faults and mirrors are drawn when they are asked for, see [`Fault`](super::Fault) and
/// [`RouteDecision::mirrors`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RouteDecision {
    /// The route; `None` is answered with 404 (flag NR).
    pub route: Option<Arc<Route>>,
    destination: Option<usize>,
}

impl RouteDecision {
    /// No route: 404.
    pub const NO_ROUTE: Self = Self { route: None, destination: None };

    /// The decision for a matched route.
    pub fn new(route: Arc<Route>, draws: &dyn Draws) -> Self {
        let destination = route.choose(draws);
        Self { route: Some(route), destination }
    }

    /// The chosen destination, where the route forwards to a cluster.
    pub fn destination(&self) -> Option<&WeightedDestination> {
        self.route.as_ref()?.destinations().get(self.destination?)
    }

    /// The name of the chosen cluster: a destination's, or `PassthroughCluster`.
    pub fn cluster(&self) -> Option<&str> {
        match self.route.as_ref()?.action {
            RouteAction::Passthrough => Some("PassthroughCluster"),
            _ => self.destination().map(|entry| &*entry.destination.cluster),
        }
    }

    /// The Host that is forwarded instead of the request's: the rewrite's, else the route's, else
    /// the chosen destination's.
    pub fn authority(&self) -> Option<&str> {
        let route = self.route.as_ref()?;
        let own = route.rewrite.authority.as_deref().or(route.authority.as_deref());
        own.or_else(|| self.destination()?.authority.as_deref())
    }

    /// Changes the headers of the forwarded request: the chosen destination's level, then the
    /// route's.
    pub fn change_request(&self, headers: &mut HeaderMap, cx: &FormatContext<'_>) {
        if let Some(entry) = self.destination() {
            entry.request_headers.apply(headers, cx);
        }
        if let Some(route) = &self.route {
            route.request_headers.apply(headers, cx);
        }
    }

    /// Changes the headers of the answer: the chosen destination's level, then the route's.
    pub fn change_response(&self, headers: &mut HeaderMap, cx: &FormatContext<'_>) {
        if let Some(entry) = self.destination() {
            entry.response_headers.apply(headers, cx);
        }
        if let Some(route) = &self.route {
            route.response_headers.apply(headers, cx);
        }
    }

    /// The mirrors that get a copy of this request.
    pub fn mirrors<'a>(&'a self, draws: &'a dyn Draws) -> impl Iterator<Item = &'a Mirror> {
        let mirrors = self.route.as_ref().map_or(&[][..], |route| &route.mirrors);
        mirrors.iter().filter(move |mirror| mirror.fires(draws))
    }
}
