//! One service for each host name out of several lists.

use std::sync::Arc;

use hashbrown::{HashMap, hash_map::Entry};
use meshwork_core::Hostname;

use crate::{Provider, Service};

/// Where the service of a host name stands in the list of a scope.
pub(super) type ByHost = HashMap<Hostname, usize>;

/// The services of a scope in the order in which they came, one for each host name.
#[derive(Debug, Default)]
pub(super) struct Union {
    services: Vec<Arc<Service>>,
    index: ByHost,
}

impl Union {
    /// Adds a service, or merges it with the one that has its host name already.
    ///
    /// A Kubernetes Service takes the place of a ServiceEntry. Otherwise the first one stays, and
    /// the ports of later ones are added where the two differ in nothing else that counts.
    ///
    /// Returns whether anything is different now.
    pub(super) fn add(&mut self, service: &Arc<Service>) -> bool {
        let at = match self.index.entry(service.host.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(self.services.len());
                self.services.push(Arc::clone(service));
                return true;
            }
            Entry::Occupied(entry) => *entry.get(),
        };
        let Some(existing) = self.services.get_mut(at) else { return false };
        match merged(existing, service) {
            Some(merged) => {
                *existing = merged;
                true
            }
            None => false,
        }
    }

    /// The services in order, and where each host name stands.
    pub(super) fn finish(self) -> (Arc<[Arc<Service>]>, Arc<ByHost>) {
        (self.services.into(), self.index.into())
    }
}

/// What `existing` becomes when `service` of the same host name is added; `None` where it stays.
pub(super) fn merged(existing: &Arc<Service>, service: &Arc<Service>) -> Option<Arc<Service>> {
    if Arc::ptr_eq(existing, service) {
        return None;
    }
    match (existing.provider, service.provider) {
        (Provider::Kubernetes, Provider::External) => None,
        (Provider::External, Provider::Kubernetes) => Some(Arc::clone(service)),
        _ if !same_ports(existing, service) && mergeable(existing, service) => {
            let merged = with_ports_of(existing, service);
            (merged != **existing).then(|| Arc::new(merged))
        }
        _ => None,
    }
}

/// Istio compares number, name and protocol alone.
fn same_ports(a: &Service, b: &Service) -> bool {
    a.ports.len() == b.ports.len()
        && a.ports
            .iter()
            .zip(&*b.ports)
            .all(|(a, b)| (a.number, &a.name, a.protocol) == (b.number, &b.name, b.protocol))
}

fn mergeable(a: &Service, b: &Service) -> bool {
    let selector = |service: &Service| service.selector.clone().unwrap_or_default();
    a.namespace == b.namespace
        && a.resolution == b.resolution
        && a.labels == b.labels
        && selector(a) == selector(b)
        && a.export_to == b.export_to
}

fn with_ports_of(service: &Service, other: &Service) -> Service {
    let mut ports = service.ports.to_vec();
    for port in &*other.ports {
        if !ports.iter().any(|own| own.number == port.number) {
            ports.push(port.clone());
        }
    }
    Service { ports: ports.into(), ..service.clone() }
}
