//! Which VirtualServices a namespace sees, in which order, and which of them a listener imports.

use std::sync::Arc;

use meshwork_api::{Object, mesh::MeshConfig, networking::VirtualService};
use meshwork_core::Namespace;

use super::{
    hosts::Imports,
    implicit::qualify,
    list::{PUBLIC, Precedence, VirtualServices},
};
use crate::{Proxy, Visibility, settings};

/// The gateway name that stands for all sidecars.
const MESH: &str = "mesh";

/// The VirtualServices that `namespace` may see: its private ones, those that name it in
/// `exportTo`, public ones. Each group by age, then by name and namespace.
///
/// Delegates, which have no hosts, are left out.
pub(super) fn visible<'a>(
    objects: impl IntoIterator<Item = &'a Arc<Object<VirtualService>>>,
    namespace: &Namespace,
    mesh: &MeshConfig,
) -> VirtualServices {
    let placed = |object: &Arc<Object<VirtualService>>| {
        Some((place(object, namespace, mesh)?, Arc::clone(object)))
    };
    objects.into_iter().filter_map(placed).collect()
}

/// Where a VirtualService stands among those that `namespace` may see; `None` where it does not.
pub(super) fn place(
    object: &Object<VirtualService>,
    namespace: &Namespace,
    mesh: &MeshConfig,
) -> Option<Precedence> {
    if object.spec.hosts.is_empty() {
        return None;
    }
    Some(Precedence::new(rank(object, namespace, mesh)?, object))
}

/// The place of a visible VirtualService at a gateway; `None` where it is not bound to it. Public
/// ones from Gateway API routes of the proxy's own namespace go before other public ones.
pub(super) fn place_at_gateway(
    place: &Precedence,
    object: &Object<VirtualService>,
    gateway: &str,
    own: &Namespace,
) -> Option<Precedence> {
    let later = place.is_public() && !is_preferred(object, own);
    is_bound(object, gateway).then(|| place.later(later))
}

/// The group that a VirtualService belongs to for `namespace`, `None` where it is not visible.
fn rank(object: &Object<VirtualService>, namespace: &Namespace, mesh: &MeshConfig) -> Option<u8> {
    let own = object.metadata.namespace.as_str();
    let visibility = if object.spec.export_to.is_empty() {
        settings::default_visibility(&mesh.default_virtual_service_export_to, own)
    } else {
        Visibility::of(object.spec.export_to.iter().map(String::as_str), own)
    };
    match visibility {
        Visibility::Public => Some(PUBLIC),
        _ if !visibility.visible_to(namespace.as_str()) => None,
        _ => Some(u8::from(*namespace != *own)),
    }
}

/// Whether a VirtualService is bound to `gateway`: `NAMESPACE/NAME` or `mesh`.
fn is_bound(object: &Object<VirtualService>, gateway: &str) -> bool {
    let gateways = &object.spec.gateways;
    if gateways.is_empty() {
        return gateway == MESH;
    }
    gateways.iter().any(|name| names_gateway(name, &object.metadata.namespace, gateway))
}

/// Whether `name`, written in a resource of `namespace`, is the gateway `wanted`. Istio still reads
/// the form `gateway.namespace` too.
fn names_gateway(name: &str, namespace: &str, wanted: &str) -> bool {
    if name == MESH || wanted == MESH {
        return name == wanted;
    }
    let Some((wanted_namespace, wanted_name)) = wanted.split_once('/') else {
        return false;
    };
    let (own_namespace, own_name) = match name.split_once('/') {
        Some((".", own)) => (namespace, own),
        Some(pair) => pair,
        None => match name.split_once('.') {
            Some((own, rest)) => (rest.split('.').next().unwrap_or_default(), own),
            None => (namespace, name),
        },
    };
    (own_namespace, own_name) == (wanted_namespace, wanted_name)
}

/// Those of sidecars that a listener imports, in order.
pub(super) fn import(
    visible: &VirtualServices,
    imports: &Imports<'_>,
    proxy: &Proxy,
) -> VirtualServices {
    let placed = |(place, object): (&Precedence, &Arc<Object<VirtualService>>)| {
        Some((imported(place, object, imports, proxy)?, Arc::clone(object)))
    };
    visible.places().filter_map(placed).collect()
}

/// The place that a visible VirtualService has in a listener; `None` where it is not imported.
///
/// It counts in which namespace the VirtualService is, not its services. One host in common is
/// enough, in either direction; then the whole resource is imported.
pub(super) fn imported(
    place: &Precedence,
    object: &Object<VirtualService>,
    imports: &Imports<'_>,
    proxy: &Proxy,
) -> Option<Precedence> {
    if !is_bound(object, MESH) {
        return None;
    }
    let namespace = object.metadata.namespace.as_str();
    let common = |host: &String| {
        let host = qualify(host, namespace, &proxy.cluster_domain);
        let meant = if has_gateway_semantics(object) {
            imports.of(namespace).any(|hosts| hosts.cover(&host))
        } else {
            imports.of(namespace).any(|hosts| hosts.overlap(&host))
        };
        meant && !imports.excludes(namespace, &host)
    };
    let meant = imports.is_everything() || object.spec.hosts.iter().any(common);
    meant.then(|| place.later(!is_preferred(object, &proxy.namespace)))
}

/// Whether the resource was made from a Gateway API route of the client's own namespace; those go
/// first.
fn is_preferred(object: &Object<VirtualService>, own: &Namespace) -> bool {
    has_gateway_semantics(object) && *own == *object.metadata.namespace
}

fn has_gateway_semantics(object: &Object<VirtualService>) -> bool {
    object.metadata.annotations.get("internal.istio.io/route-semantics").map(String::as_str)
        == Some("gateway")
}
