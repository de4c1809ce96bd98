//! What has changed since the table before, by port.

use std::sync::Arc;

use hashbrown::HashSet;
use meshwork_api::{
    Object,
    networking::{Sidecar, VirtualService},
};
use meshwork_core::{FieldPath, HostPattern, Hostname, Protocol};
use meshwork_registry::{EgressListener, ListenerBind, OutboundPolicy, Registry, Service};

use super::RouteInputs;

/// What a sidecar's table was compiled from, kept to be compared by identity.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    pub(super) listeners: Arc<[Arc<EgressListener>]>,
    services: Arc<[Arc<Service>]>,
    registry: Registry,
    sidecar: Option<Arc<Object<Sidecar>>>,
    policy: OutboundPolicy,
    /// The `Sidecar` that the policy came from.
    policy_of: Option<FieldPath>,
}

/// Which ports have to be compiled anew.
#[derive(Clone, Debug)]
pub(crate) enum Changes {
    /// All of them.
    All,
    /// These.
    Ports(HashSet<u16>),
}

impl Changes {
    /// Whether a port has to be compiled anew.
    pub(crate) fn concern(&self, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::Ports(ports) => ports.contains(&port),
        }
    }
}

impl Basis {
    pub(super) fn new(inputs: &RouteInputs<'_>) -> Self {
        let scope = inputs.scope;
        let sidecar = scope.sidecar.as_ref();
        Self {
            registry: inputs.registry.clone(),
            sidecar: sidecar.cloned(),
            listeners: Arc::clone(&scope.listeners),
            services: Arc::clone(&scope.services),
            policy: scope.outbound_policy.clone(),
            policy_of: sidecar
                .filter(|sidecar| sidecar.spec.outbound_traffic_policy.is_some())
                .map(|sidecar| FieldPath::new(sidecar.reference(), "")),
        }
    }

    /// What is different in `inputs`. A resource that was replaced counts as changed even where it
    /// says the same.
    pub(super) fn changes(&self, inputs: &RouteInputs<'_>) -> Changes {
        self.ports(inputs).map_or(Changes::All, Changes::Ports)
    }

    fn ports(&self, inputs: &RouteInputs<'_>) -> Option<HashSet<u16>> {
        let now = Self::new(inputs);
        let same_policy = self.policy == now.policy && self.policy_of == now.policy_of;
        if !same_policy || self.listeners.len() != now.listeners.len() {
            return None;
        }
        let mut ports = HashSet::new();
        for (before, after) in self.listeners.iter().zip(now.listeners.iter()) {
            let same_place = before.port == after.port
                && before.bind == after.bind
                && before.binds_to_port == after.binds_to_port;
            if !same_place {
                return None;
            }
            let services = difference(&before.services, &after.services)?;
            let changes = before.virtual_services.changes(&after.virtual_services);
            let rules: Vec<_> =
                changes.flat_map(|change| change.before.into_iter().chain(change.after)).collect();
            if services.is_empty() && rules.is_empty() {
                continue;
            }
            if has_all_ports(after) {
                return None;
            }
            ports.extend(after.port.iter().map(|port| port.number));
            for service in &services {
                ports.extend(service.ports.iter().map(|port| port.number));
            }
            if !rules.is_empty() {
                // Hosts that are no services are on port 80.
                ports.insert(80);
                ports.extend(ports_of(&rules, before, inputs));
                ports.extend(ports_of(&rules, after, inputs));
            }
        }
        let services = difference(&self.services, &now.services)?;
        // A TCP or TLS route may lead to a service on another port, whose number it takes over.
        if !services.is_empty()
            && services.iter().any(|service| now.routes_bytes_to(service, inputs))
        {
            return None;
        }
        Some(ports)
    }

    /// Whether nothing but VirtualServices can be different in `inputs`.
    pub(super) fn differs_in_rules_alone(&self, inputs: &RouteInputs<'_>) -> bool {
        let now = Self::new(inputs);
        let same_sidecar = match (&self.sidecar, &now.sidecar) {
            (Some(before), Some(after)) => Arc::ptr_eq(before, after),
            (None, None) => true,
            _ => false,
        };
        let same_listener = |(before, after): (&Arc<EgressListener>, &Arc<EgressListener>)| {
            Arc::ptr_eq(&before.services, &after.services)
                && before.port == after.port
                && before.bind == after.bind
                && before.binds_to_port == after.binds_to_port
        };
        same_sidecar
            && self.registry.is_same(&now.registry)
            && self.policy == now.policy
            && Arc::ptr_eq(&self.services, &now.services)
            && self.listeners.len() == now.listeners.len()
            && self.listeners.iter().zip(now.listeners.iter()).all(same_listener)
    }

    /// Whether a TCP or TLS route leads to a service.
    fn routes_bytes_to(&self, service: &Service, inputs: &RouteInputs<'_>) -> bool {
        let names = |rule: &Object<VirtualService>, host: &str| {
            let namespace = &rule.metadata.namespace;
            Hostname::qualify(host, namespace, &inputs.proxy.cluster_domain) == service.host
        };
        self.listeners.iter().flat_map(|listener| listener.virtual_services.iter()).any(|rule| {
            let tcp = rule.spec.tcp.iter().flat_map(|tcp| &tcp.route);
            let tls = rule.spec.tls.iter().flat_map(|tls| &tls.route);
            tcp.chain(tls)
                .filter_map(|route| route.destination.as_ref())
                .any(|destination| names(rule, &destination.host))
        })
    }
}

/// Whether the tables of a listener hold all ports: those of sockets and of generic proxies do.
pub(super) fn has_all_ports(listener: &EgressListener) -> bool {
    let generic = listener
        .port
        .as_ref()
        .is_some_and(|port| port.number == 0 || port.protocol == Protocol::HttpProxy);
    generic || matches!(listener.bind, ListenerBind::Unix(_))
}

/// The ports of the services that rules have a host in common with.
fn ports_of(
    rules: &[&Arc<Object<VirtualService>>],
    listener: &EgressListener,
    inputs: &RouteInputs<'_>,
) -> HashSet<u16> {
    let mut ports = HashSet::new();
    let hosts: Vec<HostPattern> = rules
        .iter()
        .flat_map(|rule| {
            let namespace = rule.metadata.namespace.as_str();
            let domain = &inputs.proxy.cluster_domain;
            rule.spec.hosts.iter().map(move |host| {
                let host = Hostname::qualify(host, namespace, domain);
                HostPattern::from(host.as_str().to_ascii_lowercase())
            })
        })
        .collect();
    for service in listener.services.iter() {
        let name = HostPattern::from(service.host.as_str().to_ascii_lowercase());
        if hosts.iter().any(|host| host.overlaps(&name)) {
            ports.extend(service.ports.iter().map(|port| port.number));
        }
    }
    ports
}

/// What is in one list and not in the other, by identity; `None` where what both have stands in
/// another order.
pub(super) fn difference<'a, T>(
    before: &'a [Arc<T>],
    after: &'a [Arc<T>],
) -> Option<Vec<&'a Arc<T>>> {
    let equal = before.len() == after.len()
        && before.iter().zip(after).all(|(before, after)| Arc::ptr_eq(before, after));
    if equal {
        return Some(Vec::new());
    }
    let old: HashSet<*const T> = before.iter().map(Arc::as_ptr).collect();
    let new: HashSet<*const T> = after.iter().map(Arc::as_ptr).collect();
    let kept = before.iter().filter(|item| new.contains(&Arc::as_ptr(item)));
    let stayed = after.iter().filter(|item| old.contains(&Arc::as_ptr(item)));
    if !kept.map(Arc::as_ptr).eq(stayed.map(Arc::as_ptr)) {
        return None;
    }
    let gone = before.iter().filter(|item| !new.contains(&Arc::as_ptr(item)));
    let come = after.iter().filter(|item| !old.contains(&Arc::as_ptr(item)));
    Some(gone.chain(come).collect())
}
