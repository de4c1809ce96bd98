//! Which virtual host gets a name, and which a domain: the first that claims it.

use std::sync::Arc;

use hashbrown::HashSet;
use meshwork_core::{FieldPath, HostPattern, Removed};

use super::{
    by_name::{ByName, Draft},
    domains,
    sidecar::Left,
};
use crate::{RouteInputs, http::routes::VirtualHost};

/// Names that are taken: of virtual hosts, and domains.
#[derive(Default)]
pub(super) struct Claims {
    names: HashSet<String>,
    domains: HashSet<String>,
    /// Full names of services, which no shorter form of another name may take.
    full_names: HashSet<String>,
}

impl Claims {
    pub(super) fn of(drafts: &[Draft], registry: &ByName<'_>) -> Self {
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
    pub(super) fn virtual_hosts(
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
                let field = FieldPath::new(resource, "spec.hosts");
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
