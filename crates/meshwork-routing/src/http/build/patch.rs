//! The virtual hosts of a port after a change of VirtualServices, made from those before.
//!
//! What one VirtualService says is confined to its own hosts as long as nobody else wants them.
//! Only such changes are made here; any other is left to a full build of the port.

use std::{collections::BTreeMap, sync::Arc};

use meshwork_core::{HostPattern, Hostname};
use meshwork_registry::{ListChange, Precedence, Resolution};

use super::{
    claims::{bracketed, name_of},
    compiled::CompiledRules,
    defaults, domains,
    port::PortRoutes,
    prepared::Prepared,
    rules::Compiler,
    sidecar::{SidecarTables, place},
};
use crate::{
    RouteInputs,
    http::{HttpRoutes, routes::VirtualHost},
};

/// A port in the making.
struct Patch<'a> {
    inputs: &'a RouteInputs<'a>,
    port: u16,
    state: PortRoutes,
    routes: HttpRoutes,
    /// Services that lost their rules, with the domains of their virtual hosts.
    freed: BTreeMap<usize, Arc<[Arc<str>]>>,
    /// The services that the changed VirtualServices are about.
    touched: Vec<Hostname>,
}

/// What became of a port.
pub(crate) struct Patched {
    pub(crate) port: PortRoutes,
    /// The services that the changes were about.
    pub(crate) touched: Vec<Hostname>,
}

impl SidecarTables<'_> {
    /// The virtual hosts of a port after `changes` of its listener's VirtualServices, where nothing
    /// else has changed. `None` where hosts are at stake that others want too: a wildcard, a host
    /// or a domain of several.
    pub(crate) fn patched(
        &self,
        port: u16,
        former: &PortRoutes,
        changes: &[ListChange<'_>],
    ) -> Option<Patched> {
        let mut patch = Patch {
            inputs: self.inputs,
            port,
            state: former.clone(),
            routes: HttpRoutes::clone(&former.routes),
            freed: BTreeMap::new(),
            touched: Vec::new(),
        };
        let domain = &self.inputs.proxy.cluster_domain;
        for change in changes {
            if let Some(before) = change.before {
                patch.remove(change.place, &Prepared::new(before, domain, None))?;
            }
        }
        for change in changes {
            if let Some(after) = change.after {
                patch.add(change.place, &Prepared::new(after, domain, self.merged))?;
            }
        }
        Some(patch.finish(former))
    }
}

impl Patch<'_> {
    /// Takes out what a VirtualService had said.
    fn remove(&mut self, place: &Precedence, service: &Prepared) -> Option<()> {
        if self.state.compiled.remove(place).is_none() {
            return Some(());
        }
        self.state.faulty.remove(place);
        self.routes.left_mut().rules.remove(place);
        for host in &service.hosts {
            let at = self.plain(host)?;
            let key = name_of(host.as_str(), self.port).to_ascii_lowercase();
            match self.state.owners.get(key.as_str()) {
                Some(owner) if owner == place => {}
                Some(_) => return None,
                None => continue,
            }
            if self.is_contested(&key) {
                return None;
            }
            let known = Arc::clone(self.routes.host(&key)?);
            self.state.owners.remove(key.as_str());
            match at {
                Some(at) => drop(self.freed.insert(at, Arc::clone(&known.domains))),
                None if known.domains.iter().any(|domain| self.is_contested(domain)) => {
                    return None;
                }
                None => self.routes.take(&key),
            }
        }
        Some(())
    }

    /// Puts in what a VirtualService says.
    fn add(&mut self, place_: &Precedence, service: &Prepared) -> Option<()> {
        let registry = Arc::clone(&self.state.services);
        if self.port != 80 && !registry.overlaps(service) {
            return Some(());
        }
        let hosts: Vec<(&HostPattern, Option<usize>)> = service
            .hosts
            .iter()
            .map(|host| Some((host, self.plain(host)?)))
            .collect::<Option<_>>()?;
        let lookup = |host: &Hostname| registry.known(host);
        let compiler = Compiler {
            place: place(self.inputs, self.port),
            mesh: self.inputs.mesh,
            lookup: &lookup,
        };
        let rules = CompiledRules::of(std::iter::empty(), &compiler, service);
        self.state.compiled.insert(place_.clone(), Arc::clone(&rules));
        if !rules.errors().is_empty() {
            self.state.faulty.insert(place_.clone(), Arc::clone(&rules));
        }
        if let Some(left) = rules.left() {
            self.routes.left_mut().rules.insert(place_.clone(), Arc::clone(left));
        }
        if rules.rules.rules().is_empty() {
            return Some(());
        }
        let routed = |at: usize| {
            let ports = registry.service(at).map(|service| registry.http_ports(service));
            ports.is_some_and(|ports| !ports.is_empty())
        };
        // Hosts that are no services stand beside those that are; alone they are on port 80.
        let others = self.port == 80 || hosts.iter().any(|(_, at)| at.is_some_and(routed));
        for (host, at) in hosts {
            let (name, domains): (_, Arc<[Arc<str>]>) = match at {
                Some(at) if routed(at) => {
                    let (_, name) = registry.services.get(at)?;
                    let name = name_of(name.as_str(), self.port);
                    // The domains of a service are the same with any rules.
                    let domains = match self.freed.remove(&at) {
                        Some(domains) => domains,
                        None => Arc::clone(&self.routes.host(&name)?.domains),
                    };
                    (name, domains)
                }
                None if others => {
                    let domain = bracketed(host.as_str()).to_ascii_lowercase();
                    if self.is_contested(&domain) || self.routes.domain(&domain).is_some() {
                        return None;
                    }
                    (name_of(host.as_str(), self.port), Arc::new([domain.into()]))
                }
                _ => continue,
            };
            let key: Arc<str> = name.to_ascii_lowercase().into();
            if self.is_contested(&key) || self.state.owners.insert(key, place_.clone()).is_some() {
                return None;
            }
            self.routes.put(VirtualHost {
                name: name.into(),
                domains,
                rules: Arc::clone(&rules.rules),
                https_redirect: None,
            });
        }
        Some(())
    }

    /// Which service a host is, if any; `None` where others may have a say about it.
    fn plain(&mut self, host: &HostPattern) -> Option<Option<usize>> {
        if host.is_wildcard() {
            return None;
        }
        let Some(at) = self.state.services.find(host) else { return Some(None) };
        let (service, name) = self.state.services.services.get(at)?;
        let pattern = name.to_pattern();
        let over = |wildcard: &HostPattern| {
            HostPattern::from(wildcard.as_str().to_ascii_lowercase()).overlaps(&pattern)
        };
        if service.resolution == Resolution::Alias || self.state.wildcards.iter().any(over) {
            return None;
        }
        let wanted = domains::of_service(service, self.inputs.proxy, None).all;
        if wanted.iter().any(|domain| self.is_contested(domain)) {
            return None;
        }
        self.touched.push(service.host.clone());
        Some(Some(at))
    }

    fn is_contested(&self, name: &str) -> bool {
        self.state.contested.contains(name)
    }

    /// Services that nobody has taken are routed by default again.
    fn finish(mut self, former: &PortRoutes) -> Patched {
        for (at, domains) in std::mem::take(&mut self.freed) {
            let Some((service, name)) = self.state.services.services.get(at) else { continue };
            self.routes.put(VirtualHost {
                name: name_of(name.as_str(), self.port).into(),
                domains,
                rules: defaults::service(name, self.port, service, self.inputs.mesh),
                https_redirect: None,
            });
        }
        let same = self.routes.is_same(&former.routes);
        let routes = if same { Arc::clone(&former.routes) } else { Arc::new(self.routes) };
        Patched { port: PortRoutes { routes, ..self.state }, touched: self.touched }
    }
}
