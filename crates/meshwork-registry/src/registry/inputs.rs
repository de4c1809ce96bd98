//! The resources as they are, and what a change of them concerns.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_api::{
    Object, kubernetes as k8s,
    networking::{ServiceEntry, WorkloadEntry},
};
use meshwork_core::{Hostname, Namespace, PersistentMap as Tree};

use super::change::{Change, Resource};
use crate::{
    derive::{PodFacts, SliceFacts},
    strings::Strings,
};

/// Namespace and name of a resource.
pub(super) type Name = (Namespace, Arc<str>);

/// The resources by kind and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    pub(super) services: Tree<Name, Arc<Object<k8s::Service>>>,
    pub(super) slices: Tree<Name, Arc<SliceFacts>>,
    pub(super) pods: Tree<Name, Arc<PodFacts>>,
    pub(super) nodes: Tree<Arc<str>, Arc<Object<k8s::Node>>>,
    pub(super) namespaces: Tree<Arc<str>, Arc<Object<k8s::Namespace>>>,
    pub(super) entries: Tree<Name, Arc<Object<ServiceEntry>>>,
    pub(super) workload_entries: Tree<Name, Arc<Object<WorkloadEntry>>>,
}

/// What has to be derived again.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub(super) namespaces: BTreeSet<Arc<str>>,
    pub(super) nodes: BTreeSet<Arc<str>>,
    pub(super) pods: BTreeSet<Name>,
    pub(super) workload_entries: BTreeSet<Name>,
    pub(super) services: BTreeSet<Name>,
    pub(super) entries: BTreeSet<Name>,
    /// Slices with what they were before.
    pub(super) slices: Vec<(Name, Option<Arc<SliceFacts>>)>,
    pub(super) hosts: BTreeSet<(Hostname, Namespace)>,
    /// Whether a name that stands for another service came, went or changed.
    pub(super) aliases: bool,
}

impl Inputs {
    /// Takes a change in and notes what it concerns; an equal form concerns nothing.
    pub(super) fn take(&mut self, change: Change, strings: &mut Strings, dirty: &mut Dirty) {
        match change {
            Change::Apply(resource) => self.apply(resource, strings, dirty),
            Change::Delete(reference) => {
                let key = strings.name(&reference.namespace, &reference.name);
                match &*reference.kind {
                    "Service" => put(&mut self.services, key, None, &mut dirty.services),
                    "EndpointSlice" => self.put_slice(key, None, dirty),
                    "Pod" => put(&mut self.pods, key, None, &mut dirty.pods),
                    "Node" => put(&mut self.nodes, reference.name, None, &mut dirty.nodes),
                    "Namespace" => {
                        put(&mut self.namespaces, reference.name, None, &mut dirty.namespaces);
                    }
                    "ServiceEntry" => put(&mut self.entries, key, None, &mut dirty.entries),
                    "WorkloadEntry" => {
                        put(&mut self.workload_entries, key, None, &mut dirty.workload_entries);
                    }
                    _ => {}
                }
            }
        }
    }

    fn apply(&mut self, resource: Resource, strings: &mut Strings, dirty: &mut Dirty) {
        match resource {
            Resource::Service(object) => {
                put(&mut self.services, key(&object, strings), Some(object), &mut dirty.services);
            }
            Resource::EndpointSlice(object) => {
                let facts = SliceFacts::of(&object, strings).map(Arc::new);
                self.put_slice(key(&object, strings), facts, dirty);
            }
            Resource::Pod(object) => {
                let facts = PodFacts::of(&object, strings).map(Arc::new);
                put(&mut self.pods, key(&object, strings), facts, &mut dirty.pods);
            }
            Resource::Node(object) => {
                let key = strings.get(&object.metadata.name);
                put(&mut self.nodes, key, Some(object), &mut dirty.nodes);
            }
            Resource::Namespace(object) => {
                let key = strings.get(&object.metadata.name);
                put(&mut self.namespaces, key, Some(object), &mut dirty.namespaces);
            }
            Resource::ServiceEntry(object) => {
                put(&mut self.entries, key(&object, strings), Some(object), &mut dirty.entries);
            }
            Resource::WorkloadEntry(object) => {
                let key = key(&object, strings);
                put(&mut self.workload_entries, key, Some(object), &mut dirty.workload_entries);
            }
        }
    }

    fn put_slice(&mut self, key: Name, facts: Option<Arc<SliceFacts>>, dirty: &mut Dirty) {
        if self.slices.get(&key) == facts.as_ref() {
            return;
        }
        let old = match facts {
            Some(facts) => self.slices.insert(key.clone(), facts),
            None => self.slices.remove(&key),
        };
        dirty.slices.push((key, old));
    }

    /// Everything, to be derived from nothing.
    pub(super) fn all(&self) -> Dirty {
        Dirty {
            namespaces: self.namespaces.iter().map(|(key, _)| Arc::clone(key)).collect(),
            nodes: BTreeSet::new(),
            pods: keys(&self.pods),
            workload_entries: keys(&self.workload_entries),
            services: keys(&self.services),
            entries: keys(&self.entries),
            slices: self.slices.iter().map(|(key, _)| (key.clone(), None)).collect(),
            hosts: BTreeSet::new(),
            aliases: true,
        }
    }
}

fn key<S>(object: &Object<S>, strings: &mut Strings) -> Name {
    strings.name(&object.metadata.namespace, &object.metadata.name)
}

fn keys<V: Clone>(tree: &Tree<Name, V>) -> BTreeSet<Name> {
    tree.iter().map(|(key, _)| key.clone()).collect()
}

fn put<K: Ord + Clone, V: Clone + PartialEq>(
    tree: &mut Tree<K, V>,
    key: K,
    value: Option<V>,
    dirty: &mut BTreeSet<K>,
) {
    if tree.get(&key) == value.as_ref() {
        return;
    }
    match value {
        Some(value) => {
            tree.insert(key.clone(), value);
        }
        None => {
            tree.remove(&key);
        }
    }
    dirty.insert(key);
}
