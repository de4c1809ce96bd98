//! Which `Sidecar` rules a proxy.

use std::sync::Arc;

use meshwork_api::{Object, mesh::MeshConfig, networking::Sidecar};
use meshwork_core::Namespace;

use crate::{Proxy, settings};

/// The `Sidecar` of a proxy; `None` is Istio's default, which imports everything.
///
/// In the proxy's namespace: the oldest whose selector matches, else the oldest without one. Else
/// the oldest without a selector in the root namespace. Nothing is merged.
pub(super) fn select(
    sidecars: &[Arc<Object<Sidecar>>],
    proxy: &Proxy,
    mesh: &MeshConfig,
) -> Option<Arc<Object<Sidecar>>> {
    let own = |object: &Arc<Object<Sidecar>>| proxy.namespace == *object.metadata.namespace;
    let selecting = oldest(sidecars.iter().filter(|object| {
        own(object)
            && object.spec.workload_selector.as_ref().is_some_and(|selector| {
                selector
                    .labels
                    .iter()
                    .all(|(key, value)| proxy.labels.get(key) == Some(value.as_str()))
            })
    }));
    let without = |namespace: &Namespace| {
        oldest(sidecars.iter().filter(|object| {
            *namespace == *object.metadata.namespace && object.spec.workload_selector.is_none()
        }))
    };
    selecting
        .or_else(|| without(&proxy.namespace))
        .or_else(|| without(&Namespace::from(settings::root_namespace(mesh))))
        .cloned()
}

fn oldest<'a>(
    sidecars: impl Iterator<Item = &'a Arc<Object<Sidecar>>>,
) -> Option<&'a Arc<Object<Sidecar>>> {
    sidecars.min_by_key(|object| {
        let meta = &object.metadata;
        (meta.creation_timestamp, &meta.name, &meta.namespace)
    })
}
