//! The outbound listeners of a sidecar, from the egress listeners of its scope.

use std::{net::IpAddr, sync::Arc};

use hashbrown::HashSet;
use indexmap::IndexMap;
use meshwork_api::mesh::MeshConfig;
use meshwork_core::{FieldPath, Protocol, Removed};
use meshwork_registry::{
    EgressListener, EgressScope, Provider, Proxy, Registry, Resolution, Service,
};

use super::entry::{Addition, Entry, ListenerKind};
use crate::HttpRoutes;
use crate::listener::{ChainAction, ChainDraft, ListenAddress, PortOfService, ServiceAddress};
use crate::table::{Changes, TableName};
use crate::tcp::{Destinations, L4Rules, tcp_chains};
use crate::tls::tls_chains;

/// Where a listener is: address and port.
pub(super) type Key = (ListenAddress, u16);

/// The listeners that Envoy itself has on every address of a sidecar: status and metrics.
const RESERVED_PORTS: [u16; 2] = [15021, 15090];

/// What listeners are built from.
pub(super) struct Builder<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) mesh: &'a MeshConfig,
    pub(super) registry: &'a Registry,
    pub(super) destinations: &'a Destinations<'a>,
    /// Makes route tables.
    pub(super) tables: &'a mut dyn FnMut(&TableName) -> Arc<HttpRoutes>,
    changes: &'a Changes,
    built: Built,
    entries: IndexMap<Key, Entry>,
}

/// What was built.
#[derive(Default)]
pub(super) struct Built {
    /// The chains of every listener, in the order in which they came up.
    pub(super) chains: IndexMap<Key, Vec<ChainDraft>>,
    /// What was left out, by port.
    pub(super) removed: Vec<(u16, Removed)>,
    /// The ports that were built.
    pub(super) ports: HashSet<u16>,
}

/// The port that an egress listener or a service declares.
#[derive(Clone, Copy)]
struct Declared {
    number: u16,
    protocol: Protocol,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        proxy: &'a Proxy,
        mesh: &'a MeshConfig,
        registry: &'a Registry,
        destinations: &'a Destinations<'a>,
        changes: &'a Changes,
        tables: &'a mut dyn FnMut(&TableName) -> Arc<HttpRoutes>,
    ) -> Self {
        let (built, entries) = (Built::default(), IndexMap::new());
        Self { proxy, mesh, registry, destinations, tables, changes, built, entries }
    }

    /// The listeners of all ports that have changed.
    pub(super) fn build(mut self, scope: &EgressScope) -> Built {
        // Endpoints change without their service, and here they are listeners.
        for service in scope.listeners.iter().flat_map(|listener| listener.services.iter()) {
            if service.resolution == Resolution::Passthrough {
                self.built.ports.extend(service.ports.iter().map(|port| port.number));
            }
        }
        for listener in scope.listeners.iter() {
            self.egress_listener(listener);
        }
        let chains = self.entries.into_iter().map(|(key, entry)| (key, entry.into_drafts()));
        Built { chains: chains.collect(), ..self.built }
    }

    fn is_built(&self, port: u16) -> bool {
        self.changes.concern(port) || self.built.ports.contains(&port)
    }

    fn egress_listener(&mut self, listener: &EgressListener) {
        let rules = L4Rules::new(listener.virtual_services.iter(), &self.proxy.cluster_domain);
        let bind = ListenAddress::of_listener(&listener.bind);
        let Some(port) = &listener.port else {
            for entry in self.entries.values_mut() {
                entry.lock();
            }
            for service in listener.services.iter() {
                for port in service.ports.iter() {
                    if !self.is_built(port.number) {
                        continue;
                    }
                    let declared = Declared { number: port.number, protocol: port.protocol };
                    self.service_port(service, declared, bind.as_ref(), &rules);
                }
            }
            return;
        };
        let declared = Declared { number: port.number, protocol: port.protocol };
        if self.is_reserved(declared, bind.as_ref()) || !self.is_built(declared.number) {
            return;
        }
        for service in listener.services.iter() {
            for address in self.addresses(service, bind.as_ref()) {
                self.add(service, declared, bind.clone(), address, &rules);
            }
        }
    }

    fn addresses(&self, service: &Service, bind: Option<&ListenAddress>) -> Vec<ServiceAddress> {
        let addresses = ServiceAddress::of(service, self.proxy);
        // With a bind every address would give the same listener.
        if bind.is_some() { addresses.into_iter().take(1).collect() } else { addresses }
    }

    fn service_port(
        &mut self,
        service: &Arc<Service>,
        port: Declared,
        bind: Option<&ListenAddress>,
        rules: &L4Rules,
    ) {
        if self.is_reserved(port, bind) {
            return;
        }
        for address in self.addresses(service, bind) {
            let per_pod = bind.is_none()
                && service.resolution == Resolution::Passthrough
                && address == ServiceAddress::None
                && !port.protocol.is_http();
            if !per_pod {
                self.add(service, port, bind.cloned(), address, rules);
                continue;
            }
            let Some(pods) = self.pods(service, port.number) else {
                self.add(service, port, None, address, rules);
                continue;
            };
            for pod in pods {
                self.add(service, port, Some(ListenAddress::Ip(pod)), address, rules);
            }
        }
    }

    /// The addresses behind a service whose clients connect to its endpoints, without the proxy's
    /// own; `None` where a wildcard listener takes their place.
    fn pods(&self, service: &Arc<Service>, port: u16) -> Option<Vec<IpAddr>> {
        let dialled = self.registry.dialled_addresses(service, port);
        if dialled.is_empty()
            && service.provider != Provider::Kubernetes
            && service.selector.is_none()
        {
            return None;
        }
        let own = self.proxy.addresses.first();
        Some(dialled.iter().copied().filter(|pod| Some(pod) != own).collect())
    }

    /// Whether the wildcard listener of this port is Envoy's own.
    fn is_reserved(&self, port: Declared, bind: Option<&ListenAddress>) -> bool {
        let wildcard = match bind {
            Some(bind) => *bind == ListenAddress::Wildcard,
            None => port.protocol.is_http(),
        };
        wildcard
            && (RESERVED_PORTS.contains(&port.number)
                || super::proxy_ports(self.mesh).contains(&port.number))
    }

    fn add(
        &mut self,
        service: &Arc<Service>,
        port: Declared,
        bind: Option<ListenAddress>,
        address: ServiceAddress,
        rules: &L4Rules,
    ) {
        if service.resolution == Resolution::Alias {
            return;
        }
        let Some(kind) = ListenerKind::of(port.protocol) else {
            return;
        };
        let mut ranges = Vec::new();
        let bind = match (bind, kind, address) {
            (Some(bind), ..) => bind,
            (None, ListenerKind::Http, _) | (None, _, ServiceAddress::None) => {
                ListenAddress::Wildcard
            }
            (None, _, ServiceAddress::Ip(address)) => ListenAddress::of(address),
            (None, _, ServiceAddress::Range(range)) => {
                ranges.push(range);
                ListenAddress::Wildcard
            }
        };
        let shared = match address {
            ServiceAddress::Range(_) => true,
            ServiceAddress::None => bind == ListenAddress::Wildcard,
            ServiceAddress::Ip(_) => false,
        };
        let key = (bind, port.number);
        if self.entries.get(&key).is_some_and(Entry::is_locked) {
            return;
        }
        let place = PortOfService {
            service,
            proxy: self.proxy,
            number: port.number,
            protocol: port.protocol,
            ranges: &ranges,
            shared,
        };
        let mut removed = Vec::new();
        let tables = &mut *self.tables;
        let mut http = || http_chain(&place, &key, kind, tables);
        let mut tcp = || {
            let rules = rules.of_host(&service.host);
            if port.protocol.is_tls() {
                tls_chains(&place, &rules, self.destinations, &mut removed)
            } else {
                tcp_chains(&place, &rules, self.destinations, &mut removed)
            }
        };
        let wildcard_http = kind == ListenerKind::Http && key.0 == ListenAddress::Wildcard;
        let addition = Addition {
            protocol: port.protocol,
            becomes: match port.protocol {
                Protocol::HttpProxy => Protocol::HttpProxy,
                _ if wildcard_http => Protocol::Auto,
                protocol => protocol,
            },
            kind,
            http: &mut http,
            tcp: &mut tcp,
        };
        let left_out = match self.entries.get_mut(&key) {
            // A proxy port takes the place of whatever was there.
            Some(entry) if port.protocol != Protocol::HttpProxy => entry.add(addition),
            _ => {
                self.entries.insert(key.clone(), Entry::new(addition));
                None
            }
        };
        if let Some(reason) = left_out {
            let rule = FieldPath::new(service.resource.clone(), "");
            let reason = format!("listener {}:{}: {reason}", key.0, key.1);
            removed.push(Removed::new(rule, reason));
        }
        self.built.removed.extend(removed.into_iter().map(|removed| (port.number, removed)));
    }
}

/// The chain that routes requests.
fn http_chain(
    place: &PortOfService<'_>,
    (bind, number): &Key,
    kind: ListenerKind,
    tables: &mut dyn FnMut(&TableName) -> Arc<HttpRoutes>,
) -> ChainDraft {
    let wildcard = *bind == ListenAddress::Wildcard;
    let rule = FieldPath::new(place.service.resource.clone(), "");
    let name = match bind {
        ListenAddress::Unix(path) if *number == 0 => TableName::Socket(Arc::clone(path)),
        _ if kind == ListenerKind::Auto && !wildcard => {
            TableName::Sniffed { host: place.service.host.clone(), port: *number }
        }
        _ => TableName::Port(*number),
    };
    let draft = ChainDraft::new(ChainAction::Http(tables(&name)), Some(Arc::new(rule)));
    let told_apart =
        kind == ListenerKind::Auto || wildcard && place.protocol != Protocol::HttpProxy;
    if told_apart { draft.for_plaintext_http() } else { draft }
}
