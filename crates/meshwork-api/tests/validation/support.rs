//! Objects in short form, and what is said of them in short form.

use meshwork_api::{Layer, Severity, validation};
use serde_json::Value;

/// Reads YAML.
pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// An object of a kind with a spec in YAML's flow style.
pub(crate) fn object(kind: &str, spec: &str) -> Value {
    let version = match kind {
        "AuthorizationPolicy" | "PeerAuthentication" | "RequestAuthentication" => {
            "security.istio.io/v1"
        }
        "Telemetry" => "telemetry.istio.io/v1",
        "ProxyConfig" => "networking.istio.io/v1beta1",
        _ => "networking.istio.io/v1",
    };
    yaml(&format!(
        "{{apiVersion: {version}, kind: {kind}, metadata: {{name: test}}, spec: {spec}}}"
    ))
}

/// What the webhook says: `E spec.hosts` is an error there, `W …` a warning, `R …` unreadable.
pub(crate) fn said(object: &Value) -> Vec<String> {
    let (verdict, report) = validation::verdict(object);
    assert_eq!(verdict.is_accepted(), !report.is_rejected(), "{report}");
    let mut said: Vec<String> = report
        .iter()
        .map(|violation| {
            let own = violation.layer == Layer::Admission;
            assert!(!own || !violation.message.ends_with('.'), "{violation}");
            assert!(
                !violation.message.starts_with(char::is_uppercase)
                    || starts_with_name(&violation.message),
                "{violation}"
            );
            let kind = match (violation.layer, violation.severity) {
                (Layer::Reading, _) => "R",
                (_, Severity::Error) => "E",
                (_, Severity::Warning) => "W",
            };
            format!("{kind} {}", violation.path)
        })
        .collect();
    said.dedup();
    said
}

/// Names of modes and products keep their case.
fn starts_with_name(message: &str) -> bool {
    let first = message.split([' ', ':']).next().unwrap_or_default();
    first.chars().filter(|c| c.is_uppercase()).count() > 1 || first == "Envoy"
}

/// Holds what is said of objects of one kind against tables: a spec, and what is said of it, each
/// thing separated by a comma, nothing for an object that is taken without a word.
pub(crate) fn check(kind: &str, frame: impl Fn(&str) -> String, table: &[(&str, &str)]) {
    let mut failures = String::new();
    for (fragment, expected) in table {
        let said = said(&object(kind, &frame(fragment)));
        let expected: Vec<&str> = expected.split(", ").filter(|text| !text.is_empty()).collect();
        if said != expected {
            failures
                .push_str(&format!("{fragment}\n   said     {said:?}\n   expected {expected:?}\n"));
        }
    }
    assert!(failures.is_empty(), "{kind}:\n{failures}");
}

/// A spec as it is.
pub(crate) fn whole(spec: &str) -> String {
    spec.to_owned()
}
