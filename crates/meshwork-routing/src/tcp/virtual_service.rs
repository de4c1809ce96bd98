//! VirtualServices as TLS and TCP routes read them: hosts and gateways qualified.

use std::{borrow::Cow, sync::Arc};

use hashbrown::HashMap;
use meshwork_api::{Object, networking::VirtualService};
use meshwork_core::{FieldPath, HostPattern, Hostname, ResourceRef};

/// One VirtualService with its hosts qualified.
#[derive(Clone, Debug)]
pub(crate) struct L4VirtualService {
    pub(crate) object: Arc<Object<VirtualService>>,
    pub(crate) hosts: Vec<HostPattern>,
    pub(crate) resource: ResourceRef,
}

impl L4VirtualService {
    /// Reads an object; short names belong to its namespace.
    pub(crate) fn new(object: &Arc<Object<VirtualService>>, cluster_domain: &str) -> Self {
        let namespace = &object.metadata.namespace;
        let hosts = object
            .spec
            .hosts
            .iter()
            .map(|host| Hostname::qualify(host, namespace, cluster_domain).to_pattern())
            .collect();
        Self { object: Arc::clone(object), hosts, resource: object.reference() }
    }

    /// The namespace of the object.
    pub(crate) fn namespace(&self) -> &str {
        &self.object.metadata.namespace
    }

    /// A field of the object.
    pub(crate) fn field(&self, path: impl Into<Arc<str>>) -> Arc<FieldPath> {
        Arc::new(FieldPath::new(self.resource.clone(), path))
    }

    /// A gateway's name as this object wrote it, with its namespace.
    pub(crate) fn gateway_name<'a>(&self, written: &'a str) -> Cow<'a, str> {
        qualify_gateway(written, self.namespace())
    }
}

/// The full name of a gateway that a resource of `namespace` names: `gw`, `./gw`, `other/gw`, or
/// one of the legacy forms `gw.other` and `gw.other.svc.cluster.local`.
pub(crate) fn qualify_gateway<'a>(written: &'a str, namespace: &str) -> Cow<'a, str> {
    if written == super::MESH {
        return Cow::Borrowed(written);
    }
    if let Some((space, name)) = written.split_once('/') {
        return match space {
            "." => Cow::Owned(format!("{namespace}/{name}")),
            _ => Cow::Borrowed(written),
        };
    }
    let mut parts = written.split('.');
    match (parts.next(), parts.next()) {
        (Some(name), Some(space)) => Cow::Owned(format!("{space}/{name}")),
        _ => Cow::Owned(format!("{namespace}/{written}")),
    }
}

/// VirtualServices with TLS or TCP routes, found by the services whose hosts they overlap.
#[derive(Clone, Debug, Default)]
pub(crate) struct L4Rules {
    all: Vec<L4VirtualService>,
    /// Positions by plain host.
    exact: HashMap<HostPattern, Vec<usize>>,
    /// Positions of those with a wildcard host.
    wildcards: Vec<usize>,
}

impl L4Rules {
    /// Keeps the order of `objects`; those without TLS and TCP routes are left out.
    pub(crate) fn new<'o>(
        objects: impl IntoIterator<Item = &'o Arc<Object<VirtualService>>>,
        cluster_domain: &str,
    ) -> Self {
        let mut rules = Self::default();
        for object in objects {
            if object.spec.tls.is_empty() && object.spec.tcp.is_empty() {
                continue;
            }
            let service = L4VirtualService::new(object, cluster_domain);
            let position = rules.all.len();
            if service.hosts.iter().any(HostPattern::is_wildcard) {
                rules.wildcards.push(position);
            }
            for host in service.hosts.iter().filter(|host| !host.is_wildcard()) {
                rules.exact.entry(host.clone()).or_default().push(position);
            }
            rules.all.push(service);
        }
        rules
    }

    /// The rules of a service, in order: every VirtualService one of whose hosts overlaps its host.
    pub(crate) fn of_host(&self, host: &Hostname) -> Vec<&L4VirtualService> {
        if self.all.is_empty() {
            return Vec::new();
        }
        let pattern = host.to_pattern();
        if pattern.is_wildcard() {
            let overlaps = |rule: &&L4VirtualService| {
                rule.hosts.iter().any(|written| written.overlaps(&pattern))
            };
            return self.all.iter().filter(overlaps).collect();
        }
        let mut positions = self.exact.get(&pattern).cloned().unwrap_or_default();
        positions.extend(self.wildcards.iter().copied().filter(|position| {
            self.all.get(*position).is_some_and(|rule| {
                rule.hosts.iter().any(|written| written.is_wildcard() && written.overlaps(&pattern))
            })
        }));
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().filter_map(|position| self.all.get(position)).collect()
    }
}
