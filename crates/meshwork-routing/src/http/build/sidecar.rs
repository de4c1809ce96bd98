//! The outbound route tables of a sidecar.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use meshwork_core::{HostPattern, Hostname, Protocol, Removed};
use meshwork_registry::{EgressListener, ListenerBind};

use super::{
    by_name::ByName,
    claims::Claims,
    compiled::{CompiledRules, KnownRules},
    defaults,
    owners::Owners,
    prepared::Prepared,
    rules::Compiler,
    static_match::Place,
};
use crate::{
    CompileError, MergedVirtualServices, RouteInputs,
    http::{HttpRoutes, routes::VirtualHost},
    table::TableName,
    tcp::MESH,
};

/// Removed rules with the hosts that they speak of.
pub(super) type Left = Vec<(Box<[HostPattern]>, Removed)>;

/// Compiles the HTTP route tables of a sidecar, one after the other.
pub(crate) struct SidecarTables<'a> {
    inputs: &'a RouteInputs<'a>,
    merged: Option<&'a MergedVirtualServices>,
    /// Prepared VirtualServices of each egress listener, and who owns which host.
    listeners: HashMap<*const EgressListener, Arc<Listener>>,
    /// The virtual hosts of a port, which the tables of sniffed services are taken from.
    ports: HashMap<u16, Arc<PortHosts>>,
    unknown: VirtualHost,
}

struct Listener {
    services: Vec<Prepared>,
    owners: Owners,
}

#[derive(Clone, Default)]
struct PortHosts {
    hosts: Vec<VirtualHost>,
    removed: Left,
    compiled: Arc<[Arc<CompiledRules>]>,
    by_domain: HashMap<Arc<str>, usize>,
}

impl<'a> SidecarTables<'a> {
    pub(crate) fn new(inputs: &'a RouteInputs<'a>) -> Self {
        Self {
            inputs,
            merged: inputs.merged,
            listeners: HashMap::new(),
            ports: HashMap::new(),
            unknown: defaults::unknown_hosts(inputs),
        }
    }

    /// The table with this name; the previous one where nothing in it has changed.
    pub(crate) fn build(
        &mut self,
        name: &TableName,
        previous: Option<&Arc<HttpRoutes>>,
        errors: &mut Vec<CompileError>,
    ) -> Arc<HttpRoutes> {
        let table = match name {
            TableName::Port(port) => {
                let port = self.port(*port, previous, errors);
                self.with_unknown(name, (*port).clone())
            }
            TableName::Socket(path) => {
                let bind = |listener: &&Arc<EgressListener>| matches!(&listener.bind, ListenerBind::Unix(bound) if bound == path);
                let listener = self.inputs.scope.listeners.iter().find(bind).cloned();
                let built = match listener {
                    Some(listener) => self.hosts(&listener, 0, previous, errors),
                    None => PortHosts::default(),
                };
                self.with_unknown(name, built)
            }
            TableName::Sniffed { host, port } => {
                let port = self.port(*port, previous, errors);
                let found = port.by_domain.get(host.as_str()).and_then(|at| port.hosts.get(*at));
                // The address has chosen the service, so any Host will do.
                let hosts =
                    found.map(|found| VirtualHost { domains: vec!["*".into()], ..found.clone() });
                let about = |hosts: &[HostPattern]| {
                    hosts.iter().any(|pattern| pattern.matches(host.as_str()))
                };
                let removed =
                    port.removed.iter().filter(|(hosts, _)| about(hosts)).cloned().collect();
                let hosts = hosts.into_iter().collect();
                HttpRoutes::new(name.to_string(), hosts, true, removed)
                    .with_compiled(Arc::clone(&port.compiled))
            }
        };
        defaults::shared(table, previous)
    }

    fn with_unknown(&self, name: &TableName, mut built: PortHosts) -> HttpRoutes {
        built.hosts.push(self.unknown.clone());
        HttpRoutes::new(name.to_string(), built.hosts, true, built.removed)
            .with_compiled(built.compiled)
    }

    fn port(
        &mut self,
        port: u16,
        previous: Option<&Arc<HttpRoutes>>,
        errors: &mut Vec<CompileError>,
    ) -> Arc<PortHosts> {
        if let Some(known) = self.ports.get(&port) {
            return Arc::clone(known);
        }
        let mut built = match self.inputs.scope.listener_for_port(port).cloned() {
            Some(listener) => self.hosts(&listener, port, previous, errors),
            None => PortHosts::default(),
        };
        for (number, host) in built.hosts.iter().enumerate() {
            for domain in &host.domains {
                built.by_domain.entry(Arc::clone(domain)).or_insert(number);
            }
        }
        let built = Arc::new(built);
        self.ports.insert(port, Arc::clone(&built));
        built
    }

    fn listener(&mut self, listener: &Arc<EgressListener>) -> Arc<Listener> {
        let (inputs, merged) = (self.inputs, self.merged);
        let known = self.listeners.entry(Arc::as_ptr(listener)).or_insert_with(|| {
            let domain = &inputs.proxy.cluster_domain;
            let prepare = |object| Prepared::new(object, domain, merged);
            let services: Vec<Prepared> = listener.virtual_services.iter().map(prepare).collect();
            Arc::new(Listener { owners: Owners::new(&services), services })
        });
        Arc::clone(known)
    }

    /// The virtual hosts of a port of an egress listener, without the one for unknown hosts.
    fn hosts(
        &mut self,
        listener: &Arc<EgressListener>,
        port: u16,
        previous: Option<&Arc<HttpRoutes>>,
        errors: &mut Vec<CompileError>,
    ) -> PortHosts {
        let proxied = listener.port.as_ref().is_some_and(|own| own.protocol == Protocol::HttpProxy);
        let port = if proxied { 0 } else { port };
        let prepared = self.listener(listener);
        let registry = ByName::new(&listener.services, port);
        let lookup = |host: &Hostname| registry.known(host);
        let inputs = self.inputs;
        let place = Place { proxy: inputs.proxy, gateway: MESH, port, tls: false };
        let compiler = Compiler { place, mesh: inputs.mesh, lookup: &lookup };
        let mut removed = Left::new();
        let known = KnownRules::of(previous);
        let mut compiled = Vec::new();
        let mut drafts = Vec::new();
        let mut claimed: HashSet<usize> = HashSet::new();
        for (number, service) in prepared.services.iter().enumerate() {
            if port != 80 && !registry.overlaps(service) {
                continue;
            }
            let rules = known.compile(&compiler, service, errors);
            let left = rules.removed.iter().cloned();
            removed.extend(left.map(|left| (service.hosts.clone(), left)));
            compiled.push(Arc::clone(&rules));
            if rules.rules.rules().is_empty() {
                continue;
            }
            let split = registry.split(service, number, &prepared.owners);
            for draft in registry.drafts(&split, &rules.rules) {
                claimed.extend(&draft.services);
                drafts.push(draft);
            }
        }
        drafts.extend(registry.defaults(&claimed, inputs));
        let hosts = Claims::of(&drafts, &registry).virtual_hosts(
            drafts,
            &registry,
            inputs,
            port,
            &mut removed,
        );
        PortHosts { hosts, removed, compiled: compiled.into(), by_domain: HashMap::new() }
    }
}
