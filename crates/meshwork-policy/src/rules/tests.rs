//! Which rule counts: the traps of the policy spec.

use serde_json::{Value, json};

use crate::testing::{client, policies, policies_in, rule, service};

/// A rule's spec that can be told by its connection limit.
fn limit(host: &str, limit: u32, export_to: &[&str]) -> Value {
    json!({
        "host": host,
        "exportTo": export_to,
        "trafficPolicy": { "connectionPool": { "tcp": { "maxConnections": limit } } },
    })
}

const REV: &str = "rev.b.svc.cluster.local";

/// The name of the rule that counts for a client of `namespace` and a service of namespace `b`.
fn winner(
    rules: &[meshwork_api::Object<meshwork_api::networking::DestinationRule>],
    namespace: &str,
) -> Option<String> {
    let policies = policies(rules);
    let rule = policies.rule(&client(namespace), &service("b", REV));
    rule.map(|rule| rule.resource().name.to_string())
}

#[test]
fn a_near_wildcard_beats_a_far_exact_host() {
    let rules =
        [rule(1, "b/exact", limit(REV, 1, &[])), rule(2, "a/near", limit("*.local", 2, &[]))];
    assert_eq!(winner(&rules, "a").as_deref(), Some("near"));
    assert_eq!(winner(&rules, "c").as_deref(), Some("exact"));
}

#[test]
fn a_hidden_exact_host_is_not_replaced_by_a_wildcard_of_its_namespace() {
    let rules = [
        rule(1, "b/hidden", limit(REV, 1, &["c"])),
        rule(2, "b/wide", limit("*.b.svc.cluster.local", 2, &["*"])),
        rule(3, "istio-system/root", limit("*", 3, &[])),
    ];
    assert_eq!(winner(&rules, "a").as_deref(), Some("root"));
    assert_eq!(winner(&rules, "c").as_deref(), Some("hidden"));
}

#[test]
fn a_short_host_is_one_of_the_rules_namespace() {
    let rules = [rule(1, "a/short", limit("rev", 1, &[]))];
    assert_eq!(winner(&rules, "a"), None);
    let rules = [rule(1, "b/short", limit("rev", 1, &[]))];
    assert_eq!(winner(&rules, "a").as_deref(), Some("short"));
}

#[test]
fn the_longest_wildcard_wins() {
    let rules = [
        rule(1, "a/all", limit("*", 1, &[])),
        rule(2, "a/long", limit("*.b.svc.cluster.local", 2, &[])),
        rule(3, "a/middle", limit("*.local", 3, &[])),
        rule(4, "a/other", limit("*.c.svc.cluster.local", 4, &[])),
    ];
    assert_eq!(winner(&rules, "a").as_deref(), Some("long"));
}

#[test]
fn clients_of_the_root_namespace() {
    let listed = [rule(1, "istio-system/listed", limit(REV, 1, &[".", "other"]))];
    assert_eq!(winner(&listed, "istio-system"), None);
    let private = [
        rule(1, "istio-system/private", limit(REV, 1, &["."])),
        rule(2, "b/own", limit(REV, 1, &[])),
    ];
    assert_eq!(winner(&private, "istio-system").as_deref(), Some("private"));
    let public =
        [rule(1, "istio-system/public", limit(REV, 1, &[])), rule(2, "b/own", limit(REV, 1, &[]))];
    assert_eq!(winner(&public, "istio-system").as_deref(), Some("own"));
}

#[test]
fn what_the_mesh_exports_by_default() {
    let rules = [rule(1, "b/own", limit(REV, 1, &[]))];
    let policies = policies_in(&rules, json!({ "defaultDestinationRuleExportTo": ["."] }));
    let service = service("b", REV);
    assert!(policies.rule(&client("a"), &service).is_none());
    assert!(policies.rule(&client("b"), &service).is_some());
}

#[test]
fn rules_for_one_host_become_one() {
    let rules = [
        rule(
            2,
            "b/young",
            json!({
                "host": "rev",
                "subsets": [
                    { "name": "v1", "labels": { "version": "v1b" } },
                    { "name": "v2", "labels": { "version": "v2" } },
                ],
                "trafficPolicy": { "outlierDetection": {} },
            }),
        ),
        rule(
            1,
            "b/old",
            json!({
                "host": REV,
                "subsets": [{ "name": "v1", "labels": { "version": "v1" } }],
                "trafficPolicy": { "loadBalancer": { "simple": "RANDOM" } },
            }),
        ),
    ];
    let policies = policies(&rules);
    let (client, service) = (client("a"), service("b", REV));
    let rule = policies.rule(&client, &service).unwrap();
    assert_eq!(&*rule.resource().name, "old");
    let subsets: Vec<_> = rule
        .subsets()
        .map(|subset| format!("{}={}", subset.name, subset.labels.get("version").unwrap()))
        .collect();
    assert_eq!(subsets, ["v1=v1", "v2=v2"]);
    let policy = policies.resolve(&client, &service, None, 80).unwrap();
    assert_eq!(policy.outlier_detection, None, "the younger rule's policy is lost");
}

#[test]
fn rules_that_cannot_be_merged() {
    let with_subset = |subset: &str, export_to: &[&str]| json!({ "host": REV, "exportTo": export_to, "subsets": [{ "name": subset }] });
    let rules =
        [rule(1, "b/a", with_subset("v1", &[])), rule(2, "b/b", with_subset("v2", &["ns1"]))];
    assert_eq!(winner(&rules, "ns1").as_deref(), Some("b"));
    assert_eq!(winner(&rules, "ns2").as_deref(), Some("a"));
    let swallowed = [
        rule(1, "b/a", with_subset("v1", &["ns1"])),
        rule(2, "b/b", with_subset("v2", &["ns1", "ns2"])),
    ];
    assert_eq!(winner(&swallowed, "ns1").as_deref(), Some("a"));
    assert_eq!(winner(&swallowed, "ns2"), None);
}

#[test]
fn a_rule_for_some_workloads() {
    let selecting = json!({
        "host": REV,
        "workloadSelector": { "matchLabels": { "app": "x" } },
        "subsets": [{ "name": "a" }],
    });
    let rules = |export_to: &[&str]| {
        [
            rule(
                1,
                "b/all",
                json!({
                    "host": REV, "exportTo": export_to, "subsets": [{ "name": "v1" }],
                }),
            ),
            rule(2, "b/some", selecting.clone()),
        ]
    };
    let service = service("b", REV);
    let mut chosen = client("b");
    chosen.labels = [("app", "x")].into_iter().collect();
    let apart = policies(&rules(&[]));
    assert_eq!(&*apart.rule(&chosen, &service).unwrap().resource().name, "some");
    assert!(apart.subset(&chosen, &service, "v1").is_err());
    assert_eq!(&*apart.rule(&client("b"), &service).unwrap().resource().name, "all");
    assert_eq!(&*apart.inbound_rule(&chosen, &service).unwrap().resource().name, "all");
    // Where both are private to the namespace, the one for some takes up the other's subsets.
    let together = policies(&rules(&["."]));
    assert!(together.subset(&chosen, &service, "v1").is_ok());
    // In other namespaces such a rule does not exist.
    let mut elsewhere = client("c");
    elsewhere.labels = chosen.labels.clone();
    assert_eq!(&*apart.rule(&elsewhere, &service).unwrap().resource().name, "all");
}

#[test]
fn an_empty_selector_means_everybody() {
    let rules = [
        rule(1, "b/all", limit(REV, 1, &[])),
        rule(2, "b/selecting", json!({ "host": REV, "workloadSelector": {} })),
    ];
    assert_eq!(winner(&rules, "b").as_deref(), Some("selecting"));
}

#[test]
fn letter_case_counts() {
    let rules = [rule(1, "b/lower", limit("mixed.example", 1, &[]))];
    assert!(policies(&rules).rule(&client("a"), &service("b", "MiXed.example")).is_none());
}

#[test]
fn the_order_of_rules_does_not_matter() {
    let mut rules = vec![
        rule(1, "b/a", limit(REV, 1, &[])),
        rule(1, "b/b", limit(REV, 2, &[])),
        rule(3, "b/c", limit(REV, 3, &["ns1"])),
    ];
    let first = winner(&rules, "ns1");
    for _ in 0..rules.len() {
        rules.rotate_left(1);
        assert_eq!(winner(&rules, "ns1"), first);
    }
}
