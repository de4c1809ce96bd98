//! Annotations, envelopes, and objects that cannot be read.

use super::support::{object, said, yaml};
use meshwork_api::validation::{Verdict, verdict};
use serde_json::Value;

fn annotated(kind: &str, spec: &str, key: &str, value: &str) -> Vec<String> {
    let mut object = object(kind, spec);
    object["metadata"]["annotations"][key] = value.into();
    said(&object)
}

#[test]
fn dry_runs_are_for_two_actions() {
    let dry = ["E metadata.annotations[\"istio.io/dry-run\"]"];
    for (spec, value, refused) in [
        ("{rules: [{}]}", "true", false),
        ("{action: DENY, rules: [{}]}", "F", false),
        ("{rules: [{}]}", "yes", true),
        ("{action: AUDIT, rules: [{}]}", "true", true),
        ("{action: CUSTOM, provider: {name: a}, rules: [{}]}", "true", true),
    ] {
        let said = annotated("AuthorizationPolicy", spec, "istio.io/dry-run", value);
        assert_eq!(!said.is_empty(), refused, "{spec} {value}");
    }
    assert_eq!(annotated("PeerAuthentication", "{}", "istio.io/dry-run", "true"), dry);
}

#[test]
fn internal_annotations_are_refused() {
    for key in ["webhook-always-reject", "parent-namespace", "parents"] {
        let key = format!("internal.istio.io/{key}");
        let expected = [format!("E metadata.annotations[\"{key}\"]")];
        assert_eq!(annotated("Telemetry", "{}", &key, ""), expected);
    }
    assert_eq!(annotated("Telemetry", "{}", "example.com/a", ""), [""; 0]);
}

#[test]
fn semantics_of_the_gateway_api() {
    let any = "{hosts: [a], http: [{route: [{destination: {host: '*'}}]}]}";
    assert!(!annotated("VirtualService", any, "a", "b").is_empty());
    let key = "internal.istio.io/route-semantics";
    assert_eq!(annotated("VirtualService", any, key, "gateway"), [""; 0]);
}

#[test]
fn objects_that_cannot_be_read() {
    for (text, expected) in [
        (
            "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}, spec: []}",
            Verdict::Unparsable,
        ),
        (
            "{apiVersion: networking.istio.io/v9, kind: Sidecar, metadata: {name: a}, spec: {egress: [{hosts: ['*/*']}]}}",
            Verdict::Accepted,
        ),
        (
            "{apiVersion: networking.istio.io/v1, kind: VirtualServices, metadata: {name: a}, spec: {}}",
            Verdict::Rejected,
        ),
        (
            "{apiVersion: networking.istio.io/v1, metadata: {name: a}, spec: {}}",
            Verdict::Unparsable,
        ),
        ("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {}}", Verdict::Accepted),
        ("[]", Verdict::Unparsable),
    ] {
        assert_eq!(verdict(&yaml(text)).0, expected, "{text}");
    }
    assert_eq!(verdict(&Value::Null).0, Verdict::Unparsable);
}

#[test]
fn names_in_snake_case_count() {
    assert_eq!(
        said(&object(
            "VirtualService",
            "{hosts: [a], export_to: ['~'], http: [{redirect: {uri: /}}]}"
        )),
        ["E spec.exportTo[0]"]
    );
    assert_eq!(
        said(&object("PeerAuthentication", "{port_level_mtls: {}}")),
        ["E spec.portLevelMtls"]
    );
}

/// The webhook reads all of the metadata, so none of it can have another type.
#[test]
fn metadata_has_types() {
    for (metadata, expected) in [
        ("finalizers: [example.com/a, null], selfLink: /a, generation: 1", ""),
        ("ownerReferences: [null, {blockOwnerDeletion: true}], managedFields: null", ""),
        ("managedFields: [{manager: a, time: '2026-01-01T00:00:00Z', fieldsV1: {}}]", ""),
        ("finalizers: a", "R metadata.finalizers"),
        ("finalizers: [1]", "R metadata.finalizers"),
        ("selfLink: []", "R metadata.selfLink"),
        ("generation: '1'", "R metadata.generation"),
        ("deletionGracePeriodSeconds: 1.5", "R metadata.deletionGracePeriodSeconds"),
        ("managedFields: {}", "R metadata.managedFields"),
        ("managedFields: [a]", "R metadata.managedFields[0]"),
        ("managedFields: [{time: now}]", "R metadata.managedFields[0].time"),
        (
            "ownerReferences: [{blockOwnerDeletion: 1}]",
            "R metadata.ownerReferences[0].blockOwnerDeletion",
        ),
        ("creationTimestamp: '2026-01-01 00:00:00Z'", "R metadata.creationTimestamp"),
        ("labels: {a: 1}", "R metadata.labels.a"),
    ] {
        let mut object = object("PeerAuthentication", "{}");
        object["metadata"] = yaml(&format!("{{name: test, {metadata}}}"));
        assert_eq!(said(&object).join(", "), expected, "{metadata}");
    }
}

/// However much there is to say of an object, what refuses it is said.
#[test]
fn nothing_crowds_out_what_refuses_an_object() {
    let hosts = "./*, ".repeat(2_000);
    let warned = format!("{{egress: [{{hosts: [{hosts}]}}, {{hosts: [a]}}]}}");
    assert_eq!(verdict(&object("Sidecar", &warned)).0, Verdict::Rejected);
    let unknown: String = (0..2_000).map(|n| format!("a{n}: 1, ")).collect();
    let unreadable = format!("{{{unknown} mtls: 1}}");
    assert_eq!(verdict(&object("PeerAuthentication", &unreadable)).0, Verdict::Unparsable);
}
