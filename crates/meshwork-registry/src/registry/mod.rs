//! Which services, endpoints and workloads exist.

mod change;
mod endpoints;
mod host;
mod inbound;
mod inputs;
mod place;
mod settle;
mod slices;
mod views;

use std::{net::IpAddr, sync::Arc};

use meshwork_core::{Hostname, Namespace, PersistentMap as Tree};

pub use self::{
    change::{Change, Resource},
    inbound::ServiceTarget,
};
use self::{
    host::{HostEntry, HostRecord},
    inputs::Inputs,
    views::Views,
};
use crate::{
    Endpoint, Service, Settings, Workload, derive::PodView, service::Age, strings::Strings,
};

/// Which services, endpoints and workloads exist.
///
/// A clone is cheap and does not change any more; a change costs its own size and leaves what it
/// does not concern shared with earlier clones.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    settings: Arc<Settings>,
    strings: Strings,
    inputs: Inputs,
    views: Views,
    hosts: Tree<Hostname, HostRecord>,
    /// Services that every namespace sees, and those that only some or none see, oldest first.
    public: Tree<Age, Arc<Service>>,
    restricted: Tree<Age, Arc<Service>>,
    by_address: Tree<(IpAddr, Age), Arc<Service>>,
    workloads: Tree<(IpAddr, WorkloadKey), Arc<Workload>>,
}

/// WorkloadEntries go before Pods with the same address.
type WorkloadKey = (bool, Namespace, Arc<str>);

impl Registry {
    /// An empty registry.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self { settings, ..Self::default() }
    }

    /// A registry of these resources.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use meshwork_api::{Object, networking::{ServiceEntry, ServicePort}};
    /// use meshwork_registry::{Registry, Settings};
    ///
    /// let entry = ServiceEntry {
    ///     hosts: vec!["api.example.com".to_owned()],
    ///     ports: vec![ServicePort {
    ///         number: 443,
    ///         name: "tls".to_owned(),
    ///         protocol: "TLS".to_owned(),
    ///         ..ServicePort::default()
    ///     }],
    ///     ..ServiceEntry::default()
    /// };
    /// let object = Arc::new(Object::new("shop", "external", entry));
    /// let registry = Registry::build(Arc::new(Settings::default()), [object]);
    /// assert!(registry.service("api.example.com", "shop").is_some());
    /// ```
    pub fn build<R: Into<Resource>>(
        settings: Arc<Settings>,
        resources: impl IntoIterator<Item = R>,
    ) -> Self {
        let mut registry = Self::new(settings);
        registry.apply_all(resources.into_iter().map(|resource| Change::Apply(resource.into())));
        registry
    }

    /// Takes in one change.
    pub fn apply(&mut self, change: impl Into<Change>) {
        self.apply_all([change.into()]);
    }

    /// Takes in changes at once; only the last form of a resource is looked at.
    pub fn apply_all(&mut self, changes: impl IntoIterator<Item = Change>) {
        let mut dirty = inputs::Dirty::default();
        for change in changes {
            self.inputs.take(change, &mut self.strings, &mut dirty);
        }
        self.settle(dirty);
        self.strings.sweep();
    }

    /// The same resources under other settings.
    #[must_use]
    pub fn with_settings(&self, settings: Arc<Settings>) -> Self {
        if self.settings == settings {
            return self.clone();
        }
        let mut registry = Self::new(settings);
        registry.strings = self.strings.clone();
        registry.inputs = self.inputs.clone();
        registry.settle(registry.inputs.all());
        registry
    }

    /// Whether both hold the same services, endpoints and workloads because one is a clone of the
    /// other, or was changed by nothing that concerns these.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.settings, &other.settings)
            && self.hosts.is_same(&other.hosts)
            && self.workloads.is_same(&other.workloads)
            && self.views.pods.is_same(&other.views.pods)
            && self.views.workload_entries.is_same(&other.views.workload_entries)
            && self.views.entries.is_same(&other.views.entries)
            && self.views.slices_of_service.is_same(&other.views.slices_of_service)
            && self.inputs.slices.is_same(&other.inputs.slices)
    }

    /// What the registry knows of the mesh.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// What `host` stands for in `namespace`: a Kubernetes Service, else the oldest ServiceEntry.
    /// Visibility is not looked at.
    pub fn service(&self, host: &str, namespace: &str) -> Option<&Arc<Service>> {
        self.hosts.get(host)?.entry(namespace)?.winner()
    }

    /// What `host` stands for in each namespace that declares it, by the names of the namespaces.
    pub fn services_of(&self, host: &str) -> impl Iterator<Item = &Arc<Service>> {
        let record = self.hosts.get(host);
        record.into_iter().flat_map(|record| &record.namespaces).filter_map(|entry| entry.winner())
    }

    /// Everything that a proxy of `namespace` may see, before any `Sidecar`: what is private or
    /// exported by name first, then what is public, each by age.
    pub fn exported_to<'a>(
        &'a self,
        namespace: &'a Namespace,
    ) -> impl Iterator<Item = &'a Arc<Service>> + 'a {
        self.restricted
            .values()
            .filter(move |service| service.visibility.visible_to(namespace.as_str()))
            .chain(self.public.values())
    }

    /// All services, those that not everybody sees first, each by age.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.restricted.values().chain(self.public.values())
    }

    /// The endpoints of a service port; empty where there is no such port.
    ///
    /// Those of everything that declares the host in that namespace are pooled: by the name of the
    /// port, or by its number where names are resolved. One that several declarations name, or a
    /// ServiceEntry with several addresses, is there several times. Endpoints that are not ready or
    /// shut down are among them ([`crate::Health`]), and names where only addresses can be used;
    /// which of them a client uses is for the cluster to say.
    pub fn endpoints(&self, service: &Service, port: u16) -> Arc<[Endpoint]> {
        self.endpoints_of(service, port).cloned().unwrap_or_default()
    }

    /// The addresses that clients of a service without a virtual address connect to themselves, as
    /// those of a headless Service do: Istio listens for each of them, whatever its health.
    pub fn dialled_addresses(&self, service: &Service, port: u16) -> Arc<[IpAddr]> {
        let set = self.entry(service).map(|entry| &entry.endpoints);
        set.and_then(|set| set.dialled(port)).cloned().unwrap_or_default()
    }

    /// Whose identities the servers of a service may bear, as all declarations of the host in the
    /// namespace give them.
    pub fn identities(&self, service: &Service) -> Identities<'_> {
        let Some(entry) = self.entry(service) else { return Identities::default() };
        Identities {
            accounts: &entry.endpoints.accounts,
            // Istio keeps those of the declaration that it comes to last.
            listed: entry.services.last().map_or(&[], |service| &service.subject_alt_names),
        }
    }

    fn endpoints_of(&self, service: &Service, port: u16) -> Option<&Arc<[Endpoint]>> {
        let port = service.port(port)?;
        let set = &self.entry(service)?.endpoints;
        if service.resolution.is_dns() {
            set.of_number(port.number)
        } else {
            set.of_name(&port.name)
        }
    }

    fn entry(&self, service: &Service) -> Option<&Arc<HostEntry>> {
        self.hosts.get(&service.host)?.entry(service.namespace.as_str())
    }

    /// The services with this virtual address, oldest first. Ranges are not looked at.
    pub fn by_address(&self, address: IpAddr) -> impl Iterator<Item = &Arc<Service>> {
        self.by_address
            .iter_after(move |(own, _)| *own < address)
            .take_while(move |((own, _), _)| *own == address)
            .map(|(_, service)| service)
    }

    /// The Pods with this address that are ready, by namespace and name.
    fn pods_of(&self, address: IpAddr) -> impl Iterator<Item = &Arc<PodView>> {
        self.workloads
            .iter_after(move |(own, (is_pod, ..))| (*own, *is_pod) < (address, true))
            .take_while(move |((own, _), _)| *own == address)
            .filter_map(|((_, (_, namespace, name)), _)| {
                self.views.pods.get(&(namespace.clone(), Arc::clone(name)))
            })
    }

    /// The workload with this address: a WorkloadEntry, else a Pod.
    pub fn workload(&self, address: IpAddr) -> Option<&Arc<Workload>> {
        self.workloads
            .iter_after(move |(own, _)| *own < address)
            .next()
            .filter(|((own, _), _)| *own == address)
            .map(|(_, workload)| workload)
    }
}

/// Whose identities the servers of a service may bear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identities<'a> {
    /// The service accounts of all endpoints with their namespaces, of every port and health.
    pub accounts: &'a [(Namespace, Arc<str>)],
    /// Names that the service lists, such as `subjectAltNames` of a ServiceEntry.
    pub listed: &'a [Arc<str>],
}

#[cfg(test)]
mod tests;
