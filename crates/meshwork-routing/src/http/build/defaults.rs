//! Routes that Istio adds itself: for services without rules, for unknown hosts, for the own
//! workload.

use std::sync::Arc;

use meshwork_api::mesh::MeshConfig;
use meshwork_core::{FieldPath, Protocol, ResourceRef, StringMatch};
use meshwork_registry::OutboundPolicy;

use super::retries;
use crate::{
    Destination, RouteInputs,
    http::{
        AvoidPreviousHosts, HeaderOps, HttpRoutes, MessageKind, RetryPolicy, Route, RouteAction,
        WeightedDestination,
        matching::{Clause, Field, Origin, Rule, RuleSet},
        routes::VirtualHost,
    },
};

/// The rule that sends every request to one destination, named `default`.
pub(super) fn service(destination: Destination, resource: ResourceRef, mesh: &MeshConfig) -> Rule {
    let mut route = forward(destination, FieldPath::new(resource, ""));
    route.name = Some("default".into());
    route.retry =
        retries::policy(mesh.default_http_retry_policy.as_ref(), AvoidPreviousHosts::Always);
    everything(route)
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
        domains: vec!["*".into()],
        rules: Arc::new(RuleSet::new(vec![everything(route)])),
        https_redirect: None,
    }
}

/// The table for ports that have none: what the outbound policy says.
pub(crate) fn catch_all(
    inputs: &RouteInputs<'_>,
    previous: Option<&Arc<HttpRoutes>>,
) -> Arc<HttpRoutes> {
    shared(HttpRoutes::new("", vec![unknown_hosts(inputs)], true, Vec::new()), previous)
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
        domains: vec!["*".into()],
        rules: Arc::new(RuleSet::new(vec![everything(route)])),
        https_redirect: None,
    };
    Arc::new(HttpRoutes::new(Arc::clone(&destination.cluster), vec![host], true, Vec::new()))
}

/// The previous table where nothing has changed; otherwise the new one, with the parts that have
/// not changed shared with it.
pub(super) fn shared(mut table: HttpRoutes, previous: Option<&Arc<HttpRoutes>>) -> Arc<HttpRoutes> {
    match previous {
        Some(previous) if **previous == table => Arc::clone(previous),
        Some(previous) => {
            table.share(previous);
            Arc::new(table)
        }
        None => Arc::new(table),
    }
}

fn everything(route: Route) -> Rule {
    let path = Clause::new(Field::Path, StringMatch::prefix("/"), Origin::Uri);
    Rule::everything(route, path)
}

fn forward(destination: Destination, rule: FieldPath) -> Route {
    let entry = WeightedDestination {
        destination,
        weight: 0,
        request_headers: HeaderOps::none(MessageKind::Request),
        response_headers: HeaderOps::none(MessageKind::Response),
        authority: None,
    };
    Route::new(rule, RouteAction::Forward(Arc::new([entry])))
}
