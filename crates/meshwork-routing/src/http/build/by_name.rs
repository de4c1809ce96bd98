//! The services of an egress listener by name, and the VirtualServices that meet them.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use meshwork_core::{HostPattern, Hostname, Protocol};
use meshwork_registry::{Precedence, Resolution, Service};

use super::{destinations::Known, owners::Owners, prepared::Prepared};
use crate::http::matching::RuleSet;

/// The services of a listener that show a port, by lower-case name.
#[derive(Debug, Default)]
pub(super) struct ByName {
    /// What was listed, to be compared by identity.
    listed: Arc<[Arc<Service>]>,
    pub(super) services: Vec<(Arc<Service>, Hostname)>,
    index: HashMap<Hostname, usize>,
    wildcards: Vec<usize>,
    /// The port; 0 for all ports of each service.
    port: u16,
}

/// Which of a VirtualService's hosts are services here, and which are not.
pub(super) struct Split {
    services: Vec<usize>,
    others: Vec<HostPattern>,
}

/// Virtual hosts that share one list of rules.
pub(super) struct Draft {
    /// The place of the VirtualService; `None` for a service that no VirtualService has.
    pub(super) place: Option<Precedence>,
    pub(super) port: u16,
    pub(super) services: Vec<usize>,
    /// Hosts that are no services.
    pub(super) hosts: Vec<HostPattern>,
    pub(super) rules: Arc<RuleSet>,
}

impl ByName {
    pub(super) fn new(listed: &Arc<[Arc<Service>]>, port: u16) -> Self {
        let mut services: Vec<(Arc<Service>, Hostname)> = Vec::with_capacity(listed.len());
        let mut index: HashMap<Hostname, usize> = HashMap::with_capacity(listed.len());
        for service in listed.iter() {
            if port != 0 && service.port(port).is_none() {
                continue;
            }
            let name = lower(&service.host);
            // A later service of the same name takes the place of the earlier one.
            match index.get(&name).and_then(|at| services.get_mut(*at)) {
                Some(known) => *known = (Arc::clone(service), name),
                None => {
                    index.insert(name.clone(), services.len());
                    services.push((Arc::clone(service), name));
                }
            }
        }
        let wildcards = (0..services.len())
            .filter(|at| services.get(*at).is_some_and(|(_, name)| name.is_wildcard()))
            .collect();
        Self { listed: Arc::clone(listed), services, index, wildcards, port }
    }

    /// Whether it was made of this very list.
    pub(super) fn is_of(&self, listed: &Arc<[Arc<Service>]>, port: u16) -> bool {
        Arc::ptr_eq(&self.listed, listed) && self.port == port
    }

    pub(super) fn service(&self, at: usize) -> Option<&Arc<Service>> {
        self.services.get(at).map(|(service, _)| service)
    }

    pub(super) fn known(&self, host: &Hostname) -> Option<Known> {
        let (service, _) = self.services.get(*self.index.get(host)?)?;
        let only_port = match (self.port, &*service.ports) {
            (0, [only]) => Some(only.number),
            (0, _) => None,
            (port, _) => Some(port),
        };
        Some(Known { only_port, alias_of: service.alias_of.clone() })
    }

    pub(super) fn find(&self, host: &HostPattern) -> Option<usize> {
        self.index.get(&*host.as_str().to_ascii_lowercase()).copied()
    }

    /// Whether one of the hosts is, or covers, or is covered by, a service here.
    pub(super) fn overlaps(&self, service: &Prepared) -> bool {
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

    pub(super) fn split(&self, service: &Prepared, number: usize, owners: &Owners) -> Split {
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
            for (at, (service, name)) in self.services.iter().enumerate() {
                if !name.to_pattern().overlaps(&lower) {
                    continue;
                }
                covers = true;
                // Only the most specific wildcard has a say, whether it has rules here or not.
                // Istio looks for the owner under the name in lower case, and has noted it under
                // the name as it was written: no wildcard ever gets a name with capitals.
                if service.host == *name && owners.of(name) == Some(number) {
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
    pub(super) fn drafts(
        &self,
        split: &Split,
        place: &Precedence,
        rules: &Arc<RuleSet>,
    ) -> Vec<Draft> {
        let draft = |port, services| Draft {
            place: Some(place.clone()),
            port,
            services,
            hosts: split.others.clone(),
            rules: Arc::clone(rules),
        };
        let mut drafts: Vec<Draft> = Vec::new();
        for at in &split.services {
            let Some(known) = self.service(*at) else { continue };
            for number in self.http_ports(known) {
                match drafts.iter_mut().find(|draft| draft.port == number) {
                    Some(draft) => draft.services.push(*at),
                    None => drafts.push(draft(number, vec![*at])),
                }
            }
        }
        if drafts.is_empty() && self.port == 80 {
            drafts.push(draft(self.port, Vec::new()));
        }
        drafts.sort_by_key(|draft| (draft.port != 80, draft.port));
        drafts
    }

    /// The ports of a service, within this table, whose requests are routed.
    pub(super) fn http_ports(&self, service: &Service) -> Vec<u16> {
        let routed = |protocol: Protocol| protocol.is_http() || protocol == Protocol::Auto;
        service
            .ports
            .iter()
            .filter(|port| routed(port.protocol) && (self.port == 0 || port.number == self.port))
            .map(|port| port.number)
            .collect()
    }

    /// The virtual hosts of services that no VirtualService has; `rules` makes those of a port.
    pub(super) fn defaults(
        &self,
        claimed: &HashSet<usize>,
        mut rules: impl FnMut(usize, u16) -> Option<Arc<RuleSet>>,
    ) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for (at, (service, _)) in self.services.iter().enumerate() {
            if claimed.contains(&at) || service.resolution == Resolution::Alias {
                continue;
            }
            let made = self.http_ports(service).into_iter().filter_map(|port| {
                let rules = rules(at, port)?;
                Some(Draft { place: None, port, services: vec![at], hosts: Vec::new(), rules })
            });
            drafts.extend(made);
        }
        drafts
    }
}

fn lower(host: &Hostname) -> Hostname {
    if host.as_str().bytes().any(|byte| byte.is_ascii_uppercase()) {
        Hostname::new(host.as_str().to_ascii_lowercase())
    } else {
        host.clone()
    }
}
