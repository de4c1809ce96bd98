//! VirtualServices with their delegates merged into them.

use std::{fmt, sync::Arc};

use hashbrown::HashMap;
use meshwork_api::{
    Object,
    mesh::MeshConfig,
    networking::{HttpRoute, VirtualService},
};
use meshwork_core::FieldPath;

use super::delegates;
use crate::CompileError;

/// All VirtualServices, each `http` entry with a `delegate` replaced by the entries of the
/// VirtualService that it names.
///
/// Scopes and routes are computed from these; where an entry was written is kept for those who
/// explain.
#[derive(Clone, Default)]
pub struct MergedVirtualServices {
    objects: Arc<[Arc<Object<VirtualService>>]>,
    /// Origins of the entries of those that have delegates, by namespace and name.
    origins: HashMap<(String, String), Arc<[EntryOrigin]>>,
    diagnostics: Vec<CompileError>,
}

/// Where an entry was written, and each of its matches.
#[derive(Clone, Debug)]
pub(super) struct EntryOrigin {
    pub(super) entry: FieldPath,
    pub(super) matches: Vec<FieldPath>,
}

impl MergedVirtualServices {
    /// Merges delegates into their roots; everything else stays as it is, in the same order.
    ///
    /// A delegate is a VirtualService without hosts; it has to be exported to the root's
    /// namespace. Where it is missing, or nothing of it fits the root's matches, the entry alone
    /// is left out, which [`Self::diagnostics`] says.
    pub fn new(
        all: &[Arc<Object<VirtualService>>],
        mesh: &MeshConfig,
        cluster_domain: &str,
    ) -> Self {
        let key = |object: &Object<VirtualService>| {
            (object.metadata.namespace.clone(), object.metadata.name.clone())
        };
        let delegates: HashMap<(String, String), &Arc<Object<VirtualService>>> = all
            .iter()
            .filter(|object| object.spec.hosts.is_empty())
            .map(|object| (key(object), object))
            .collect();
        let mut merged = Self::default();
        let mut objects = Vec::with_capacity(all.len());
        for object in all {
            let root = !object.spec.hosts.is_empty();
            if !root || object.spec.http.iter().all(|entry| entry.delegate.is_none()) {
                objects.push(Arc::clone(object));
                continue;
            }
            let mut http = Vec::new();
            let mut origins = Vec::new();
            for (index, entry) in object.spec.http.iter().enumerate() {
                let own = FieldPath::new(object.reference(), format!("spec.http[{index}]"));
                let Some(written) = &entry.delegate else {
                    http.push(entry.clone());
                    origins.push(EntryOrigin { entry: own, matches: Vec::new() });
                    continue;
                };
                let namespace = match written.namespace.as_str() {
                    "" => object.metadata.namespace.as_str(),
                    namespace => namespace,
                };
                let found = delegates.get(&(namespace.to_owned(), written.name.clone()));
                let visible = found
                    .filter(|delegate| is_exported(delegate, &object.metadata.namespace, mesh));
                let Some(delegate) = visible else {
                    let reason = match found {
                        Some(_) => "is not exported to this namespace",
                        None => "does not exist",
                    };
                    let path = format!("{}.delegate", own.path);
                    let field = FieldPath::new(own.resource, path);
                    let message = format!("the delegate `{namespace}/{}` {reason}", written.name);
                    merged.diagnostics.push(CompileError::new(field, message));
                    continue;
                };
                let root = delegates::Root {
                    entry,
                    field: own,
                    namespace: &object.metadata.namespace,
                    cluster_domain,
                };
                let entries = root.merge(delegate, &mut merged.diagnostics);
                for (entry, origin) in entries {
                    http.push(entry);
                    origins.push(origin);
                }
            }
            merged.origins.insert(key(object), origins.into());
            objects.push(Arc::new(with_http(object, http)));
        }
        merged.objects = objects.into();
        merged
    }

    /// The VirtualServices with their delegates' entries in place, delegates among them.
    pub fn objects(&self) -> &Arc<[Arc<Object<VirtualService>>]> {
        &self.objects
    }

    /// What of the delegates could not be merged.
    pub fn diagnostics(&self) -> &[CompileError] {
        &self.diagnostics
    }

    pub(super) fn origins(&self, object: &Object<VirtualService>) -> Option<&Arc<[EntryOrigin]>> {
        if self.origins.is_empty() {
            return None;
        }
        let key = (object.metadata.namespace.clone(), object.metadata.name.clone());
        self.origins.get(&key)
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
