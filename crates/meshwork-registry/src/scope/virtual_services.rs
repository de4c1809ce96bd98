//! Which VirtualServices a namespace sees, in which order, and which of them a listener imports.

use std::sync::Arc;

use meshwork_api::{Object, mesh::MeshConfig, networking::VirtualService};
use meshwork_core::Namespace;

use super::{hosts::Imports, implicit::qualify};
use crate::{Proxy, Visibility, settings};

/// The gateway name that stands for all sidecars.
const MESH: &str = "mesh";

/// The group of public VirtualServices; before it come private ones and those exported by name.
const PUBLIC: u8 = 2;

type List = [Arc<Object<VirtualService>>];

/// The VirtualServices that a namespace sees, in the order of precedence.
#[derive(Clone, Debug)]
pub(super) struct Visible {
    pub(super) objects: Arc<List>,
    /// Where public ones begin.
    public_from: usize,
}

impl Visible {
    /// Those bound to a gateway. Public ones from Gateway API routes of the proxy's own namespace
    /// go before other public ones.
    pub(super) fn of_gateway<'a>(
        &'a self,
        gateway: &'a str,
        own: &'a Namespace,
    ) -> impl Iterator<Item = &'a Arc<Object<VirtualService>>> + 'a {
        let (named, public) = self.split();
        let bound = move |object: &&Arc<Object<VirtualService>>| is_bound(object, gateway);
        let preferred = move |object: &&Arc<Object<VirtualService>>| is_preferred(object, own);
        let first = public.iter().filter(preferred);
        let rest = public.iter().filter(move |object| !preferred(object));
        named.iter().chain(first).chain(rest).filter(bound)
    }

    fn split(&self) -> (&List, &List) {
        self.objects.split_at_checked(self.public_from).unwrap_or_default()
    }
}

/// The VirtualServices that `namespace` may see: its private ones, those that name it in
/// `exportTo`, public ones. Each group by age, then by name and namespace.
///
/// Delegates, which have no hosts, are left out.
pub(super) fn visible(
    objects: &[Arc<Object<VirtualService>>],
    namespace: &Namespace,
    mesh: &MeshConfig,
) -> Visible {
    let mut ranked: Vec<(u8, &Arc<Object<VirtualService>>)> = objects
        .iter()
        .filter(|object| !object.spec.hosts.is_empty())
        .filter_map(|object| Some((rank(object, namespace, mesh)?, object)))
        .collect();
    ranked.sort_by_key(|(rank, object)| {
        let meta = &object.metadata;
        (*rank, meta.creation_timestamp, meta.name.as_str(), meta.namespace.as_str())
    });
    let public_from = ranked.partition_point(|(rank, _)| *rank < PUBLIC);
    let objects = ranked.into_iter().map(|(_, object)| Arc::clone(object)).collect();
    Visible { objects, public_from }
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
///
/// It counts in which namespace the VirtualService is, not its services. One host in common is
/// enough, in either direction; then the whole resource is imported.
pub(super) fn import(
    visible: &Visible,
    imports: &Imports<'_>,
    proxy: &Proxy,
) -> Arc<[Arc<Object<VirtualService>>]> {
    let imported = |object: &&Arc<Object<VirtualService>>| {
        if imports.is_everything() {
            return true;
        }
        let namespace = object.metadata.namespace.as_str();
        object.spec.hosts.iter().any(|host| {
            let host = qualify(host, namespace, &proxy.cluster_domain);
            let meant = if has_gateway_semantics(object) {
                imports.of(namespace).any(|hosts| hosts.cover(&host))
            } else {
                imports.of(namespace).any(|hosts| hosts.overlap(&host))
            };
            meant && !imports.excludes(namespace, &host)
        })
    };
    let (named, public) = visible.split();
    let mut found = Vec::new();
    for group in [named, public] {
        let (first, rest): (Vec<_>, Vec<_>) = group
            .iter()
            .filter(|object| is_bound(object, MESH))
            .filter(imported)
            .cloned()
            .partition(|object| is_preferred(object, &proxy.namespace));
        found.extend(first);
        found.extend(rest);
    }
    found.into()
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
