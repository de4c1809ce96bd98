//! Judging a request or a connection allocates nothing.

#![allow(clippy::expect_used, reason = "a test fails by it")]

use std::hint::black_box;

use http::HeaderMap;
use meshwork_api::{Object, security::AuthorizationPolicy};
use meshwork_authz::{AuthzInput, AuthzPolicies, PolicyScope};
use meshwork_core::{Attributes, RequestHead};

fn policy(name: &str, dry_run: bool, spec: &str) -> Object<AuthorizationPolicy> {
    let text = format!(
        r#"{{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy",
            "metadata":{{"name":"{name}","namespace":"shop",
                "annotations":{{"istio.io/dry-run":"{dry_run}"}}}},"spec":{spec}}}"#
    );
    serde_json::from_str(&text).expect("a policy")
}

#[test]
fn judging_allocates_nothing() {
    let policies = [
        policy(
            "trial",
            true,
            r#"{"action":"DENY","rules":[{"to":[{"operation":{"paths":["*"]}}]}]}"#,
        ),
        policy("seen", false, r#"{"action":"AUDIT","rules":[{}]}"#),
        policy(
            "no",
            false,
            r#"{"action":"DENY","rules":[{"from":[{"source":{"namespaces":["a*b"],
                "notServiceAccounts":["x/y"],"notIpBlocks":["10.0.0.0/8"]}}]},
                {"to":[{"operation":{"ports":["81"]}}],
                "when":[{"key":"request.headers[x-a]","values":["bad","worse*"]}]}]}"#,
        ),
        policy(
            "yes",
            false,
            r#"{"rules":[{"from":[{"source":{"trustDomains":["*.local"],"serviceAccounts":["web"],
                "remoteIpBlocks":["192.0.2.0/24"]}}],
                "to":[{"operation":{"hosts":["WEB"],"methods":["G*"],"paths":["/a/{*}/{**}"]}}],
                "when":[{"key":"experimental.envoy.filters.http.rbac[istio_dry_run_deny_shadow_effective_policy_id]",
                "values":["ns[shop]-policy[trial]-*"]}]},
                {"from":[{"source":{"principals":["*/sa/web"]}}],"to":[{"operation":{"ports":["80"]}}]}]}"#,
        ),
    ];
    let policies = AuthzPolicies::compile(&policies, &PolicyScope::new("shop"));
    assert!(policies.diagnostics().is_empty(), "{:?}", policies.diagnostics());
    let mut headers = HeaderMap::new();
    headers.insert("x-a", "good".parse().expect("a value"));
    let mut connection = Attributes::default();
    connection.source = Some("192.0.2.7:5000".parse().expect("an address"));
    connection.destination = Some("10.0.0.1:80".parse().expect("an address"));
    connection.sni = Some("web");
    for (peer, http, connected) in [
        (Some("spiffe://cluster.local/ns/shop/sa/web"), true, true),
        (Some("spiffe://cluster.local/ns/shop/sa/other"), false, false),
        (Some("spiffe://cluster.local/elsewhere"), false, false),
        (None, false, false),
    ] {
        connection.peer = peer;
        let head = RequestHead::new("GET", "http", "web", "/a/b/c?d", &headers);
        let request = AuthzInput::request(&connection, head);
        let bytes = AuthzInput::connection(&connection);
        for (input, allowed) in [(request, http), (bytes, connected)] {
            assert_eq!(policies.check(&input).is_allowed(), allowed, "{peer:?}");
            let measured = allocation_counter::measure(|| {
                black_box(policies.check(black_box(&input)));
            });
            assert_eq!(measured.count_total, 0, "{peer:?}");
        }
    }
}
