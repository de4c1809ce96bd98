//! Pods, WorkloadEntries and slices, and the hosts whose endpoints they are among.

use std::sync::Arc;

use meshwork_core::Namespace;

use super::{super::WorkloadKey, context, selects, set};
use crate::{
    Workload, WorkloadKind,
    derive::{Context, Instance, PodView, SliceFacts, kubernetes, workload_entry},
    registry::{
        Registry,
        inputs::{Dirty, Name},
    },
};

impl Registry {
    pub(super) fn settle_pod(&mut self, key: Name, dirty: &mut Dirty) {
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

    pub(super) fn settle_workload_entry(&mut self, key: Name, dirty: &mut Dirty) {
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

    pub(super) fn settle_slice(&mut self, key: &Name, old: Option<&SliceFacts>, dirty: &mut Dirty) {
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
}

fn workload_key(workload: &Workload) -> WorkloadKey {
    let entry = workload.kind == WorkloadKind::WorkloadEntry;
    (!entry, workload.namespace.clone(), Arc::clone(&workload.resource.name))
}
