//! Derives again what changes concern, and only that.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_core::{AddressRange, Hostname, Labels, Namespace};

use super::{
    Registry,
    endpoints::pool,
    host::{HostEntry, HostRecord},
    inputs::{Dirty, Name},
    views::resolve_aliases,
};
use crate::{
    Resolution, Service, Workload, WorkloadKind,
    derive::{
        Context, EntryView, Instance, PodView, SliceFacts, kubernetes, labels, workload_entry,
    },
    settings,
};

/// What derivations read, out of the fields of a registry, so that its other fields stay free.
macro_rules! context {
    ($registry:expr) => {
        Context {
            settings: &$registry.settings,
            cluster_network: &$registry.views.cluster_network,
            strings: &mut $registry.strings,
        }
    };
}

impl Registry {
    pub(super) fn settle(&mut self, mut dirty: Dirty) {
        self.settle_namespaces(&mut dirty);
        for node in std::mem::take(&mut dirty.nodes) {
            dirty.pods.extend(self.views.pods_of_node.group(&*node).map(|(pod, ())| pod.clone()));
        }
        for key in std::mem::take(&mut dirty.pods) {
            self.settle_pod(key, &mut dirty);
        }
        for key in std::mem::take(&mut dirty.workload_entries) {
            self.settle_workload_entry(key, &mut dirty);
        }
        for key in std::mem::take(&mut dirty.services) {
            self.settle_service(key, &mut dirty);
        }
        for key in std::mem::take(&mut dirty.entries) {
            self.settle_entry(key, &mut dirty);
        }
        for (key, old) in std::mem::take(&mut dirty.slices) {
            self.settle_slice(&key, old.as_deref(), &mut dirty);
        }
        if dirty.aliases {
            self.settle_aliases(&mut dirty);
        }
        for (host, namespace) in std::mem::take(&mut dirty.hosts) {
            self.settle_host(&host, &namespace);
        }
    }

    /// Services and entries read their namespace; the root namespace gives the network of all.
    fn settle_namespaces(&mut self, dirty: &mut Dirty) {
        let root = settings::root_namespace(&self.settings.mesh).to_owned();
        for namespace in std::mem::take(&mut dirty.namespaces) {
            let own = Namespace::new(Arc::clone(&namespace));
            let named = |name: &Arc<str>| (own.clone(), Arc::clone(name));
            dirty.services.extend(self.inputs.services.group(&own).map(|(name, _)| named(name)));
            dirty.entries.extend(self.inputs.entries.group(&own).map(|(name, _)| named(name)));
            if *namespace != *root {
                continue;
            }
            let object = self.inputs.namespaces.get(&namespace);
            let network = object.and_then(|object| object.metadata.labels.get(labels::NETWORK));
            let network = self.strings.get(network.map_or("", String::as_str));
            if self.views.cluster_network != network {
                self.views.cluster_network = network;
                let all = self.inputs.all();
                dirty.pods.extend(all.pods);
                dirty.workload_entries.extend(all.workload_entries);
                dirty.entries.extend(all.entries);
                dirty.slices.extend(all.slices.into_iter().map(|(key, _)| {
                    let old = self.inputs.slices.get(&key).cloned();
                    (key, old)
                }));
            }
        }
    }

    fn settle_pod(&mut self, key: Name, dirty: &mut Dirty) {
        let new = self.inputs.pods.get(&key).map(|facts| {
            let node = self.inputs.nodes.get(&*facts.node).map(|node| &**node);
            let mut context = context!(self);
            Arc::new(PodView::of(Arc::clone(facts), node, &mut context))
        });
        let old = self.views.pods.get(&key).cloned();
        if old == new {
            return;
        }
        if let Some(old) = &old {
            self.index_pod(&key, old, false);
            self.concerns_pod(&key, old, dirty);
        }
        if let Some(new) = &new {
            self.index_pod(&key, new, true);
            self.concerns_pod(&key, new, dirty);
        }
        set(&mut self.views.pods, key, new);
    }

    fn index_pod(&mut self, key: &Name, pod: &PodView, present: bool) {
        let node = Arc::clone(&pod.facts.node);
        set(&mut self.views.pods_of_node, (node, key.clone()), present.then_some(()));
        let Some(address) = pod.facts.address.filter(|_| pod.facts.ready) else { return };
        let workload = present.then(|| Arc::clone(&pod.instance.workload));
        set(&mut self.workloads, (address, workload_key(&pod.instance.workload)), workload);
    }

    /// Hosts whose endpoints a Pod is among, or may be.
    fn concerns_pod(&self, key: &Name, pod: &PodView, dirty: &mut Dirty) {
        let named = self.views.slices_of_pod.group(key).map(|(slice, ())| slice);
        let by_address = pod.facts.address.iter().flat_map(|address| {
            self.views.slices_of_address.group(address).map(|(slice, ())| slice)
        });
        for slice in named.chain(by_address) {
            if let Some(slice) = self.inputs.slices.get(slice) {
                self.concerns_slice(slice, dirty);
            }
        }
        if pod.facts.ready {
            self.concerns_instance(&key.0, &pod.instance, dirty);
        }
    }

    fn settle_workload_entry(&mut self, key: Name, dirty: &mut Dirty) {
        let new = self
            .inputs
            .workload_entries
            .get(&key)
            .and_then(|object| workload_entry::instance(object, &mut context!(self)));
        let old = self.views.workload_entries.get(&key).cloned();
        if old == new {
            return;
        }
        for (instance, present) in [(&old, false), (&new, true)] {
            let Some(instance) = instance else { continue };
            if let Some(address) = instance.address.ip() {
                let workload = present.then(|| Arc::clone(&instance.workload));
                set(&mut self.workloads, (address, workload_key(&instance.workload)), workload);
            }
            self.concerns_instance(&key.0, instance, dirty);
            for (_, service) in self.views.services.group(&key.0) {
                if selects(service, &instance.workload.labels) {
                    dirty.hosts.insert((service.host.clone(), key.0.clone()));
                }
            }
        }
        set(&mut self.views.workload_entries, key, new);
    }

    /// Hosts of ServiceEntries that select a workload of their namespace.
    fn concerns_instance(&self, namespace: &Namespace, instance: &Instance, dirty: &mut Dirty) {
        for (entry, selector) in self.views.selecting.group(namespace) {
            if !selector.is_subset_of(&instance.workload.labels) {
                continue;
            }
            let view = self.views.entries.get(&(namespace.clone(), Arc::clone(entry)));
            for service in view.iter().flat_map(|view| &view.services) {
                dirty.hosts.insert((service.host.clone(), namespace.clone()));
            }
        }
    }

    fn settle_service(&mut self, key: Name, dirty: &mut Dirty) {
        let namespace = self.inputs.namespaces.get(key.0.as_str()).map(|object| &**object);
        let new =
            self.inputs.services.get(&key).map(|object| {
                Arc::new(kubernetes::service(object, namespace, &mut context!(self)))
            });
        let old = self.views.services.get(&key).cloned();
        if old == new {
            return;
        }
        for (service, present) in [(&old, false), (&new, true)] {
            let Some(service) = service else { continue };
            self.declare(service, present, dirty);
            if let Some(target) = &service.alias_of
                && service.resolution == Resolution::Alias
            {
                dirty.aliases = true;
                let alias = present.then(|| (service.host.clone(), target.clone()));
                set(&mut self.views.aliases, key.clone(), alias);
            }
        }
        set(&mut self.views.services, key, new);
    }

    fn settle_entry(&mut self, key: Name, dirty: &mut Dirty) {
        let namespace = self.inputs.namespaces.get(key.0.as_str()).map(|object| &**object);
        let new = self
            .inputs
            .entries
            .get(&key)
            .map(|object| Arc::new(EntryView::of(object, namespace, &mut context!(self))));
        let old = self.views.entries.get(&key).cloned();
        if old == new {
            return;
        }
        for (view, present) in [(&old, false), (&new, true)] {
            for service in view.iter().flat_map(|view| &view.services) {
                self.declare(service, present, dirty);
            }
        }
        let selector = new.as_ref().and_then(|view| view.selector.clone());
        set(&mut self.views.selecting, key.clone(), selector);
        set(&mut self.views.entries, key, new);
    }

    fn declare(&mut self, service: &Arc<Service>, present: bool, dirty: &mut Dirty) {
        let host = (service.host.clone(), service.namespace.clone());
        dirty.hosts.insert(host.clone());
        let declared = present.then(|| Arc::clone(service));
        set(&mut self.views.declared, (host, service.age()), declared);
    }

    fn settle_slice(&mut self, key: &Name, old: Option<&SliceFacts>, dirty: &mut Dirty) {
        let new = self.inputs.slices.get(key).cloned();
        for (slice, present) in [(old, false), (new.as_deref(), true)] {
            let Some(slice) = slice else { continue };
            self.index_slice(key, slice, present.then_some(()));
            self.concerns_slice(slice, dirty);
        }
    }

    fn index_slice(&mut self, key: &Name, slice: &SliceFacts, present: Option<()>) {
        set(&mut self.views.slices_of_service, (slice.service.clone(), key.clone()), present);
        for address in &slice.addresses {
            match &address.pod {
                Some(pod) => {
                    set(&mut self.views.slices_of_pod, (pod.clone(), key.clone()), present);
                }
                None => {
                    let index = &mut self.views.slices_of_address;
                    set(index, (address.address, key.clone()), present);
                }
            }
        }
    }

    fn concerns_slice(&self, slice: &SliceFacts, dirty: &mut Dirty) {
        let (namespace, service) = &slice.service;
        let domain = &self.settings.cluster_domain;
        let host = kubernetes::host(service, namespace.as_str(), domain);
        dirty.hosts.insert((host, namespace.clone()));
    }

    fn settle_aliases(&mut self, dirty: &mut Dirty) {
        let new = resolve_aliases(&self.views.aliases);
        let old = std::mem::replace(&mut self.views.aliases_of, Arc::new(new));
        let new = &self.views.aliases_of;
        let hosts: BTreeSet<&Hostname> = old.keys().chain(new.keys()).collect();
        for host in hosts.into_iter().filter(|host| old.get(*host) != new.get(*host)) {
            let record = self.hosts.get(host.as_str());
            for entry in record.iter().flat_map(|record| &record.namespaces) {
                dirty.hosts.insert((host.clone(), entry.namespace.clone()));
            }
        }
    }

    /// Puts together what a host is in a namespace: services, aliases, endpoints.
    fn settle_host(&mut self, host: &Hostname, namespace: &Namespace) {
        let old = self.hosts.get(host).and_then(|record| record.entry(namespace.as_str())).cloned();
        let aliases = self.views.aliases_of.get(host);
        let key = (host.clone(), namespace.clone());
        let mut services = Vec::new();
        for (_, raw) in self.views.declared.group(&key) {
            let service = match aliases {
                Some(aliases) if raw.resolution != Resolution::Alias => {
                    Arc::new(Service { aliases: Arc::clone(aliases), ..Service::clone(raw) })
                }
                _ => Arc::clone(raw),
            };
            // What did not change stays the same object.
            let same = old.iter().flat_map(|entry| &entry.services).find(|old| **old == service);
            services.push(same.cloned().unwrap_or(service));
        }
        let new = (!services.is_empty()).then(|| {
            let endpoints =
                pool(self, namespace, &services, old.as_deref().map(|old| &old.endpoints));
            Arc::new(HostEntry { namespace: namespace.clone(), services, endpoints })
        });
        if old == new {
            return;
        }
        for service in old.iter().flat_map(|entry| &entry.services) {
            self.publish(service, false);
        }
        for service in new.iter().flat_map(|entry| &entry.services) {
            self.publish(service, true);
        }
        let mut record = self.hosts.get(host).cloned().unwrap_or_default();
        record.set(namespace, new);
        let record = (!record.namespaces.is_empty()).then_some(record);
        set::<_, HostRecord>(&mut self.hosts, host.clone(), record);
    }

    fn publish(&mut self, service: &Arc<Service>, present: bool) {
        let list =
            if service.visibility.is_public() { &mut self.public } else { &mut self.restricted };
        let age = service.age();
        let declared = service.addresses.iter().filter_map(AddressRange::single);
        for address in declared.chain(service.allocated_addresses.iter().copied()) {
            let value = present.then(|| Arc::clone(service));
            set(&mut self.by_address, (address, age.clone()), value);
        }
        set(list, age, present.then(|| Arc::clone(service)));
    }
}

/// Whether a Kubernetes Service selects a WorkloadEntry with these labels. An empty selector
/// selects nothing.
pub(super) fn selects(service: &Service, labels: &Labels) -> bool {
    service
        .selector
        .as_ref()
        .is_some_and(|selector| !selector.is_empty() && selector.is_subset_of(labels))
}

fn workload_key(workload: &Workload) -> super::WorkloadKey {
    let entry = workload.kind == WorkloadKind::WorkloadEntry;
    (!entry, workload.namespace.clone(), Arc::clone(&workload.resource.name))
}

fn set<K: Ord + Clone, V: Clone>(tree: &mut crate::tree::Tree<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => {
            tree.insert(key, value);
        }
        None => {
            tree.remove(&key);
        }
    }
}
