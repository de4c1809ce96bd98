//! Reads MeshConfig, which is no object of a cluster.

use super::document::{Document, Text};
use super::located::Located;
use super::{Admission, Diagnostic, Limits, Source, yaml};
use crate::mesh::MeshConfig;
use crate::proto::{Field, Reading};
use crate::{Layer, Report, Severity, coverage};
use serde_json::Value;
use std::sync::Arc;

/// Reads a MeshConfig from YAML or JSON: the document itself, or the ConfigMap that holds it
/// under the key `mesh`.
///
/// # Errors
/// The text is malformed, or the [`Report`] of what it says refuses it; fields that are not set
/// keep their zero values, Istio's defaults are applied elsewhere.
pub fn mesh_config(
    source_name: &str,
    text: &str,
    admission: Admission,
) -> Result<Located<MeshConfig>, Vec<Diagnostic>> {
    read(source_name, text, admission, true)
}

fn read(
    source_name: &str,
    text: &str,
    admission: Admission,
    may_be_config_map: bool,
) -> Result<Located<MeshConfig>, Vec<Diagnostic>> {
    let source = Source::new(source_name, text);
    let limits = Limits::default();
    let error = |message: String, span: std::ops::Range<usize>| {
        vec![Diagnostic {
            severity: Severity::Error,
            layer: Layer::Reading,
            resource: None,
            path: String::new(),
            message,
            source: source.clone(),
            span,
        }]
    };
    if text.len() > limits.max_document_bytes {
        let limit = limits.max_document_bytes;
        return Err(error(format!("the text is longer than {limit} bytes"), 0..0));
    }
    let (mut documents, malformed) = yaml::compose(text, &limits);
    if let Some(malformed) = malformed {
        return Err(error(malformed.message, malformed.span));
    }
    if documents.len() > 1 {
        return Err(error("expected one document with the MeshConfig".to_owned(), 0..0));
    }
    let value = documents.pop().map(|document| document.value).unwrap_or_default();
    if let Some(inner) = config_map_entry(&value).filter(|_| may_be_config_map) {
        return read(&format!("{source_name} (data.mesh)"), inner, admission, false);
    }
    let mut reading = Reading::default();
    let config = if value.is_null() {
        Some(MeshConfig::default())
    } else {
        MeshConfig::read(&value, &mut reading)
    };
    let mut report = Report::new();
    report.extend(reading.finish().into_iter().filter_map(|problem| admission.judge(problem)));
    let range = 0..text.len();
    let document = Arc::new(Document::new(Arc::new(Text { source, limits }), range, 0));
    let located = Located::new(config, report, document, String::new(), None)
        .with_unenforced(coverage::find_in_mesh_config(&value));
    if located.report().is_rejected() {
        return Err(located.report().iter().map(|v| located.diagnostic(v)).collect());
    }
    located.transpose().ok_or_else(Vec::new)
}

fn config_map_entry(value: &Value) -> Option<&str> {
    if value.get("kind").and_then(Value::as_str) != Some("ConfigMap") {
        return None;
    }
    value.get("data")?.get("mesh")?.as_str()
}
