//! What cannot be expressed yet, and why.

use serde_json::Value;

use crate::vectors::{
    answer::Unsupported,
    scenario::{Case, Question},
};

use super::identity::in_force;

/// Why a case cannot be run yet; `None` where it can.
pub(super) fn of(question: &Question, case: &Case) -> Option<Unsupported> {
    let no = |reason: &str| Some(Unsupported(reason.to_owned()));
    if in_force(question).any(|resource| {
        let version = resource.get("apiVersion").and_then(Value::as_str);
        version.is_some_and(|version| version.starts_with("gateway.networking"))
    }) {
        return no("the Gateway API");
    }
    // What a proxy asks of requests, it asks of those that come to it.
    if case.send.outbound.is_some() || case.send.request.is_none() {
        return None;
    }
    if in_force(question).any(|resource| authenticates(resource, question, &case.proxy)) {
        return no("RequestAuthentication");
    }
    None
}

/// Whether the resource is a RequestAuthentication that may select the proxy's workload.
fn authenticates(resource: &Value, question: &Question, proxy: &str) -> bool {
    let text = |path: &str| resource.pointer(path).and_then(Value::as_str);
    let Some(proxy) = question.proxies.get(proxy) else { return false };
    if text("/kind") != Some("RequestAuthentication") {
        return false;
    }
    let root = question.mesh.as_ref().and_then(|mesh| mesh.get("rootNamespace"));
    let root = root.and_then(Value::as_str).unwrap_or("istio-system");
    let namespace = text("/metadata/namespace").unwrap_or("default");
    let labels = resource.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let selected = labels
        .into_iter()
        .flatten()
        .all(|(name, value)| proxy.labels.get(name).map(String::as_str) == value.as_str());
    (namespace == root || namespace == proxy.namespace) && selected
}
