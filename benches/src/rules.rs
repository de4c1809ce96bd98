//! Route rules by family, and the requests that decide the last of them.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use meshwork_api::{
    Object,
    networking::{
        Destination, HttpMatchRequest, HttpRoute, HttpRouteDestination, StringMatch,
        StringMatchType, VirtualService,
    },
};
use meshwork_config::{ConfigStore, Event, Snapshot};
use meshwork_core::{Attributes, Draws, Outcome, RequestHead};
use meshwork_registry::Proxy;
use meshwork_routing::{HttpRoutes, RouteDecision, RouteInput};

/// What the rules of a benchmark differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Exact paths.
    Exact,
    /// Path prefixes.
    Prefix,
    /// One path, and the value of a header.
    Header,
    /// One path, and a parameter of the query.
    Query,
    /// Path patterns.
    Regex,
    /// A host a rule.
    Host,
    /// All kinds in turn.
    Mixed,
    /// Exact paths, none of which is asked for.
    Miss,
}

/// All families with the names that benchmarks bear.
pub const FAMILIES: [(Family, &str); 8] = [
    (Family::Exact, "exact"),
    (Family::Prefix, "prefix"),
    (Family::Header, "header"),
    (Family::Query, "query"),
    (Family::Regex, "regex"),
    (Family::Host, "host"),
    (Family::Mixed, "mixed"),
    (Family::Miss, "miss"),
];

/// A request that decides the rule of a number.
#[derive(Clone, Debug)]
pub struct Request {
    authority: String,
    path: String,
    headers: HeaderMap,
}

impl Request {
    /// Decides the request once.
    pub fn decide(
        &self,
        routes: &HttpRoutes,
        connection: &Attributes<'_>,
        draws: &dyn Draws,
    ) -> RouteDecision {
        routes.route(&self.input(connection, draws))
    }

    /// How many rules were looked at before one won.
    pub fn examined(
        &self,
        routes: &HttpRoutes,
        connection: &Attributes<'_>,
        draws: &dyn Draws,
    ) -> usize {
        let explanation = routes.explain(&self.input(connection, draws));
        explanation.steps.iter().filter(|step| step.outcome != Outcome::NotReached).count()
    }

    fn input<'a>(&'a self, connection: &'a Attributes<'a>, draws: &'a dyn Draws) -> RouteInput<'a> {
        let head = RequestHead::new("GET", "http", &self.authority, &self.path, &self.headers);
        RouteInput::new(head, connection, draws)
    }
}

impl Family {
    /// The routes of port 80 with this many rules.
    pub fn routes(self, count: usize) -> Arc<HttpRoutes> {
        let mut store = ConfigStore::default();
        let mut events = vec![Event::apply(crate::service(0))];
        if self == Family::Host {
            events.extend(
                (0..count).map(|n| Event::apply(virtual_service(&host(n), vec![route(vec![])]))),
            );
        } else {
            let routes = (0..count).map(|n| route(vec![self.rule(n)])).collect();
            events.push(Event::apply(virtual_service("s0", routes)));
        }
        store.apply_all(events);
        let (snapshot, _) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
        match snapshot.routes.port(80) {
            Some(routes) => Arc::clone(routes),
            None => unreachable!("the service declares port 80"),
        }
    }

    /// The rule of a number.
    fn rule(self, number: usize) -> HttpMatchRequest {
        let uri = |kind| Some(StringMatch { match_type: Some(kind) });
        let exact = |text: String| StringMatch { match_type: Some(StringMatchType::Exact(text)) };
        let mut rule = HttpMatchRequest::default();
        match self {
            Self::Exact | Self::Miss | Self::Host => {
                rule.uri = uri(StringMatchType::Exact(path(number)));
            }
            Self::Prefix => rule.uri = uri(StringMatchType::Prefix(format!("{}/", path(number)))),
            Self::Header => {
                rule.uri = uri(StringMatchType::Prefix("/".into()));
                rule.headers.insert("x-tenant".into(), exact(format!("tenant-{number}")));
            }
            Self::Query => {
                rule.uri = uri(StringMatchType::Prefix("/".into()));
                rule.query_params.insert("tenant".into(), exact(format!("tenant-{number}")));
            }
            Self::Regex => {
                rule.uri = uri(StringMatchType::Regex(format!("/r{number}/[a-z]+/[0-9]+")));
            }
            Self::Mixed => {
                let parts = [Self::Exact, Self::Prefix, Self::Header, Self::Query];
                return parts.get(number % 4).copied().unwrap_or(Self::Exact).rule(number);
            }
        }
        rule
    }

    /// A request that the rule of this number decides.
    pub fn request(self, number: usize) -> Request {
        let mut request =
            Request { authority: "s0".into(), path: path(number), headers: HeaderMap::new() };
        for (name, value) in [
            ("accept", "application/json"),
            ("user-agent", "bench/1.0"),
            ("x-request-id", "5c0cf8a2-4c1f-4c5e-9e0f-1f0a6f1f2f3a"),
            ("cookie", "session=0123456789abcdef"),
            ("content-type", "application/json"),
        ] {
            request.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        match self {
            Self::Exact => {}
            Self::Prefix => request.path.push_str("/below"),
            Self::Header => {
                let value = HeaderValue::from_str(&format!("tenant-{number}"));
                request
                    .headers
                    .extend(value.ok().map(|v| (HeaderName::from_static("x-tenant"), v)));
            }
            Self::Query => request.path = format!("/?a=b&tenant=tenant-{number}"),
            Self::Regex => request.path = format!("/r{number}/abc/123"),
            Self::Host => request.authority = host(number),
            Self::Mixed => {
                let parts = [Self::Exact, Self::Prefix, Self::Header, Self::Query];
                return parts.get(number % 4).copied().unwrap_or(Self::Exact).request(number);
            }
            Self::Miss => request.path = format!("/nowhere/{number}"),
        }
        request
    }
}

fn path(number: usize) -> String {
    format!("/api/v1/things/{number}")
}

fn host(number: usize) -> String {
    format!("h{number}.example.com")
}

fn route(matches: Vec<HttpMatchRequest>) -> HttpRoute {
    HttpRoute {
        match_: matches,
        route: vec![HttpRouteDestination {
            destination: Some(Destination { host: "s0".into(), ..Default::default() }),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn virtual_service(host: &str, http: Vec<HttpRoute>) -> Object<VirtualService> {
    let spec = VirtualService { hosts: vec![host.into()], http, ..Default::default() };
    Object::new("default", host, spec)
}
