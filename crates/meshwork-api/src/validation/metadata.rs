//! Annotations that only Istio itself may set, or that mean something on one kind.

use super::findings::{Findings, quote};
use super::place::Place;
use crate::ObjectMeta;
use crate::security::Action;

/// The annotations of an object; `action` is that of an AuthorizationPolicy.
pub(super) fn annotations(metadata: &ObjectMeta, action: Option<Action>, out: &mut Findings<'_>) {
    if metadata.annotations.is_empty() {
        return;
    }
    let root = Place::root("metadata");
    if let Some(value) = metadata.annotations.get(DRY_RUN) {
        let place = root.entry("annotations", DRY_RUN);
        match action {
            None => out.error(&place, "only an AuthorizationPolicy can be run dry"),
            Some(Action::Allow | Action::Deny) if is_go_bool(value) => {}
            Some(Action::Allow | Action::Deny) => {
                out.error(&place, format!("{} is neither `true` nor `false`", quote(value)));
            }
            Some(action) => {
                out.error(&place, format!("only ALLOW and DENY can be run dry, not {action}"));
            }
        }
    }
    for internal in INTERNAL {
        if metadata.annotations.contains_key(internal) {
            out.error(
                &root.entry("annotations", internal),
                "only Istio itself sets this annotation",
            );
        }
    }
}

/// Whether an annotation marks an object that istiod made from a Gateway API resource. Users
/// cannot forge it in a cluster for long, but the webhook believes it.
pub(super) fn is_from_gateway_api(metadata: &ObjectMeta, annotation: &str) -> bool {
    metadata.annotations.get(annotation).is_some_and(|value| value == "gateway")
}

/// What Go's `strconv.ParseBool` takes.
fn is_go_bool(text: &str) -> bool {
    matches!(
        text,
        "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False"
    )
}

pub(super) const ROUTE_SEMANTICS: &str = "internal.istio.io/route-semantics";
pub(super) const GATEWAY_SEMANTICS: &str = "internal.istio.io/gateway-semantics";
const DRY_RUN: &str = "istio.io/dry-run";
const INTERNAL: [&str; 3] = [
    "internal.istio.io/webhook-always-reject",
    "internal.istio.io/parent-namespace",
    "internal.istio.io/parents",
];
