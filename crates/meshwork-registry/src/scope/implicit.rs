//! Services that imported VirtualServices route to, and that no `hosts` entry imports.

use std::{borrow::Cow, sync::Arc};

use indexmap::IndexMap;
use meshwork_api::{
    Object,
    networking::{Destination, VirtualService},
};
use meshwork_core::Hostname;

use super::listener::EgressListener;
use crate::{Provider, Proxy, Registry, Service};

/// The services that a VirtualService of a listener routes to, as far as the listener shows them.
/// They get clusters, but neither virtual host nor listener.
pub(super) fn of(
    object: &Object<VirtualService>,
    registry: &Registry,
    proxy: &Proxy,
    listener: &EgressListener,
) -> impl Iterator<Item = Arc<Service>> {
    let (namespace, own) = (object.metadata.namespace.as_str(), proxy.namespace.as_str());
    destinations(&object.spec, own).into_iter().filter_map(move |(host, ports)| {
        let host = qualify(host, namespace, &proxy.cluster_domain);
        let service = candidate(registry, &host, own)?;
        if listener.matches_port() {
            listener.trim(service)
        } else {
            trim_to_ports(service, &ports)
        }
    })
}

/// `host` completed as [`Hostname::qualify`] does, without a copy where there is nothing to do.
pub(super) fn qualify<'a>(host: &'a str, namespace: &str, cluster_domain: &str) -> Cow<'a, str> {
    if host.contains('.') {
        return Cow::Borrowed(host);
    }
    Cow::Owned(Hostname::qualify(host, namespace, cluster_domain).as_str().to_owned())
}

/// The service of that host in the proxy's own namespace, whoever may see it; else the best of
/// those that are visible: a Kubernetes Service, then the oldest.
fn candidate<'a>(registry: &'a Registry, host: &str, own: &str) -> Option<&'a Arc<Service>> {
    if let Some(service) = registry.service(host, own) {
        return Some(service);
    }
    registry.services_of(host).filter(|service| service.visibility.visible_to(own)).min_by(
        |a, b| {
            let kubernetes = |service: &Service| service.provider != Provider::Kubernetes;
            kubernetes(a).cmp(&kubernetes(b)).then_with(|| a.cmp_age(b))
        },
    )
}

/// The hosts that a VirtualService routes to, as it writes them, and the ports: 0 for one without.
///
/// An `http` entry with matches for other namespaces and none for `own` takes no part, even if
/// another of its matches names no namespace at all: that is what Istio does.
fn destinations<'a>(spec: &'a VirtualService, own: &str) -> IndexMap<&'a str, Vec<u32>> {
    let mut found: IndexMap<&str, Vec<u32>> = IndexMap::new();
    let mut add = |destination: Option<&'a Destination>| {
        if let Some(destination) = destination {
            let port = destination.port.as_ref().map_or(0, |port| port.number);
            found.entry(destination.host.as_str()).or_default().push(port);
        }
    };
    for http in &spec.http {
        let mut namespaces = http
            .match_
            .iter()
            .map(|m| m.source_namespace.as_str())
            .filter(|n| !n.is_empty())
            .peekable();
        if namespaces.peek().is_some() && !namespaces.any(|namespace| namespace == own) {
            continue;
        }
        http.route.iter().for_each(|route| add(route.destination.as_ref()));
        add(http.mirror.as_ref());
        http.mirrors.iter().for_each(|mirror| add(mirror.destination.as_ref()));
    }
    for tcp in &spec.tcp {
        tcp.route.iter().for_each(|route| add(route.destination.as_ref()));
    }
    for tls in &spec.tls {
        tls.route.iter().for_each(|route| add(route.destination.as_ref()));
    }
    found
}

/// The service with those ports that are asked for; 0 asks for all. `None` where it has none.
fn trim_to_ports(service: &Arc<Service>, ports: &[u32]) -> Option<Arc<Service>> {
    let wanted = |number: u16| ports.contains(&u32::from(number));
    if ports.contains(&0) || service.ports.iter().all(|port| wanted(port.number)) {
        return Some(Arc::clone(service));
    }
    let found: Arc<[_]> =
        service.ports.iter().filter(|port| wanted(port.number)).cloned().collect();
    (!found.is_empty()).then(|| Arc::new(Service { ports: found, ..Service::clone(service) }))
}
