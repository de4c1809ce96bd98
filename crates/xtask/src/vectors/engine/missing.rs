//! What cannot be expressed yet, and why.

use serde_json::Value;

use crate::vectors::{
    answer::Unsupported,
    scenario::{Case, Question},
};

use super::{identity::in_force, vantage::Vantage};

/// Why a case cannot be run yet; `None` where it can.
pub(super) fn of(question: &Question, vantage: &Vantage, case: &Case) -> Option<Unsupported> {
    let no = |reason: &str| Some(Unsupported(reason.to_owned()));
    let has = |kind: &str| {
        in_force(question)
            .any(|resource| resource.get("kind").and_then(Value::as_str) == Some(kind))
    };
    if in_force(question).any(|resource| {
        let version = resource.get("apiVersion").and_then(Value::as_str);
        version.is_some_and(|version| version.starts_with("gateway.networking"))
    }) {
        return no("the Gateway API");
    }
    if case.send.outbound.is_some() {
        return None;
    }
    if has("RequestAuthentication") {
        return no("RequestAuthentication");
    }
    let requests = case.send.request.is_some();
    if requests && !vantage.snapshot.security.authorization().is_empty() {
        return no("AuthorizationPolicy on requests");
    }
    None
}
