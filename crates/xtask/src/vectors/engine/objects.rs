//! The resources of a scenario as the source of a cluster would tell them.

use meshwork_api::{AnyObject, mesh::MeshConfig};
use serde_json::{Value, json};

use crate::vectors::scenario::Question;

/// The objects that the webhook admitted, in order of creation, with the ages of the scenario.
///
/// # Errors
/// The first object that cannot be read, and why.
pub(super) fn in_force(question: &Question) -> Result<Vec<AnyObject>, String> {
    let mut objects = Vec::with_capacity(question.resources.len());
    for (at, resource) in question.resources.iter().enumerate() {
        if question.refused.get(at) == Some(&true) {
            continue;
        }
        let mut resource = resource.clone();
        complete(&mut resource, at);
        let name = resource.pointer("/metadata/name").map(ToString::to_string);
        let object = serde_json::from_value(resource)
            .map_err(|error| format!("{}: {error}", name.unwrap_or_default()))?;
        objects.push(object);
    }
    Ok(objects)
}

/// Adds what a cluster adds: the namespace, and the time of creation.
fn complete(resource: &mut Value, at: usize) {
    let scoped =
        !matches!(resource.get("kind").and_then(Value::as_str), Some("Node" | "Namespace"));
    let Some(metadata) = resource.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    if scoped {
        metadata.entry("namespace").or_insert_with(|| json!("default"));
    }
    let created = || {
        let (minutes, seconds) = (at / 60, at % 60);
        json!(format!("2026-01-01T{:02}:{:02}:{seconds:02}Z", minutes / 60, minutes % 60))
    };
    metadata.entry("creationTimestamp").or_insert_with(created);
}

/// The mesh's configuration.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn mesh(question: &Question) -> Result<MeshConfig, String> {
    match &question.mesh {
        Some(mesh) => serde_json::from_value(mesh.clone()).map_err(|error| error.to_string()),
        None => Ok(MeshConfig::default()),
    }
}
