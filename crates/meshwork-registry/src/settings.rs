//! What the registry has to know of the mesh and of its cluster.

use std::{net::IpAddr, sync::Arc};

use meshwork_api::{
    ObjectMeta,
    mesh::{self, LabelSelector, MeshConfig, MeshNetworks, NetworkEndpointsKind},
};
use meshwork_core::AddressRange;

use crate::Visibility;

/// What the registry has to know of the mesh and of its cluster.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The mesh's configuration.
    pub mesh: Arc<MeshConfig>,
    /// Which addresses are on which network, in a mesh of several.
    pub networks: Option<Arc<MeshNetworks>>,
    /// The name of the cluster whose resources the registry holds.
    pub cluster: Arc<str>,
    /// The domain of cluster names.
    pub cluster_domain: Arc<str>,
}

impl Settings {
    /// Those of a single cluster `Kubernetes` with the domain `cluster.local`.
    pub fn new(mesh: Arc<MeshConfig>) -> Self {
        Self {
            mesh,
            networks: None,
            cluster: Arc::from("Kubernetes"),
            cluster_domain: Arc::from("cluster.local"),
        }
    }

    /// The trust domain of the mesh.
    pub fn trust_domain(&self) -> &str {
        match self.mesh.trust_domain.as_str() {
            "" => "cluster.local",
            domain => domain,
        }
    }

    /// The network that `meshNetworks` gives an address, empty where it gives none: the one that
    /// names this cluster, else the narrowest range.
    pub(crate) fn network_of(&self, address: Option<IpAddr>) -> &str {
        let networks = self.networks.iter().flat_map(|networks| &networks.networks);
        let mut best: Option<(u8, &str)> = None;
        for (name, network) in networks {
            for endpoints in &network.endpoints {
                match &endpoints.ne {
                    Some(NetworkEndpointsKind::FromRegistry(own)) if **own == *self.cluster => {
                        return name;
                    }
                    Some(NetworkEndpointsKind::FromCidr(range)) => {
                        let range = range.parse::<AddressRange>().ok();
                        let found = range.zip(address).filter(|(range, ip)| range.contains(*ip));
                        if let Some((range, _)) = found
                            && best.is_none_or(|(length, _)| range.prefix_len() > length)
                        {
                            best = Some((range.prefix_len(), name));
                        }
                    }
                    _ => {}
                }
            }
        }
        best.map_or("", |(_, name)| name)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

/// The root namespace of the mesh, `istio-system` unless said otherwise.
pub(crate) fn root_namespace(mesh: &MeshConfig) -> &str {
    if mesh.root_namespace.is_empty() { "istio-system" } else { &mesh.root_namespace }
}

/// What a default `exportTo` of the mesh means for a resource of `namespace`.
pub(crate) fn default_visibility(export_to: &[String], namespace: &str) -> Visibility {
    if export_to.is_empty() {
        return Visibility::Public;
    }
    Visibility::of(export_to.iter().map(String::as_str), namespace)
}

/// Who may see a ServiceEntry: its `exportTo`, or the mesh's default, narrowed by
/// `serviceEntryVisibility` where that applies to sidecars.
pub(crate) fn entry_visibility(
    mesh: &MeshConfig,
    meta: &ObjectMeta,
    export_to: &[String],
    namespace: Option<&ObjectMeta>,
) -> Visibility {
    let own = meta.namespace.as_str();
    let export_to =
        if export_to.is_empty() { &mesh.default_service_export_to[..] } else { export_to };
    let declared = default_visibility(export_to, own);
    let Some(policy) = &mesh.service_entry_visibility else { return declared };
    if !policy.apply_to_sidecars {
        return declared;
    }
    let matching = policy.policies.iter().find(|policy| {
        policy.matching_rules.iter().all(|rule| {
            rule.namespace_selector.as_ref().is_some_and(|selector| selects(selector, namespace))
        })
    });
    match matching.map_or(policy.default_visibility, |policy| policy.visibility) {
        mesh::Visibility::None => Visibility::Nobody,
        mesh::Visibility::Namespace if declared.visible_to(own) => Visibility::of(["."], own),
        mesh::Visibility::Namespace => Visibility::Nobody,
        _ => declared,
    }
}

/// Whether a selector matches the labels of a namespace; one that cannot be read matches nothing.
fn selects(selector: &LabelSelector, namespace: Option<&ObjectMeta>) -> bool {
    let label = |key: &str| namespace.and_then(|meta| meta.labels.get(key));
    selector.match_labels.iter().all(|(key, value)| label(key) == Some(value))
        && selector.match_expressions.iter().all(|expression| {
            let value = label(&expression.key);
            match expression.operator.as_str() {
                "In" => value.is_some_and(|value| expression.values.contains(value)),
                "NotIn" => value.is_none_or(|value| !expression.values.contains(value)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
