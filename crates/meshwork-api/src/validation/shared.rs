//! Checks that several kinds share.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::address::is_ip_or_range;
use super::primitive::name::{is_dns_label, is_label_key, is_label_value};
use super::primitive::regex;
use super::primitive::scalar::{check_duration, is_port};
use crate::Duration;
use crate::Map;
use crate::selector::{PolicyTargetReference, WorkloadSelector};
use std::collections::HashSet;

/// A duration that has to be at least a millisecond where it is given.
pub(super) fn duration(
    place: &Place<'_>,
    name: &str,
    value: Option<Duration>,
    out: &mut Findings<'_>,
) {
    if let Some(Err(error)) = value.map(check_duration) {
        out.error(&place.field(name), error.to_string());
    }
}

/// A port number that has to be one.
pub(super) fn port(place: &Place<'_>, name: &str, number: u32, out: &mut Findings<'_>) {
    if !is_port(number) {
        out.error(&place.field(name), format!("port {number} is not in the range 1 to 65535"));
    }
}

/// A percentage of 0 to 100.
pub(super) fn percent(place: &Place<'_>, name: &str, value: i32, out: &mut Findings<'_>) {
    if !(0..=100).contains(&value) {
        out.error(&place.field(name), format!("{value} is not in the range 0 to 100"));
    }
}

/// A count that cannot be negative.
pub(super) fn count(place: &Place<'_>, name: &str, value: i32, out: &mut Findings<'_>) {
    if value < 0 {
        out.error(&place.field(name), "must not be negative");
    }
}

/// Labels of workloads.
pub(super) fn labels(
    place: &Place<'_>,
    name: &str,
    labels: &Map<String, String>,
    out: &mut Findings<'_>,
) {
    for (key, value) in labels {
        if !is_label_key(key) {
            let message =
                format!("{} is not a label key: `name` or `prefix.example/name`", quote(key));
            out.error(&place.entry(name, key), message);
        }
        if !is_label_value(value) {
            let message = format!(
                "{} is not a label value: letters, digits and inner `-`, `_`, `.`",
                quote(value)
            );
            out.error(&place.entry(name, key), message);
        }
    }
}

/// IP addresses and address ranges.
pub(super) fn addresses(place: &Place<'_>, name: &str, values: &[String], out: &mut Findings<'_>) {
    for (index, value) in values.iter().enumerate() {
        if !is_ip_or_range(value) {
            let message = format!("{} is neither an IP address nor a range of them", quote(value));
            out.error(&place.item(name, index), message);
        }
    }
}

/// A regular expression of a match.
pub(super) fn regex(place: &Place<'_>, name: &str, text: &str, out: &mut Findings<'_>) {
    if let Err(error) = regex::check(text) {
        let message = match error {
            regex::RegexError::Empty | regex::RegexError::TooLong => format!("the regex {error}"),
            _ => format!("the regex {} {error}; it has to be in RE2 syntax", quote(text)),
        };
        out.error(&place.field(name), message);
    }
}

/// How an object may be exported to namespaces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ExportTo {
    /// To namespaces, `.` or `*`.
    Anyone,
    /// Also to no one, `~`.
    AnyoneOrNone,
    /// Only to its own namespace, because it selects workloads there.
    Own,
}

/// `exportTo`.
pub(super) fn export_to(namespace: &str, list: &[String], rule: ExportTo, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    let whole = spec.field("exportTo");
    let mut seen: HashSet<&str> = HashSet::with_capacity(list.len());
    for (index, entry) in list.iter().enumerate() {
        let place = spec.item("exportTo", index);
        let target = if entry == "." { namespace } else { entry.as_str() };
        if seen.contains(target) {
            let message = if entry == "." || target == namespace {
                format!("`.` and the own namespace `{namespace}` say the same twice")
            } else {
                format!("{} stands here twice", quote(entry))
            };
            out.error(&place, message);
            continue;
        }
        match target {
            "*" => {}
            "~" if rule == ExportTo::AnyoneOrNone => {}
            "~" => {
                out.error(&place, "`~` (no one) is for ServiceEntries only");
                continue;
            }
            name if !is_dns_label(name) => {
                out.error(&place, format!("{} is neither `.`, `*` nor a namespace", quote(name)));
                continue;
            }
            _ => {}
        }
        seen.insert(target);
    }
    if rule == ExportTo::Own && !seen.is_empty() && !(seen.len() == 1 && seen.contains(namespace)) {
        let message = "a rule that selects workloads can only be exported to its own namespace";
        out.error(&whole, message);
    }
    if list.len() > 1 {
        if seen.contains("*") {
            out.error(&whole, "`*` (everyone) makes other entries pointless");
        }
        if seen.contains("~") {
            out.error(&whole, "`~` (no one) and someone exclude each other");
        }
    }
}

/// The labels of a selector; a star has no meaning in them.
fn selector_labels(
    place: &Place<'_>,
    name: &str,
    labels: &Map<String, String>,
    out: &mut Findings<'_>,
) {
    for (key, value) in labels {
        if key.is_empty() {
            out.error(&place.entry(name, key), "a label key cannot be empty");
        }
        if key.contains('*') || value.contains('*') {
            out.error(&place.entry(name, key), "a selector knows no wildcard, `*`");
        }
    }
}

/// `selector` of policies, `workloadSelector` of DestinationRules.
pub(super) fn selector(name: &str, selector: Option<&WorkloadSelector>, out: &mut Findings<'_>) {
    let Some(selector) = selector else { return };
    let spec = Place::root("spec");
    let place = spec.field(name);
    selector_labels(&place, "matchLabels", &selector.match_labels, out);
    if selector.match_labels.is_empty() {
        out.warn(&place, "a selector without labels selects every workload of the namespace");
    }
}

/// `workloadSelector` of Sidecars and ServiceEntries.
pub(super) fn labelled_selector(
    selector: Option<&crate::networking::WorkloadSelector>,
    out: &mut Findings<'_>,
) {
    let Some(selector) = selector else { return };
    let spec = Place::root("spec");
    let place = spec.field("workloadSelector");
    selector_labels(&place, "labels", &selector.labels, out);
    if selector.labels.is_empty() {
        out.warn(&place, "a selector without labels selects every workload of the namespace");
    }
}

/// What a policy applies to: a selector, or targets, not both.
pub(super) fn targets(
    selects: Option<&WorkloadSelector>,
    target_ref: Option<&PolicyTargetReference>,
    target_refs: &[PolicyTargetReference],
    out: &mut Findings<'_>,
) {
    let spec = Place::root("spec");
    let ways = [selects.is_some(), target_ref.is_some(), !target_refs.is_empty()];
    if ways.into_iter().filter(|set| *set).count() > 1 {
        out.error(&spec, "only one of `selector`, `targetRef` and `targetRefs` can be set");
    }
    selector("selector", selects, out);
    if let Some(target) = target_ref {
        target_reference(&spec.field("targetRef"), target, out);
    }
    for (index, target) in target_refs.iter().enumerate() {
        target_reference(&spec.item("targetRefs", index), target, out);
    }
}

fn target_reference(place: &Place<'_>, target: &PolicyTargetReference, out: &mut Findings<'_>) {
    if target.name.is_empty() {
        out.error(&place.field("name"), "must be set");
    }
    if !target.namespace.is_empty() {
        out.error(
            &place.field("namespace"),
            "must be unset: a target cannot be in another namespace",
        );
    }
    let allowed = matches!(
        (target.group.as_str(), target.kind.as_str()),
        ("" | "core", "Service")
            | ("networking.istio.io", "ServiceEntry")
            | ("gateway.networking.k8s.io", "Gateway" | "GatewayClass")
    );
    if !allowed {
        out.error(
            place,
            format!(
                "a policy can target a Service, a ServiceEntry, a Gateway or a GatewayClass of the \
                 Kubernetes Gateway API, not `{}/{}`",
                target.group, target.kind
            ),
        );
    }
}
