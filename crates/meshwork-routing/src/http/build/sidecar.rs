//! The outbound route tables of a sidecar.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use meshwork_core::{Hostname, Protocol};
use meshwork_registry::{EgressListener, ListenerBind, Precedence};

use super::{
    by_name::ByName,
    claims::{Claims, Settled, name_of},
    compiled::CompiledRules,
    defaults,
    owners::Owners,
    port::PortRoutes,
    prepared::Prepared,
    rules::Compiler,
    static_match::Place,
};
use crate::{
    CompileError, MergedVirtualServices, RouteInputs,
    http::{HttpRoutes, left::Left, matching::RuleSet, routes::VirtualHost},
    table::TableName,
    tcp::MESH,
};

/// Compiles the HTTP route tables of a sidecar, one after the other.
pub(crate) struct SidecarTables<'a> {
    pub(super) inputs: &'a RouteInputs<'a>,
    pub(super) merged: Option<&'a MergedVirtualServices>,
    /// Prepared VirtualServices of each egress listener, and who owns which host.
    listeners: HashMap<*const EgressListener, Arc<Listener>>,
    /// The virtual hosts of a port, which the tables of sniffed services are taken from.
    ports: HashMap<u16, Arc<PortRoutes>>,
    unknown: VirtualHost,
}

struct Listener {
    services: Vec<(Precedence, Prepared)>,
    owners: Owners,
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

    /// The table with this name; `previous` where nothing in it has changed. `former` are the
    /// virtual hosts of its port as they were before.
    pub(crate) fn build(
        &mut self,
        name: &TableName,
        previous: Option<&Arc<HttpRoutes>>,
        former: Option<&PortRoutes>,
        errors: &mut Vec<CompileError>,
    ) -> Arc<HttpRoutes> {
        match name {
            TableName::Port(port) => Arc::clone(&self.port(*port, former).routes),
            TableName::Sniffed { host, port } => {
                self.port(*port, former).sniffed(host, *port, previous)
            }
            TableName::Socket(path) => {
                let bind = |listener: &&Arc<EgressListener>| matches!(&listener.bind, ListenerBind::Unix(bound) if bound == path);
                let listener = self.inputs.scope.listeners.iter().find(bind).cloned();
                let built = self.hosts(name, listener.as_ref(), 0, None, previous);
                errors.extend(built.errors().cloned());
                built.routes
            }
        }
    }

    /// The virtual hosts of a port.
    pub(crate) fn port(&mut self, port: u16, former: Option<&PortRoutes>) -> Arc<PortRoutes> {
        if let Some(known) = self.ports.get(&port) {
            return Arc::clone(known);
        }
        let listener = self.inputs.scope.listener_for_port(port).cloned();
        let name = TableName::Port(port);
        let previous = former.map(|former| &former.routes);
        let built = Arc::new(self.hosts(&name, listener.as_ref(), port, former, previous));
        self.ports.insert(port, Arc::clone(&built));
        built
    }

    /// The ports that tables were built for.
    pub(crate) fn into_ports(self) -> impl Iterator<Item = (u16, Arc<PortRoutes>)> {
        self.ports.into_iter()
    }

    fn listener(&mut self, listener: &Arc<EgressListener>) -> Arc<Listener> {
        let (inputs, merged) = (self.inputs, self.merged);
        let known = self.listeners.entry(Arc::as_ptr(listener)).or_insert_with(|| {
            let domain = &inputs.proxy.cluster_domain;
            let places = listener.virtual_services.places();
            let prepared = places
                .map(|(place, object)| (place.clone(), Prepared::new(object, domain, merged)));
            let services: Vec<_> = prepared.collect();
            let owners = Owners::new(services.iter().map(|(_, service)| service));
            Arc::new(Listener { owners, services })
        });
        Arc::clone(known)
    }

    /// The virtual hosts of a port of an egress listener, and the one for unknown hosts.
    fn hosts(
        &mut self,
        name: &TableName,
        listener: Option<&Arc<EgressListener>>,
        port: u16,
        former: Option<&PortRoutes>,
        previous: Option<&Arc<HttpRoutes>>,
    ) -> PortRoutes {
        let unknown = self.unknown.clone();
        let Some(listener) = listener else {
            let routes =
                HttpRoutes::new(name.to_string(), vec![unknown], Left::default(), previous);
            return PortRoutes::empty(routes);
        };
        let proxied = listener.port.as_ref().is_some_and(|own| own.protocol == Protocol::HttpProxy);
        let port = if proxied { 0 } else { port };
        let prepared = self.listener(listener);
        let inputs = self.inputs;
        let registry = PortRoutes::services_of(former, listener, port);
        let lookup = |host: &Hostname| registry.known(host);
        let compiler = Compiler { place: place(inputs, port), mesh: inputs.mesh, lookup: &lookup };
        let mut compiled = Vec::new();
        let mut left = Vec::new();
        let mut drafts = Vec::new();
        let mut claimed: HashSet<usize> = HashSet::new();
        for (number, (place, service)) in prepared.services.iter().enumerate() {
            if port != 80 && !registry.overlaps(service) {
                continue;
            }
            let known = former.and_then(|former| former.compiled.get(place));
            let rules = CompiledRules::of(known.into_iter(), &compiler, service);
            compiled.push((place.clone(), Arc::clone(&rules)));
            left.extend(rules.left().map(|left| (place.clone(), Arc::clone(left))));
            if rules.rules.rules().is_empty() {
                continue;
            }
            let split = registry.split(service, number, &prepared.owners);
            for draft in registry.drafts(&split, place, &rules.rules) {
                claimed.extend(&draft.services);
                drafts.push(draft);
            }
        }
        drafts.extend(
            registry
                .defaults(&claimed, |at, port| default_rules(&registry, at, port, inputs, former)),
        );
        let claims = Claims::of(&drafts, &registry, port);
        let settled = claims.settle(drafts, &registry, inputs, port);
        let Settled { mut virtual_hosts, owners, contested, lost } = settled;
        virtual_hosts.push(unknown);
        let left = Left { rules: left.into_iter().collect(), ..Left::new(lost) };
        let faulty = compiled.iter().filter(|(_, rules)| !rules.errors().is_empty()).cloned();
        PortRoutes {
            routes: HttpRoutes::new(name.to_string(), virtual_hosts, left, previous),
            services: Arc::clone(&registry),
            faulty: faulty.collect(),
            compiled: compiled.into_iter().collect(),
            owners,
            contested: contested.into(),
            wildcards: prepared.owners.wildcards().cloned().collect(),
        }
    }
}

/// Where the rules of sidecars are compiled for.
pub(super) fn place<'a>(inputs: &RouteInputs<'a>, port: u16) -> Place<'a> {
    Place { proxy: inputs.proxy, gateway: MESH, port, tls: false }
}

/// The rules of a service that no VirtualService has: those of before where it is the same.
pub(super) fn default_rules(
    registry: &ByName,
    at: usize,
    port: u16,
    inputs: &RouteInputs<'_>,
    former: Option<&PortRoutes>,
) -> Option<Arc<RuleSet>> {
    let (service, name) = registry.services.get(at)?;
    let known = || {
        let former = former?;
        let before = former.services.find(&name.to_pattern())?;
        let same = Arc::ptr_eq(former.services.service(before)?, service);
        let key = name_of(name.as_str(), port);
        let own = same && former.owners.get(key.as_str()).is_none();
        own.then(|| Some(Arc::clone(&former.routes.host(&key)?.rules))).flatten()
    };
    Some(known().unwrap_or_else(|| defaults::service(name, port, service, inputs.mesh)))
}
