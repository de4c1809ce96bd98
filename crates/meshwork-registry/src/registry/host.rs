//! What one host name stands for in each namespace that declares it.

use std::{net::IpAddr, sync::Arc};

use meshwork_core::Namespace;

use crate::{Endpoint, Provider, Service};

/// One host name: what each namespace declares under it, in the order of the namespaces.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HostRecord {
    pub(crate) namespaces: Vec<Arc<HostEntry>>,
}

/// One host name in one namespace.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HostEntry {
    pub(crate) namespace: Namespace,
    /// Everything that declares it, oldest first. INVARIANT: not empty.
    pub(crate) services: Vec<Arc<Service>>,
    pub(crate) endpoints: EndpointSet,
}

/// The endpoints of all that declares a host in a namespace, pooled.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EndpointSet {
    /// By the name of the service port: what clusters with known addresses use.
    pub(crate) by_name: Vec<(Arc<str>, Arc<[Endpoint]>)>,
    /// By the number of the service port: what clusters use that resolve names. Empty where
    /// nothing does.
    pub(crate) by_number: Vec<(u16, Arc<[Endpoint]>)>,
    /// By the number of the service port, the addresses that clients connect to themselves,
    /// whatever their health. Empty where clients have a virtual address.
    pub(crate) dialled: Vec<(u16, Arc<[IpAddr]>)>,
    /// The service accounts of all endpoints, whatever their port and health, each once.
    pub(crate) accounts: Vec<(Namespace, Arc<str>)>,
}

impl HostRecord {
    pub(crate) fn entry(&self, namespace: &str) -> Option<&Arc<HostEntry>> {
        let at = self.namespaces.binary_search_by(|entry| entry.namespace.as_str().cmp(namespace));
        self.namespaces.get(at.ok()?)
    }

    /// Puts or takes out what a namespace declares.
    pub(crate) fn set(&mut self, namespace: &Namespace, entry: Option<Arc<HostEntry>>) {
        let at = self.namespaces.binary_search_by(|entry| entry.namespace.cmp(namespace));
        match (at, entry) {
            (Ok(at), Some(entry)) => {
                if let Some(slot) = self.namespaces.get_mut(at) {
                    *slot = entry;
                }
            }
            (Ok(at), None) => {
                self.namespaces.remove(at);
            }
            (Err(at), Some(entry)) => self.namespaces.insert(at, entry),
            (Err(_), None) => {}
        }
    }
}

impl HostEntry {
    /// The one that stands for the host: a Kubernetes Service, else the oldest.
    pub(crate) fn winner(&self) -> Option<&Arc<Service>> {
        self.services
            .iter()
            .find(|service| service.provider == Provider::Kubernetes)
            .or_else(|| self.services.first())
    }
}

impl EndpointSet {
    pub(crate) fn of_name(&self, name: &str) -> Option<&Arc<[Endpoint]>> {
        self.by_name.iter().find(|(own, _)| **own == *name).map(|(_, list)| list)
    }

    pub(crate) fn dialled(&self, number: u16) -> Option<&Arc<[IpAddr]>> {
        self.dialled.iter().find(|(own, _)| *own == number).map(|(_, list)| list)
    }

    pub(crate) fn of_number(&self, number: u16) -> Option<&Arc<[Endpoint]>> {
        self.by_number.iter().find(|(own, _)| *own == number).map(|(_, list)| list)
    }
}
