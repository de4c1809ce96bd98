//! What an API server says of an object before anybody else sees it.
//!
//! Istio installs a CustomResourceDefinition for every kind. A Kubernetes API server holds each
//! object against it (types, enumerations, patterns, lengths, required and exclusive fields, CEL
//! rules) and against its own rules for metadata, and drops the fields that the definition does
//! not name. The definitions stand here as tables, one per message; the rules work on untyped
//! JSON, because much of what they refuse has no typed form.

mod kinds;
mod metadata;
mod node;
mod path;
mod rules;
mod unknown;
mod walk;

use crate::validation::{is_of_istio, metadata_records};
use crate::{Layer, Report};
use path::Path;
use serde_json::Value;
use walk::Walk;

/// What an API server says of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaReport {
    /// Why it refuses the object; empty if it does not.
    pub report: Report,
    /// The fields that it drops, because the schema does not name them: `spec.http[0].direct_response`.
    /// Sorted; a client that asks for strict validation is refused for them.
    pub unknown_fields: Vec<String>,
}

impl SchemaReport {
    /// Whether the object is refused. Unknown fields alone refuse nothing.
    pub fn is_rejected(&self) -> bool {
        self.report.is_rejected()
    }
}

/// Holds an object of one of Istio's kinds against Kubernetes' and Istio's schemas.
///
/// Nulls count as absent where the schema does not take them. Objects of EnvoyFilter,
/// WasmPlugin, TrafficExtension and of kinds that are not Istio's are not checked: the report is
/// empty. Whether the namespace was left out is not
/// the object's matter, a client fills it in.
///
/// ```
/// let object = serde_json::json!({
///     "apiVersion": "security.istio.io/v1",
///     "kind": "PeerAuthentication",
///     "metadata": { "name": "default" },
///     "spec": { "mtls": { "mode": "strict" }, "selektor": {} },
/// });
/// let schema = meshwork_api::schema::check(&object);
/// assert!(schema.is_rejected());
/// assert_eq!(schema.report.violations[0].path, "spec.mtls.mode");
/// assert_eq!(schema.unknown_fields, ["spec.selektor"]);
/// ```
pub fn check(object: &Value) -> SchemaReport {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    let Some(schema) = kinds::schema_of(group, text("kind")) else {
        let mut report = Report::new();
        if is_of_istio(text("apiVersion")) && !UNCHECKED.contains(&text("kind")) {
            let message = format!("`{}` is not a kind of this API group", text("kind"));
            report.error(Layer::Schema, "kind", message);
        }
        return SchemaReport { report, unknown_fields: Vec::new() };
    };
    let mut report = Report::new();
    if !schema.versions.contains(&version) {
        let versions = schema.versions.join("`, `");
        let message =
            format!("`{version}` is no version of {}, which has `{versions}`", schema.kind);
        report.error(Layer::Schema, "apiVersion", message);
    }
    let mut walk = Walk { path: Path::default(), report: &mut report };
    walk.metadata(object.get("metadata"));
    if let Some(metadata) = object.get("metadata") {
        metadata_records(metadata, Layer::Schema, walk.report);
    }
    walk.path.key("spec");
    match object.get("spec") {
        Some(spec) if !spec.is_null() => walk.check(&schema.spec, spec),
        _ if schema.spec_required => walk.error("is required"),
        _ => {}
    }
    SchemaReport { report, unknown_fields: unknown::unknown_fields(object, &schema.spec) }
}

/// Kinds that are recognised but not enforced; their schemas do not stand here.
const UNCHECKED: [&str; 3] = ["EnvoyFilter", "WasmPlugin", "TrafficExtension"];
