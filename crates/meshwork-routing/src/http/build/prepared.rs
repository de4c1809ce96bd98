//! VirtualServices as HTTP routes read them: names qualified, origins of merged entries known.

use std::sync::Arc;

use meshwork_api::{Object, networking::VirtualService};
use meshwork_core::{FieldPath, HostPattern, Hostname, ResourceRef};

use super::{MergedVirtualServices, merged::EntryOrigin};

/// One VirtualService with its hosts qualified.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) object: Arc<Object<VirtualService>>,
    pub(super) hosts: Box<[HostPattern]>,
    pub(super) resource: ResourceRef,
    origins: Option<Arc<[EntryOrigin]>>,
}

impl Prepared {
    pub(super) fn new(
        object: &Arc<Object<VirtualService>>,
        cluster_domain: &str,
        merged: Option<&MergedVirtualServices>,
    ) -> Self {
        let namespace = object.metadata.namespace.as_str();
        let qualify =
            |host: &String| Hostname::qualify(host, namespace, cluster_domain).to_pattern();
        Self {
            hosts: object.spec.hosts.iter().map(qualify).collect(),
            resource: object.reference(),
            origins: merged.and_then(|merged| merged.origins(object).cloned()),
            object: Arc::clone(object),
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.object.metadata.namespace
    }

    /// Where the `http` entry of this number was written.
    pub(super) fn entry(&self, index: usize) -> FieldPath {
        match self.origins.as_deref().and_then(|origins| origins.get(index)) {
            Some(origin) => origin.entry.clone(),
            None => FieldPath::new(self.resource.clone(), format!("spec.http[{index}]")),
        }
    }

    /// Where a match of an entry was written.
    pub(super) fn matched(&self, entry: usize, index: usize) -> FieldPath {
        let origin = self.origins.as_deref().and_then(|origins| origins.get(entry));
        match origin.and_then(|origin| origin.matches.get(index)) {
            Some(field) => field.clone(),
            None => {
                let path = format!("spec.http[{entry}].match[{index}]");
                FieldPath::new(self.resource.clone(), path)
            }
        }
    }
}
