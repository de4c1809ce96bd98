//! EndpointSlices.

use std::net::IpAddr;

use meshwork_api::{
    Object,
    kubernetes::{EndpointSlice, SliceEndpoint},
};
use meshwork_core::Labels;

use crate::Health;

/// The Kubernetes Service that a slice belongs to, by name; `None` where it belongs to none, or
/// holds names instead of addresses.
pub(crate) fn service_of(slice: &Object<EndpointSlice>) -> Option<&str> {
    let name = slice.metadata.labels.get("kubernetes.io/service-name")?;
    (!name.is_empty() && slice.spec.address_type != "FQDN").then_some(name)
}

/// The Pod that an endpoint stands for, as namespace and name.
pub(crate) fn pod_of(endpoint: &SliceEndpoint) -> Option<(&str, &str)> {
    let target = endpoint.target_ref.as_ref().filter(|target| target.kind == "Pod")?;
    Some((&target.namespace, &target.name))
}

/// The addresses of an endpoint that can be read.
pub(crate) fn addresses(endpoint: &SliceEndpoint) -> impl Iterator<Item = IpAddr> {
    endpoint.addresses.iter().filter_map(|address| address.parse().ok())
}

/// What an endpoint's conditions mean for a service with these labels; `None` for one that shuts
/// down and is not used any more.
///
/// An endpoint that is not ready, and says nothing of shutting down, counts as shutting down.
pub(crate) fn health(endpoint: &SliceEndpoint, service: &Labels) -> Option<Health> {
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    if conditions.ready.unwrap_or(true) {
        return Some(Health::Healthy);
    }
    let terminating = conditions.terminating.unwrap_or(true);
    if terminating && conditions.serving.unwrap_or(true) && keeps_sessions(service) {
        return Some(Health::Draining);
    }
    (!terminating).then_some(Health::Unhealthy)
}

/// Whether a service with these labels keeps endpoints that drain. Its sessions may go by a header
/// too, but then Istio does not deliver them.
pub(crate) fn keeps_sessions(service: &Labels) -> bool {
    service.get("istio.io/persistent-session").is_some_and(|cookie| !cookie.is_empty())
}
