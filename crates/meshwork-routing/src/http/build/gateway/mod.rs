//! The route tables of a gateway.

mod hosts;
mod patch;

use std::{collections::BTreeSet, sync::Arc};

use hashbrown::HashMap;
use meshwork_core::{HostPattern, Hostname, PersistentMap};
use meshwork_registry::{ListChange, Precedence};

use super::{
    compiled::CompiledRules, destinations::Known, prepared::Prepared, rules::Compiler,
    static_match::Place,
};
use crate::{
    CompileError, RouteInputs,
    gateway::GatewayServer,
    http::{
        HttpRoutes,
        left::{Left, LeftOut},
        routes::VirtualHost,
    },
};

/// Compiles the HTTP route tables of a gateway, one after the other.
pub(crate) struct GatewayTables<'a> {
    inputs: &'a RouteInputs<'a>,
    /// The VirtualServices bound to each Gateway.
    bound: HashMap<Arc<str>, Arc<[(Precedence, Prepared)]>>,
    /// What is different since the tables before, where that is nothing but VirtualServices.
    changes: Option<Vec<ListChange<'a>>>,
}

/// A VirtualService at a Gateway.
type Bound = (Arc<str>, Precedence);

/// What a VirtualService says of a host at one server, the servers numbered in order.
type Part = (Arc<str>, usize, Precedence);

/// The route table of a gateway, and what the next version of it can be made from.
#[derive(Clone, Debug)]
pub(crate) struct GatewayRoutes {
    pub(crate) routes: Arc<HttpRoutes>,
    servers: Arc<[Arc<GatewayServer>]>,
    /// The rules of a VirtualService are those of the first server of a Gateway at which any of
    /// them can hold.
    compiled: PersistentMap<Bound, Arc<CompiledRules>>,
    /// Those among them that Envoy would refuse in part.
    faulty: PersistentMap<Bound, Arc<CompiledRules>>,
    /// The rules of each host in their order.
    parts: PersistentMap<Part, Arc<CompiledRules>>,
}

impl<'a> GatewayTables<'a> {
    /// `changes` are those of the VirtualServices in view, where nothing else has changed since the
    /// tables before.
    pub(crate) fn new(inputs: &'a RouteInputs<'a>, changes: Option<Vec<ListChange<'a>>>) -> Self {
        Self { inputs, bound: HashMap::new(), changes }
    }

    /// The table of the servers that share a route configuration; the previous one where nothing
    /// in it has changed.
    pub(crate) fn build(
        &mut self,
        name: &str,
        servers: &[Arc<GatewayServer>],
        previous: Option<&GatewayRoutes>,
    ) -> GatewayRoutes {
        if let Some(patched) = previous.and_then(|previous| self.patched(servers, previous)) {
            return patched;
        }
        let mut table = GatewayRoutes {
            routes: HttpRoutes::new(name, Vec::new(), Left::default(), None),
            servers: servers.into(),
            compiled: PersistentMap::default(),
            faulty: PersistentMap::default(),
            parts: PersistentMap::default(),
        };
        let mut left = Left::default();
        for (number, server) in servers.iter().enumerate() {
            let bound = self.bound(&server.gateway);
            for (place, service) in bound.iter() {
                table.add(self, number, place, service, previous);
            }
        }
        let mut places: BTreeSet<&Precedence> = BTreeSet::new();
        places.extend(table.compiled.keys().map(|(_, place)| place));
        for place in places {
            if let Some(found) = table.left_out(place) {
                left.rules.insert(place.clone(), found);
            }
        }
        let mut virtual_hosts = Vec::new();
        for host in table.hosts() {
            let Some((virtual_host, lost)) = table.virtual_host(&host) else { continue };
            virtual_hosts.push(virtual_host);
            if !lost.is_empty() {
                left.conflicts.insert(host, lost.into());
            }
        }
        if virtual_hosts.is_empty() {
            let port = servers.first().map_or(0, |server| server.number);
            virtual_hosts.push(VirtualHost {
                name: format!("blackhole:{port}").into(),
                domains: Arc::new(["*".into()]),
                rules: Arc::default(),
                https_redirect: None,
            });
        }
        let previous = previous.map(|previous| &previous.routes);
        table.routes = HttpRoutes::new(name, virtual_hosts, left, previous);
        table
    }

    fn bound(&mut self, gateway: &Arc<str>) -> Arc<[(Precedence, Prepared)]> {
        let inputs = self.inputs;
        let known = self.bound.entry(Arc::clone(gateway)).or_insert_with(|| {
            let domain = &inputs.proxy.cluster_domain;
            inputs
                .scope
                .places_of_gateway(gateway)
                .map(|(place, object)| (place, Prepared::new(object, domain, inputs.merged)))
                .collect()
        });
        Arc::clone(known)
    }

    fn rules(
        &self,
        known: Option<&Arc<CompiledRules>>,
        server: &GatewayServer,
        service: &Prepared,
    ) -> Arc<CompiledRules> {
        let inputs = self.inputs;
        let lookup = |host: &Hostname| {
            let own = inputs
                .registry
                .service(host.as_str(), service.namespace())
                .filter(|found| found.visibility.visible_to(inputs.proxy.namespace.as_str()));
            let found = own.or_else(|| inputs.scope.service(host.as_str()))?;
            let only_port = match &*found.ports {
                [only] => Some(only.number),
                _ => None,
            };
            Some(Known { only_port, alias_of: found.alias_of.clone() })
        };
        let place = Place {
            proxy: inputs.proxy,
            gateway: &server.gateway,
            port: server.number,
            tls: server.tls().is_some(),
        };
        let compiler = Compiler { place, mesh: inputs.mesh, lookup: &lookup };
        CompiledRules::of(known.into_iter(), &compiler, service)
    }
}

impl GatewayRoutes {
    /// What Envoy would refuse.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &CompileError> {
        self.faulty.values().flat_map(|rules| rules.errors())
    }

    /// Puts in what a VirtualService says at one server; returns the hosts that it is about.
    fn add(
        &mut self,
        tables: &GatewayTables<'_>,
        number: usize,
        place: &Precedence,
        service: &Prepared,
        previous: Option<&Self>,
    ) -> Vec<String> {
        let Some(server) = self.servers.get(number).map(Arc::clone) else { return Vec::new() };
        let hosts = intersection(&server, service);
        if hosts.is_empty() {
            return hosts;
        }
        let key = (Arc::clone(&server.gateway), place.clone());
        // Only a server at which something is left settles the rules for those after it.
        let settled = self.compiled.get(&key).filter(|rules| !rules.rules.rules().is_empty());
        let rules = match settled {
            Some(rules) => Arc::clone(rules),
            None => {
                let known = previous.and_then(|previous| previous.compiled.get(&key));
                let rules = tables.rules(known, &server, service);
                if !rules.errors().is_empty() {
                    self.faulty.insert(key.clone(), Arc::clone(&rules));
                }
                self.compiled.insert(key, Arc::clone(&rules));
                rules
            }
        };
        if !rules.rules.rules().is_empty() {
            for host in &hosts {
                let part = (Arc::from(host.as_str()), number, place.clone());
                self.parts.insert(part, Arc::clone(&rules));
            }
        }
        hosts
    }

    /// The rules of a VirtualService that were taken out, at all of its Gateways.
    fn left_out(&self, place: &Precedence) -> Option<Arc<[LeftOut]>> {
        let gateways: BTreeSet<&Arc<str>> =
            self.servers.iter().map(|server| &server.gateway).collect();
        let mut left = Vec::new();
        for gateway in gateways {
            let key = (Arc::clone(gateway), place.clone());
            left.extend(self.compiled.get(&key).into_iter().flat_map(|rules| rules.left_out()));
        }
        (!left.is_empty()).then(|| left.into())
    }
}

/// The hosts that a server and a VirtualService have in common, lower-case, each once. The
/// comparison itself minds letter case.
fn intersection(server: &GatewayServer, service: &Prepared) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for written in &*server.hosts {
        let host = match written.split_once('/') {
            Some((namespace, host)) if namespace == "*" || namespace == service.namespace() => host,
            Some(_) => continue,
            None => written,
        };
        let host = HostPattern::new(host);
        for own in &service.hosts {
            if let Some(common) = host.intersection(own) {
                let common = common.as_str().to_ascii_lowercase();
                if !hosts.contains(&common) {
                    hosts.push(common);
                }
            }
        }
    }
    hosts
}
