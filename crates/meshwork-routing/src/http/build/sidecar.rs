//! The outbound route tables of a sidecar.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use meshwork_core::{HostPattern, Hostname, Protocol, Removed};
use meshwork_registry::{EgressListener, ListenerBind, Resolution, Service};

use super::{
    defaults,
    destinations::Known,
    domains,
    owners::Owners,
    prepared::Prepared,
    rules::{Compiler, Rules},
    static_match::Place,
};
use crate::{
    CompileError, Destination, MergedVirtualServices, RouteInputs,
    http::{HttpRoutes, matching::RuleSet, routes::VirtualHost},
    table::TableName,
    tcp::MESH,
};

/// Removed rules with the hosts that they speak of.
type Left = Vec<(Box<[HostPattern]>, Removed)>;

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

struct PortHosts {
    hosts: Vec<VirtualHost>,
    removed: Left,
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
                let port = self.port(*port, errors);
                self.with_unknown(name, port.hosts.clone(), port.removed.clone())
            }
            TableName::Socket(path) => {
                let bind = |listener: &&Arc<EgressListener>| matches!(&listener.bind, ListenerBind::Unix(bound) if bound == path);
                let listener = self.inputs.scope.listeners.iter().find(bind).cloned();
                let (hosts, removed) = match listener {
                    Some(listener) => self.hosts(&listener, 0, errors),
                    None => (Vec::new(), Left::new()),
                };
                self.with_unknown(name, hosts, removed)
            }
            TableName::Sniffed { host, port } => {
                let port = self.port(*port, errors);
                let found = port.by_domain.get(host.as_str()).and_then(|at| port.hosts.get(*at));
                // The address has chosen the service, so any Host will do.
                let hosts =
                    found.map(|found| VirtualHost { domains: vec!["*".into()], ..found.clone() });
                let about = |hosts: &[HostPattern]| {
                    hosts.iter().any(|pattern| pattern.matches(host.as_str()))
                };
                let removed =
                    port.removed.iter().filter(|(hosts, _)| about(hosts)).cloned().collect();
                HttpRoutes::new(name.to_string(), hosts.into_iter().collect(), true, removed)
            }
        };
        defaults::shared(table, previous)
    }

    fn with_unknown(
        &self,
        name: &TableName,
        mut hosts: Vec<VirtualHost>,
        removed: Left,
    ) -> HttpRoutes {
        hosts.push(self.unknown.clone());
        HttpRoutes::new(name.to_string(), hosts, true, removed)
    }

    fn port(&mut self, port: u16, errors: &mut Vec<CompileError>) -> Arc<PortHosts> {
        if let Some(known) = self.ports.get(&port) {
            return Arc::clone(known);
        }
        let (hosts, removed) = match self.inputs.scope.listener_for_port(port).cloned() {
            Some(listener) => self.hosts(&listener, port, errors),
            None => (Vec::new(), Left::new()),
        };
        let mut by_domain = HashMap::new();
        for (number, host) in hosts.iter().enumerate() {
            for domain in &host.domains {
                by_domain.entry(Arc::clone(domain)).or_insert(number);
            }
        }
        let built = Arc::new(PortHosts { hosts, removed, by_domain });
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
        errors: &mut Vec<CompileError>,
    ) -> (Vec<VirtualHost>, Left) {
        let proxied = listener.port.as_ref().is_some_and(|own| own.protocol == Protocol::HttpProxy);
        let port = if proxied { 0 } else { port };
        let prepared = self.listener(listener);
        let registry = ByName::new(&listener.services, port);
        let lookup = |host: &Hostname| registry.known(host);
        let inputs = self.inputs;
        let place = Place { proxy: inputs.proxy, gateway: MESH, port, tls: false };
        let compiler = Compiler { place, mesh: inputs.mesh, lookup: &lookup };
        let mut removed = Left::new();
        let mut drafts = Vec::new();
        let mut claimed: HashSet<usize> = HashSet::new();
        for (number, service) in prepared.services.iter().enumerate() {
            if port != 80 && !registry.overlaps(service) {
                continue;
            }
            let Rules { rules, removed: left } = compiler.compile(service, errors);
            removed.extend(left.into_iter().map(|left| (service.hosts.clone(), left)));
            if rules.is_empty() {
                continue;
            }
            let split = registry.split(service, number, &prepared.owners);
            let rules = Arc::new(RuleSet::new(rules));
            for draft in registry.drafts(&split, &rules) {
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
        (hosts, removed)
    }
}

/// The services of a listener that show a port, by lower-case name.
struct ByName<'a> {
    services: Vec<(&'a Arc<Service>, Hostname)>,
    index: HashMap<Hostname, usize>,
    wildcards: Vec<usize>,
    /// The port; 0 for all ports of each service.
    port: u16,
}

/// Which of a VirtualService's hosts are services here, and which are not.
struct Split {
    services: Vec<usize>,
    others: Vec<HostPattern>,
}

/// Virtual hosts that share one list of rules.
struct Draft {
    port: u16,
    services: Vec<usize>,
    /// Hosts that are no services.
    hosts: Vec<HostPattern>,
    rules: Arc<RuleSet>,
}

impl<'a> ByName<'a> {
    fn new(listed: &'a [Arc<Service>], port: u16) -> Self {
        let mut services: Vec<(&Arc<Service>, Hostname)> = Vec::with_capacity(listed.len());
        let mut index: HashMap<Hostname, usize> = HashMap::with_capacity(listed.len());
        for service in listed {
            if port != 0 && service.port(port).is_none() {
                continue;
            }
            let name = Hostname::new(service.host.as_str().to_ascii_lowercase());
            // A later service of the same name takes the place of the earlier one.
            match index.get(&name).and_then(|at| services.get_mut(*at)) {
                Some(known) => *known = (service, name),
                None => {
                    index.insert(name.clone(), services.len());
                    services.push((service, name));
                }
            }
        }
        let wildcards = (0..services.len())
            .filter(|at| services.get(*at).is_some_and(|(_, name)| name.is_wildcard()))
            .collect();
        Self { services, index, wildcards, port }
    }

    fn known(&self, host: &Hostname) -> Option<Known> {
        let (service, _) = self.services.get(*self.index.get(host)?)?;
        let only_port = match (self.port, &*service.ports) {
            (0, [only]) => Some(only.number),
            (0, _) => None,
            (port, _) => Some(port),
        };
        Some(Known { only_port, alias_of: service.alias_of.clone() })
    }

    fn find(&self, host: &HostPattern) -> Option<usize> {
        self.index.get(&*host.as_str().to_ascii_lowercase()).copied()
    }

    /// Whether one of the hosts is, or covers, or is covered by, a service here.
    fn overlaps(&self, service: &Prepared) -> bool {
        service.hosts.iter().any(|host| {
            let lower = HostPattern::new(host.as_str().to_ascii_lowercase());
            let at = |at: &usize| {
                self.services.get(*at).is_some_and(|(_, name)| name.to_pattern().overlaps(&lower))
            };
            if self.find(host).is_some() {
                return true;
            }
            if host.is_wildcard() {
                (0..self.services.len()).any(|number| at(&number))
            } else {
                self.wildcards.iter().any(at)
            }
        })
    }

    fn split(&self, service: &Prepared, number: usize, owners: &Owners) -> Split {
        let mut split = Split { services: Vec::new(), others: Vec::new() };
        for host in service.hosts.iter().filter(|host| !host.is_wildcard()) {
            match self.find(host) {
                Some(found) => split.services.push(found),
                None => split.others.push(host.clone()),
            }
        }
        for host in service.hosts.iter().filter(|host| host.is_wildcard()) {
            let lower = HostPattern::new(host.as_str().to_ascii_lowercase());
            let mut covers = false;
            for (at, (_, name)) in self.services.iter().enumerate() {
                if !name.to_pattern().overlaps(&lower) {
                    continue;
                }
                covers = true;
                // Only the most specific wildcard has a say, whether it has rules here or not.
                if owners.of(name) == Some(number) {
                    split.services.push(at);
                }
            }
            if !covers {
                split.others.push(host.clone());
            }
        }
        split
    }

    /// The virtual hosts of a VirtualService: one draft for each port of its services. Without any
    /// service its other hosts count on port 80 alone.
    fn drafts(&self, split: &Split, rules: &Arc<RuleSet>) -> Vec<Draft> {
        let mut drafts: Vec<Draft> = Vec::new();
        for at in &split.services {
            let Some((known, _)) = self.services.get(*at) else { continue };
            for number in self.http_ports(known) {
                match drafts.iter_mut().find(|draft| draft.port == number) {
                    Some(draft) => draft.services.push(*at),
                    None => drafts.push(Draft {
                        port: number,
                        services: vec![*at],
                        hosts: split.others.clone(),
                        rules: Arc::clone(rules),
                    }),
                }
            }
        }
        if drafts.is_empty() && self.port == 80 {
            drafts.push(Draft {
                port: self.port,
                services: Vec::new(),
                hosts: split.others.clone(),
                rules: Arc::clone(rules),
            });
        }
        drafts.sort_by_key(|draft| (draft.port != 80, draft.port));
        drafts
    }

    /// The ports of a service, within this table, whose requests are routed.
    fn http_ports(&self, service: &Service) -> Vec<u16> {
        let routed = |protocol: Protocol| protocol.is_http() || protocol == Protocol::Auto;
        service
            .ports
            .iter()
            .filter(|port| routed(port.protocol) && (self.port == 0 || port.number == self.port))
            .map(|port| port.number)
            .collect()
    }

    /// The virtual hosts of services that no VirtualService has.
    fn defaults(&self, claimed: &HashSet<usize>, inputs: &RouteInputs<'_>) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for (at, (service, name)) in self.services.iter().enumerate() {
            if claimed.contains(&at) || service.resolution == Resolution::Alias {
                continue;
            }
            for port in self.http_ports(service) {
                let destination = Destination::new(name.clone(), None, port);
                let rule = defaults::service(destination, service.resource.clone(), inputs.mesh);
                drafts.push(Draft {
                    port,
                    services: vec![at],
                    hosts: Vec::new(),
                    rules: Arc::new(RuleSet::new(vec![rule])),
                });
            }
        }
        drafts
    }
}

/// Names that are taken: of virtual hosts, and domains.
#[derive(Default)]
struct Claims {
    names: HashSet<String>,
    domains: HashSet<String>,
    /// Full names of services, which no shorter form of another name may take.
    full_names: HashSet<String>,
}

impl Claims {
    fn of(drafts: &[Draft], registry: &ByName<'_>) -> Self {
        let mut claims = Self::default();
        for draft in drafts {
            for (_, name) in draft.services.iter().filter_map(|at| registry.services.get(*at)) {
                claims.full_names.insert(format!("{name}:{}", draft.port));
                claims.full_names.insert(name.as_str().to_owned());
            }
        }
        claims
    }

    /// The first virtual host of a name wins, and then the first of a domain.
    fn virtual_hosts(
        mut self,
        drafts: Vec<Draft>,
        registry: &ByName<'_>,
        inputs: &RouteInputs<'_>,
        port: u16,
        removed: &mut Left,
    ) -> Vec<VirtualHost> {
        let mut hosts = Vec::new();
        for draft in drafts {
            for host in &draft.hosts {
                let domain = bracketed(host.as_str());
                let domains = vec![domain.to_ascii_lowercase()];
                hosts.extend(self.claim(host.as_str(), &draft, domains, &[], removed));
            }
            for (service, name) in draft.services.iter().filter_map(|at| registry.services.get(*at))
            {
                let suffix = (port == 0).then_some(draft.port);
                let domains = domains::of_service(service, inputs.proxy, suffix);
                hosts.extend(self.claim(
                    name.as_str(),
                    &draft,
                    domains.all,
                    &domains.alternate,
                    removed,
                ));
            }
        }
        if port == 0 {
            // Without a port in the Host only port 80 can be meant.
            hosts.retain_mut(|(number, host): &mut (u16, VirtualHost)| {
                host.domains.retain(|domain| *number == 80 || domain.contains(':'));
                !host.domains.is_empty()
            });
        }
        hosts.into_iter().map(|(_, host)| host).collect()
    }

    fn claim(
        &mut self,
        host: &str,
        draft: &Draft,
        domains: Vec<String>,
        alternate: &[String],
        removed: &mut Left,
    ) -> Option<(u16, VirtualHost)> {
        let name = format!("{}:{}", bracketed(host), draft.port);
        if !self.names.insert(name.to_ascii_lowercase()) {
            if let Some(rule) = draft.rules.rules().first() {
                let reason = format!("an earlier VirtualService has the host {host}");
                let resource = rule.route.rule.resource.clone();
                let field = meshwork_core::FieldPath::new(resource, "spec.hosts");
                removed.push((Box::new([HostPattern::new(host)]), Removed::new(field, reason)));
            }
            return None;
        }
        let mut kept: Vec<Arc<str>> = Vec::with_capacity(domains.len());
        for domain in domains {
            let short = alternate.contains(&domain) && self.full_names.contains(&domain);
            if short || self.domains.contains(&domain) {
                continue;
            }
            kept.push(domain.as_str().into());
            self.domains.insert(domain);
        }
        (!kept.is_empty()).then(|| {
            let rules = Arc::clone(&draft.rules);
            (
                draft.port,
                VirtualHost { name: name.into(), domains: kept, rules, https_redirect: None },
            )
        })
    }
}

/// An IPv6 address in brackets, any other host as it is.
fn bracketed(host: &str) -> String {
    match host.parse::<std::net::Ipv6Addr>() {
        Ok(_) => format!("[{host}]"),
        Err(_) => host.to_owned(),
    }
}
