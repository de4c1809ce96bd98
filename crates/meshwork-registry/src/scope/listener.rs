//! Egress listeners: which services and VirtualServices each one imports.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use hashbrown::{HashMap, hash_map::Entry};
use meshwork_api::networking::{CaptureMode, IstioEgressListener, Sidecar, SidecarPort};
use meshwork_core::{Hostname, Namespace, Protocol};

use super::{
    hosts::{Hosts, Imports},
    list::VirtualServices,
    virtual_services,
};
use crate::{Interception, Provider, Proxy, Registry, Service};

/// An egress listener: where it listens and what it imports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EgressListener {
    /// The port that it is for; `None` for the one that rules all other ports.
    pub port: Option<ListenerPort>,
    /// Where it listens.
    pub bind: ListenerBind,
    /// Whether the listener opens a real port, so that applications have to be told of it.
    pub binds_to_port: bool,
    /// The services that it imports, in Istio's order: what is exported by name or private before
    /// what is public, each by age. A port listener has them trimmed to its port. Several may have
    /// one host name where several ServiceEntries of one namespace declare it.
    pub services: Arc<[Arc<Service>]>,
    /// The VirtualServices of sidecars (`mesh`) that it imports, in the order of precedence.
    pub virtual_services: VirtualServices,
}

/// The port of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ListenerPort {
    /// The number; 0 with a Unix domain socket.
    pub number: u16,
    /// What it speaks; [`Protocol::Auto`] where it is not said.
    pub protocol: Protocol,
    /// Its name.
    pub name: Arc<str>,
}

/// Where a listener listens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListenerBind {
    /// Not said: any address, or the virtual addresses of the services.
    #[default]
    Any,
    /// One address.
    Ip(IpAddr),
    /// A Unix domain socket, without `unix://`.
    Unix(Arc<str>),
}

impl ListenerPort {
    pub(super) fn read(port: &SidecarPort) -> Self {
        Self {
            number: u16::try_from(port.number).unwrap_or_default(),
            protocol: port.protocol.parse().unwrap_or_default(),
            name: port.name.as_str().into(),
        }
    }
}

impl ListenerBind {
    /// What the field says; what is neither an address nor a socket is refused by admission and
    /// counts as unsaid.
    pub(super) fn read(bind: &str) -> Self {
        match bind.strip_prefix("unix://") {
            Some(path) => Self::Unix(path.into()),
            None => bind.parse().map_or(Self::Any, Self::Ip),
        }
    }
}

impl EgressListener {
    /// Whether only services with the listener's port are imported: a port is given and it is not
    /// one of a generic HTTP proxy.
    pub fn matches_port(&self) -> bool {
        self.port
            .as_ref()
            .is_some_and(|port| port.number != 0 && port.protocol != Protocol::HttpProxy)
    }

    /// The service trimmed to what a listener with that port shows of it.
    pub(super) fn trim(&self, service: &Arc<Service>) -> Option<Arc<Service>> {
        match &self.port {
            Some(port) if self.matches_port() => trim_to_port(service, port.number),
            _ => Some(Arc::clone(service)),
        }
    }
}

/// The listeners of a proxy, in the order of its `Sidecar`; without any, one that imports
/// everything.
pub(super) fn listeners(
    registry: &Registry,
    proxy: &Proxy,
    sidecar: Option<&Sidecar>,
    visible: &VirtualServices,
) -> Arc<[Arc<EgressListener>]> {
    let listener = |spec: &IstioEgressListener| Arc::new(listener(registry, proxy, spec, visible));
    egress(sidecar).iter().map(listener).collect()
}

/// The egress listeners as they are written; one that imports everything where there are none.
pub(super) fn egress(sidecar: Option<&Sidecar>) -> Cow<'_, [IstioEgressListener]> {
    match sidecar {
        Some(sidecar) if !sidecar.egress.is_empty() => Cow::Borrowed(&sidecar.egress),
        _ => Cow::Owned(vec![IstioEgressListener {
            hosts: vec!["*/*".to_owned()],
            ..IstioEgressListener::default()
        }]),
    }
}

/// What a listener imports.
pub(super) fn imports<'a>(spec: &'a IstioEgressListener, proxy: &'a Proxy) -> Imports<'a> {
    Imports::read(spec.hosts.iter().map(String::as_str), proxy.namespace.as_str())
}

fn listener(
    registry: &Registry,
    proxy: &Proxy,
    spec: &IstioEgressListener,
    visible: &VirtualServices,
) -> EgressListener {
    let imports = imports(spec, proxy);
    let explicit = ListenerBind::read(&spec.bind);
    let binds_to_port = matches!(explicit, ListenerBind::Unix(_))
        || match spec.capture_mode {
            CaptureMode::None => true,
            CaptureMode::Default => proxy.interception == Interception::None,
            _ => false,
        };
    let bind = match explicit {
        ListenerBind::Any if binds_to_port => ListenerBind::Ip(loopback(proxy)),
        explicit => explicit,
    };
    let mut listener = EgressListener {
        port: spec.port.as_ref().map(ListenerPort::read),
        bind,
        binds_to_port,
        services: Arc::default(),
        virtual_services: virtual_services::import(visible, &imports, proxy),
    };
    listener.services = services(registry, proxy, &imports, &listener);
    listener
}

fn loopback(proxy: &Proxy) -> IpAddr {
    if proxy.supports_family_of(IpAddr::V4(Ipv4Addr::LOCALHOST)) {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv6Addr::LOCALHOST.into()
    }
}

fn services(
    registry: &Registry,
    proxy: &Proxy,
    imports: &Imports<'_>,
    listener: &EgressListener,
) -> Arc<[Arc<Service>]> {
    let mut imported = Vec::new();
    let mut import = |service: &Arc<Service>| {
        if imports.is_everything() {
            imported.extend(listener.trim(service));
            return;
        }
        let (host, namespace) = (service.host.as_str(), service.namespace.as_str());
        if imports.excludes(namespace, host) {
            return;
        }
        let covering = imports.of(namespace).filter(|hosts| hosts.cover(host));
        let found =
            covering.filter_map(|hosts| Some(trim_aliases(listener.trim(service)?, hosts))).next();
        imported.extend(found);
    };
    match imports.exact() {
        // Only the one that wins its name and namespace counts here, as in Istio.
        Some(pairs) => {
            let mut found: Vec<_> = pairs
                .filter_map(|(namespace, host)| registry.service(host, namespace))
                .filter(|service| service.visibility.visible_to(proxy.namespace.as_str()))
                .collect();
            found.sort_by(|a, b| a.cmp_age(b));
            found.into_iter().for_each(&mut import);
        }
        None => registry.exported_to(&proxy.namespace).for_each(&mut import),
    }
    one_namespace_each(imported, &proxy.namespace).into()
}

/// Keeps the services of one namespace for each host name: the proxy's own, else the one with a
/// Kubernetes Service, else the first.
fn one_namespace_each(services: Vec<Arc<Service>>, own: &Namespace) -> Vec<Arc<Service>> {
    let mut chosen: HashMap<&Hostname, &Arc<Service>> = HashMap::with_capacity(services.len());
    let mut conflict = false;
    for service in &services {
        match chosen.entry(&service.host) {
            Entry::Vacant(entry) => {
                entry.insert(service);
            }
            Entry::Occupied(mut entry) => {
                let first = *entry.get();
                conflict |= first.namespace != service.namespace;
                let kubernetes_first = first.provider != Provider::Kubernetes
                    && service.provider == Provider::Kubernetes
                    && first.namespace != *own;
                if service.namespace == *own || kubernetes_first {
                    entry.insert(service);
                }
            }
        }
    }
    let survives = |service: &&Arc<Service>| {
        chosen.get(&service.host).is_none_or(|first| first.namespace == service.namespace)
    };
    let survivors = conflict.then(|| services.iter().filter(survives).cloned().collect());
    drop(chosen);
    survivors.unwrap_or(services)
}

/// The service with nothing but the port `number`, `None` where it has no such port.
fn trim_to_port(service: &Arc<Service>, number: u16) -> Option<Arc<Service>> {
    let port = service.ports.iter().find(|port| port.number == number)?;
    if service.ports.len() == 1 {
        return Some(Arc::clone(service));
    }
    let ports = Arc::from([port.clone()]);
    Some(Arc::new(Service { ports, ..Service::clone(service) }))
}

/// The service with those of its aliases that are imported too.
fn trim_aliases(service: Arc<Service>, hosts: &Hosts<'_>) -> Arc<Service> {
    let covered = |alias: &&Hostname| hosts.cover(alias.as_str());
    let count = service.aliases.iter().filter(covered).count();
    if count == service.aliases.len() {
        return service;
    }
    let aliases = service.aliases.iter().filter(covered).cloned().collect();
    Arc::new(Service { aliases, ..Service::clone(&service) })
}
