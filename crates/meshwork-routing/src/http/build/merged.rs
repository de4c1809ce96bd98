//! VirtualServices with their delegates merged into them.

use std::{collections::BTreeSet, fmt, sync::Arc};

use meshwork_api::{
    Object,
    mesh::MeshConfig,
    networking::{Delegate, HttpRoute, VirtualService},
};
use meshwork_core::{FieldPath, PersistentMap};

use super::delegates;
use crate::CompileError;

/// Namespace and name.
type Key = (Arc<str>, Arc<str>);

/// VirtualServices as they were written, by namespace and name.
type Written = PersistentMap<Key, Arc<Object<VirtualService>>>;

/// An object before and after a change.
type Changed<'a> =
    (Option<&'a Arc<Object<VirtualService>>>, Option<&'a Arc<Object<VirtualService>>>);

/// All VirtualServices, each `http` entry with a `delegate` replaced by the entries of the
/// VirtualService that it names.
///
/// Scopes and routes are computed from these; where an entry was written is kept for those who
/// explain.
#[derive(Clone, Default)]
pub struct MergedVirtualServices {
    mesh: Arc<MeshConfig>,
    cluster_domain: Arc<str>,
    written: Written,
    objects: PersistentMap<Key, Arc<Object<VirtualService>>>,
    /// Origins of the entries of those that have delegates.
    origins: PersistentMap<Key, Arc<[EntryOrigin]>>,
    diagnostics: PersistentMap<Key, Arc<[CompileError]>>,
    /// A delegate's name, and a root that names it.
    roots: PersistentMap<(Key, Key), ()>,
}

/// Where an entry was written, and each of its matches.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EntryOrigin {
    pub(super) entry: FieldPath,
    pub(super) matches: Vec<FieldPath>,
}

/// What becomes of a root with delegates.
struct Merged {
    http: Vec<HttpRoute>,
    origins: Vec<EntryOrigin>,
    diagnostics: Vec<CompileError>,
}

impl MergedVirtualServices {
    /// Merges delegates into their roots; everything else stays as it is.
    ///
    /// A delegate is a VirtualService without hosts; it has to be exported to the root's
    /// namespace. Where it is missing, or nothing of it fits the root's matches, the entry alone
    /// is left out, which [`Self::diagnostics`] says.
    pub fn new<'a>(
        all: impl IntoIterator<Item = &'a Arc<Object<VirtualService>>>,
        mesh: &Arc<MeshConfig>,
        cluster_domain: &str,
    ) -> Self {
        let key = |object: &Object<VirtualService>| {
            (object.metadata.namespace.as_str().into(), object.metadata.name.as_str().into())
        };
        let written = all.into_iter().map(|object| (key(object), Arc::clone(object))).collect();
        Self::of(&written, mesh, cluster_domain, None)
    }

    /// The same for VirtualServices by namespace and name, at the cost of what is different from
    /// `previous`, whose other objects are kept.
    pub fn of(
        written: &Written,
        mesh: &Arc<MeshConfig>,
        cluster_domain: &str,
        previous: Option<&Self>,
    ) -> Self {
        let same = |previous: &&Self| {
            Arc::ptr_eq(&previous.mesh, mesh) && *previous.cluster_domain == *cluster_domain
        };
        let mut merged = previous.filter(same).cloned().unwrap_or_else(|| Self {
            mesh: Arc::clone(mesh),
            cluster_domain: cluster_domain.into(),
            ..Self::default()
        });
        let before = std::mem::replace(&mut merged.written, written.clone());
        let mut changed = BTreeSet::new();
        for change in before.diff(written) {
            if change.before.zip(change.after).is_some_and(|(a, b)| Arc::ptr_eq(a, b)) {
                continue;
            }
            changed.insert(change.key.clone());
            changed.extend(merged.roots.group(change.key).map(|(root, ())| root.clone()));
            for delegate in change.before.into_iter().flat_map(|object| named(object)) {
                merged.roots.remove(&(delegate, change.key.clone()));
            }
            for delegate in change.after.into_iter().flat_map(|object| named(object)) {
                merged.roots.insert((delegate, change.key.clone()), ());
            }
        }
        if merged.objects.is_empty() && merged.roots.is_empty() {
            // Nothing names another: they are what was written.
            merged.objects = written.clone();
            return merged;
        }
        for key in changed {
            merged.settle(&key);
        }
        merged
    }

    /// Merges one VirtualService anew, or forgets one that is gone.
    fn settle(&mut self, key: &Key) {
        let Some(object) = self.written.get(key).cloned() else {
            self.objects.remove(key);
            self.origins.remove(key);
            self.diagnostics.remove(key);
            return;
        };
        let delegates = !object.spec.hosts.is_empty()
            && object.spec.http.iter().any(|entry| entry.delegate.is_some());
        if !delegates {
            self.objects.insert(key.clone(), object);
            self.origins.remove(key);
            self.diagnostics.remove(key);
            return;
        }
        let Merged { http, origins, diagnostics } = self.merge(&object);
        let new = with_http(&object, http);
        let known = self.objects.get(key).filter(|known| ***known == new);
        let same_origins = self.origins.get(key).is_some_and(|known| **known == *origins);
        if known.is_none() || !same_origins {
            self.objects.insert(key.clone(), Arc::new(new));
            self.origins.insert(key.clone(), origins.into());
        }
        if diagnostics.is_empty() {
            self.diagnostics.remove(key);
        } else {
            self.diagnostics.insert(key.clone(), diagnostics.into());
        }
    }

    fn merge(&self, object: &Object<VirtualService>) -> Merged {
        let mut merged = Merged { http: Vec::new(), origins: Vec::new(), diagnostics: Vec::new() };
        for (index, entry) in object.spec.http.iter().enumerate() {
            let own = FieldPath::new(object.reference(), format!("spec.http[{index}]"));
            let Some(written) = &entry.delegate else {
                merged.http.push(entry.clone());
                merged.origins.push(EntryOrigin { entry: own, matches: Vec::new() });
                continue;
            };
            let name = named_by(object, written);
            let found = self.written.get(&name).filter(|found| found.spec.hosts.is_empty());
            let visible = found
                .filter(|delegate| is_exported(delegate, &object.metadata.namespace, &self.mesh));
            let Some(delegate) = visible else {
                let reason = match found {
                    Some(_) => "is not exported to this namespace",
                    None => "does not exist",
                };
                let path = format!("{}.delegate", own.path);
                let field = FieldPath::new(own.resource, path);
                let message = format!("the delegate `{}/{}` {reason}", name.0, name.1);
                merged.diagnostics.push(CompileError::new(field, message));
                continue;
            };
            let root = delegates::Root {
                entry,
                field: own,
                namespace: &object.metadata.namespace,
                cluster_domain: &self.cluster_domain,
            };
            for (entry, origin) in root.merge(delegate, &mut merged.diagnostics) {
                merged.http.push(entry);
                merged.origins.push(origin);
            }
        }
        merged
    }

    /// The VirtualServices with their delegates' entries in place, delegates among them, by
    /// namespace and name.
    pub fn objects(&self) -> impl Iterator<Item = &Arc<Object<VirtualService>>> + Clone {
        self.objects.values()
    }

    /// The objects of `newer` that are not those of this version, with what they were before.
    pub fn changes<'a>(&'a self, newer: &'a Self) -> impl Iterator<Item = Changed<'a>> + Clone {
        let same = |(before, after): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(before, after);
        self.objects
            .diff(&newer.objects)
            .map(|change| (change.before, change.after))
            .filter(move |(before, after)| !before.zip(*after).is_some_and(same))
    }

    /// What of the delegates could not be merged.
    pub fn diagnostics(&self) -> impl Iterator<Item = &CompileError> {
        self.diagnostics.values().flat_map(|found| found.iter())
    }

    pub(super) fn origins(&self, object: &Object<VirtualService>) -> Option<&Arc<[EntryOrigin]>> {
        if self.origins.is_empty() {
            return None;
        }
        let meta = &object.metadata;
        let own = |(namespace, name): &Key| {
            (**namespace).cmp(&meta.namespace).then_with(|| (**name).cmp(&meta.name))
        };
        self.origins.find(own).map(|(_, origins)| origins)
    }
}

impl fmt::Debug for MergedVirtualServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergedVirtualServices")
            .field("objects", &self.objects.len())
            .field("with_delegates", &self.origins.len())
            .field("diagnostics", &self.diagnostics)
            .finish()
    }
}

/// The names of the delegates that a root names.
fn named(root: &Object<VirtualService>) -> impl Iterator<Item = Key> + '_ {
    let roots = (!root.spec.hosts.is_empty()).then_some(&root.spec.http);
    let written = roots.into_iter().flatten().filter_map(|entry| entry.delegate.as_ref());
    written.map(|written| named_by(root, written))
}

/// The namespace and name that a root means; its own namespace where it gives none.
fn named_by(root: &Object<VirtualService>, written: &Delegate) -> Key {
    let namespace = match written.namespace.as_str() {
        "" => root.metadata.namespace.as_str(),
        namespace => namespace,
    };
    (namespace.into(), written.name.as_str().into())
}

fn with_http(object: &Object<VirtualService>, http: Vec<HttpRoute>) -> Object<VirtualService> {
    let mut merged = object.clone();
    merged.spec.http = http;
    merged
}

/// Whether a delegate may be used by roots of `namespace`.
fn is_exported(delegate: &Object<VirtualService>, namespace: &str, mesh: &MeshConfig) -> bool {
    let own = delegate.metadata.namespace.as_str();
    let list = match delegate.spec.export_to.as_slice() {
        [] => mesh.default_virtual_service_export_to.as_slice(),
        list => list,
    };
    list.is_empty()
        || list.iter().any(|entry| match entry.as_str() {
            "*" => true,
            "." => own == namespace,
            entry => entry == namespace,
        })
}
