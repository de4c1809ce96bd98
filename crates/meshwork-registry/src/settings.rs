//! What the registry has to know of the mesh and of its cluster.

use std::sync::Arc;

use meshwork_api::mesh::MeshConfig;

use crate::Visibility;

/// What the registry has to know of the mesh and of its cluster.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The mesh's configuration.
    pub mesh: Arc<MeshConfig>,
    /// The name of the cluster whose resources the registry holds.
    pub cluster: Arc<str>,
    /// The domain of cluster names.
    pub cluster_domain: Arc<str>,
}

impl Settings {
    /// Those of a single cluster `Kubernetes` with the domain `cluster.local`.
    pub fn new(mesh: Arc<MeshConfig>) -> Self {
        Self { mesh, cluster: Arc::from("Kubernetes"), cluster_domain: Arc::from("cluster.local") }
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
