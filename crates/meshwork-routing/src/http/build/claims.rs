//! Which virtual host gets a name, and which a domain: the first that claims it.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use meshwork_core::{FieldPath, HostPattern, PersistentMap, Removed};
use meshwork_registry::Precedence;

use super::{
    by_name::{ByName, Draft},
    domains,
};
use crate::{
    RouteInputs,
    http::{left::LeftOut, routes::VirtualHost},
};

/// Names that are taken: of virtual hosts, and domains.
#[derive(Default)]
pub(super) struct Claims<'a> {
    /// By the name of a virtual host, the VirtualService whose rules it has.
    names: HashMap<Arc<str>, Option<Precedence>>,
    /// By domain, the number of the virtual host that has it.
    domains: HashMap<Arc<str>, usize>,
    /// Full names of services, which no shorter form of another name may take.
    full_names: HashSet<&'a str>,
    /// The same with ports, for listeners of all ports.
    full_names_with_ports: HashSet<String>,
    contested: HashSet<Arc<str>>,
    virtual_hosts: Vec<(u16, VirtualHost)>,
    lost: Vec<LeftOut>,
}

/// Virtual hosts with all claims decided.
pub(super) struct Settled {
    pub(super) virtual_hosts: Vec<VirtualHost>,
    /// By the name of a virtual host in lower case, the VirtualService that it is of.
    pub(super) owners: PersistentMap<Arc<str>, Precedence>,
    /// Names and domains that more than one virtual host wanted.
    pub(super) contested: HashSet<Arc<str>>,
    /// Names that were lost.
    pub(super) lost: Vec<LeftOut>,
}

impl<'a> Claims<'a> {
    pub(super) fn of(drafts: &[Draft], registry: &'a ByName, port: u16) -> Self {
        let mut claims = Self::default();
        for draft in drafts {
            for (_, name) in draft.services.iter().filter_map(|at| registry.services.get(*at)) {
                claims.full_names.insert(name.as_str());
                if port == 0 {
                    claims.full_names_with_ports.insert(format!("{name}:{}", draft.port));
                }
            }
        }
        claims
    }

    /// The first virtual host of a name wins, and then the first of a domain.
    pub(super) fn settle(
        mut self,
        drafts: Vec<Draft>,
        registry: &ByName,
        inputs: &RouteInputs<'_>,
        port: u16,
    ) -> Settled {
        for draft in drafts {
            for host in &draft.hosts {
                let domain = bracketed(host.as_str());
                let domains = vec![domain.to_ascii_lowercase()];
                self.claim(host.as_str(), &draft, domains, &[]);
            }
            for (service, name) in draft.services.iter().filter_map(|at| registry.services.get(*at))
            {
                let suffix = (port == 0).then_some(draft.port);
                let domains = domains::of_service(service, inputs.proxy, suffix);
                self.claim(name.as_str(), &draft, domains.all, &domains.alternate);
            }
        }
        let mut hosts = self.virtual_hosts;
        if port == 0 {
            // Without a port in the Host only port 80 can be meant.
            hosts.retain_mut(|(number, host): &mut (u16, VirtualHost)| {
                let meant = |domain: &&Arc<str>| *number == 80 || domain.contains(':');
                host.domains = host.domains.iter().filter(meant).cloned().collect();
                !host.domains.is_empty()
            });
        }
        let owners = self.names.into_iter().filter_map(|(name, owner)| Some((name, owner?)));
        Settled {
            virtual_hosts: hosts.into_iter().map(|(_, host)| host).collect(),
            owners: owners.collect(),
            contested: self.contested,
            lost: self.lost,
        }
    }

    fn claim(&mut self, host: &str, draft: &Draft, domains: Vec<String>, alternate: &[String]) {
        let name = name_of(host, draft.port);
        let key: Arc<str> = name.to_ascii_lowercase().into();
        if self.names.contains_key(&key) {
            self.contested.insert(key);
            if let Some(rule) = draft.rules.rules().first() {
                let reason = format!("an earlier VirtualService has the host {host}");
                let resource = rule.route.rule.resource.clone();
                let field = FieldPath::new(resource, "spec.hosts");
                let lost = (Box::from([HostPattern::new(host)]), Removed::new(field, reason));
                self.lost.push(lost);
            }
            return;
        }
        let own = self.names.len();
        self.names.insert(key, draft.place.clone());
        let mut kept: Vec<Arc<str>> = Vec::with_capacity(domains.len());
        for domain in domains {
            if alternate.contains(&domain) && self.is_full_name(&domain) {
                continue;
            }
            match self.domains.get(&*domain) {
                Some(owner) if *owner == own => {}
                Some(_) => drop(self.contested.insert(domain.into())),
                None => {
                    let domain: Arc<str> = domain.into();
                    kept.push(Arc::clone(&domain));
                    self.domains.insert(domain, own);
                }
            }
        }
        if !kept.is_empty() {
            let host = VirtualHost {
                name: name.into(),
                domains: kept.into(),
                rules: Arc::clone(&draft.rules),
                https_redirect: None,
            };
            self.virtual_hosts.push((draft.port, host));
        }
    }

    fn is_full_name(&self, domain: &str) -> bool {
        self.full_names.contains(domain) || self.full_names_with_ports.contains(domain)
    }
}

/// The name of the virtual host of a host.
pub(super) fn name_of(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(host))
}

/// An IPv6 address in brackets, any other host as it is.
pub(super) fn bracketed(host: &str) -> String {
    match host.parse::<std::net::Ipv6Addr>() {
        Ok(_) => format!("[{host}]"),
        Err(_) => host.to_owned(),
    }
}
