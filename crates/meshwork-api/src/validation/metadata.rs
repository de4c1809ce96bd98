//! Annotations that only Istio itself may set, or that mean something on one kind.

use super::findings::{Findings, quote};
use super::place::Place;
use crate::proto::type_name;
use crate::security::Action;
use crate::{Layer, ObjectMeta, Report, Timestamp};
use serde_json::Value;

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

/// Whether the fields that [`ObjectMeta`] leaves out have the types that the webhook reads; it reads
/// all of the metadata, and nothing of an object whose metadata does not fit.
pub(super) fn unread(object: &Value, report: &mut Report) {
    if let Some(metadata) = object.get("metadata").filter(|metadata| metadata.is_object()) {
        members(metadata, &Place::root("metadata"), &WHOLE, Layer::Reading, report);
        records(metadata, Layer::Reading, report);
    }
}

/// Owners and records of who set which fields, as far as [`ObjectMeta`] leaves them out.
pub(crate) fn records(metadata: &Value, layer: Layer, report: &mut Report) {
    let root = Place::root("metadata");
    members(metadata, &root, &[("managedFields", Type::List)], layer, report);
    for (list, fields) in [("ownerReferences", &OWNER[..]), ("managedFields", &MANAGED[..])] {
        let items = metadata.get(list).and_then(Value::as_array).into_iter().flatten();
        for (index, item) in items.enumerate().filter(|(_, item)| !item.is_null()) {
            let place = root.item(list, index);
            if item.is_object() {
                members(item, &place, fields, layer, report);
            } else {
                wrong(&place, "a mapping", item, layer, report);
            }
        }
    }
}

fn members(
    value: &Value,
    place: &Place<'_>,
    fields: &[(&str, Type)],
    layer: Layer,
    report: &mut Report,
) {
    for (name, kind) in fields {
        let Some(member) = value.get(name).filter(|member| !member.is_null()) else { continue };
        let text = |value: &Value| value.is_string() || value.is_null();
        let (fits, expected) = match kind {
            Type::Text => (member.is_string(), "a string"),
            Type::Flag => (member.is_boolean(), "a boolean"),
            Type::Integer => (member.as_i64().is_some(), "an integer"),
            Type::List => (member.is_array(), "a list"),
            Type::Texts => {
                (member.as_array().is_some_and(|items| items.iter().all(text)), "a list of strings")
            }
            Type::Time => (
                member.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
                "a time such as `2026-01-01T00:00:00Z`",
            ),
        };
        if !fits {
            wrong(&place.field(name), expected, member, layer, report);
        }
    }
}

fn wrong(place: &Place<'_>, expected: &str, found: &Value, layer: Layer, report: &mut Report) {
    let message = format!("expected {expected}, found {}", type_name(found));
    report.error(layer, place.to_string(), message);
}

#[derive(Clone, Copy)]
enum Type {
    Text,
    Flag,
    Integer,
    List,
    Texts,
    Time,
}

const WHOLE: [(&str, Type); 4] = [
    ("selfLink", Type::Text),
    // Unlike Istio's own numbers, those of Kubernetes cannot be quoted.
    ("generation", Type::Integer),
    ("deletionGracePeriodSeconds", Type::Integer),
    ("finalizers", Type::Texts),
];
const OWNER: [(&str, Type); 1] = [("blockOwnerDeletion", Type::Flag)];
const MANAGED: [(&str, Type); 6] = [
    ("manager", Type::Text),
    ("operation", Type::Text),
    ("apiVersion", Type::Text),
    ("time", Type::Time),
    ("fieldsType", Type::Text),
    ("subresource", Type::Text),
];

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
