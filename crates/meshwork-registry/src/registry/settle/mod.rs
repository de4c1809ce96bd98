//! Derives again what changes concern, and only that.

mod hosts;
mod workloads;

use std::sync::Arc;

use meshwork_core::{Labels, Namespace, PersistentMap as Tree};

use super::{Registry, inputs::Dirty};
use crate::{Service, derive::labels, settings};

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

use context;

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
}

/// Whether a Kubernetes Service selects a WorkloadEntry with these labels. An empty selector
/// selects nothing.
pub(super) fn selects(service: &Service, labels: &Labels) -> bool {
    service
        .selector
        .as_ref()
        .is_some_and(|selector| !selector.is_empty() && selector.is_subset_of(labels))
}

fn set<K: Ord + Clone, V: Clone>(tree: &mut Tree<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => {
            tree.insert(key, value);
        }
        None => {
            tree.remove(&key);
        }
    }
}
