//! Routes that Istio adds itself: for services without rules, for unknown hosts, for the own
//! workload.

use std::sync::Arc;

use meshwork_api::mesh::MeshConfig;
use meshwork_core::{FieldPath, Hostname, Protocol, ResourceRef, StringMatch};
use meshwork_registry::{OutboundPolicy, Service};

use super::retries;
use crate::{
    Destination, RouteInputs,
    http::{
        AvoidPreviousHosts, HeaderOps, HttpRoutes, MessageKind, RetryPolicy, Route, RouteAction,
        WeightedDestination,
        left::Left,
        matching::{Clause, Field, Origin, Rule, RuleSet},
        routes::VirtualHost,
    },
};

/// The rule that sends every request to a port of a service, named `default`. The name is the
/// service's in lower case.
pub(super) fn service(
    name: &Hostname,
    port: u16,
    service: &Service,
    mesh: &MeshConfig,
) -> Arc<RuleSet> {
    let destination = Destination::new(name.clone(), None, port);
    let mut route = forward(destination, FieldPath::new(service.resource.clone(), ""));
    route.name = Some("default".into());
    route.retry =
        retries::policy(mesh.default_http_retry_policy.as_ref(), AvoidPreviousHosts::Always);
    Arc::new(RuleSet::new(vec![everything(route)]))
}

/// The virtual host of hosts that nobody knows.
pub(super) fn unknown_hosts(inputs: &RouteInputs<'_>) -> VirtualHost {
    let rule = match &inputs.scope.sidecar {
        Some(sidecar) if sidecar.spec.outbound_traffic_policy.is_some() => {
            FieldPath::new(sidecar.reference(), "spec.outboundTrafficPolicy")
        }
        _ => FieldPath::new(ResourceRef::new("MeshConfig", "", "istio"), "outboundTrafficPolicy"),
    };
    let (name, route) = match &inputs.scope.outbound_policy {
        OutboundPolicy::AllowAny { egress_proxy: Some(written) } => {
            let port = written.port.as_ref().map_or(0, |port| port.number);
            let port = u16::try_from(port).unwrap_or_default();
            let subset = (!written.subset.is_empty()).then(|| written.subset.as_str().into());
            let destination = Destination::new(written.host.as_str().into(), subset, port);
            ("allow_any", forward(destination, rule))
        }
        OutboundPolicy::AllowAny { egress_proxy: None } => {
            ("allow_any", Route::new(rule, RouteAction::Passthrough))
        }
        OutboundPolicy::AllowAnyDynamicDns => {
            ("allow_any", Route::new(rule, RouteAction::DynamicForward))
        }
        _ => ("block_all", Route::new(rule, RouteAction::BlackHole)),
    };
    let route = Route { name: Some(name.into()), ..route };
    VirtualHost {
        name: name.into(),
        domains: Arc::new(["*".into()]),
        rules: Arc::new(RuleSet::new(vec![everything(route)])),
        https_redirect: None,
    }
}

/// The table for ports that have none: what the outbound policy says.
pub(crate) fn catch_all(
    inputs: &RouteInputs<'_>,
    previous: Option<&Arc<HttpRoutes>>,
) -> Arc<HttpRoutes> {
    HttpRoutes::new("", vec![unknown_hosts(inputs)], Left::default(), previous)
}

/// The table of a port of the own workload: one route to it, tried anew where nothing was sent
/// yet, unless the port speaks gRPC. VirtualServices never apply here.
pub(crate) fn inbound(
    destination: &Destination,
    protocol: Protocol,
    mesh: &MeshConfig,
) -> Arc<HttpRoutes> {
    let port = destination.port;
    let rule = FieldPath::new(ResourceRef::new("MeshConfig", "", "istio"), "");
    let mut route = forward(destination.clone(), rule);
    route.name = Some("default".into());
    let grpc = matches!(protocol, Protocol::Grpc | Protocol::GrpcWeb);
    route.retry = match &mesh.default_inbound_http_retry_policy {
        Some(written) => retries::policy(Some(written), AvoidPreviousHosts::Always),
        None => (!grpc).then(RetryPolicy::inbound),
    };
    let host = VirtualHost {
        name: format!("inbound|http|{port}").into(),
        domains: Arc::new(["*".into()]),
        rules: Arc::new(RuleSet::new(vec![everything(route)])),
        https_redirect: None,
    };
    HttpRoutes::new(Arc::clone(&destination.cluster), vec![host], Left::default(), None)
}

fn everything(route: Route) -> Rule {
    let path = Clause::new(Field::Path, StringMatch::prefix("/"), Origin::Uri);
    Rule::everything(route, path)
}

fn forward(destination: Destination, rule: FieldPath) -> Route {
    let entry = WeightedDestination {
        destination,
        names_port: true,
        weight: 0,
        request_headers: HeaderOps::none(MessageKind::Request),
        response_headers: HeaderOps::none(MessageKind::Response),
        authority: None,
    };
    Route::new(rule, RouteAction::Forward(Arc::new([entry])))
}
