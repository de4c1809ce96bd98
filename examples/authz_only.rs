//! Authorization alone: AuthorizationPolicies in, a verdict with its reason out.
//!
//! `meshwork-authz` has no runtime in its tree. A server of any kind asks it with what it knows of
//! the connection (addresses, the peer's verified identity) and of the request, whose path it has
//! normalised. What a policy asks for and cannot be evaluated fails closed and is a diagnostic.

use std::error::Error;

use http::HeaderMap;
use meshwork_api::{AnyObject, read};
use meshwork_authz::{AuthzInput, AuthzPolicies, PolicyScope, Verdict};
use meshwork_core::{Attributes, RequestHead};

const YAML: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
    to: [{operation: {methods: [GET], paths: [/orders/*]}}]
  - from: [{source: {principals: [cluster.local/ns/shop/sa/backoffice]}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody-deletes, namespace: shop}
spec:
  action: DENY
  rules: [{to: [{operation: {methods: [DELETE]}}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: of-another-workload, namespace: shop}
spec:
  selector: {matchLabels: {app: payments}}
  action: DENY
  rules: [{}]
";

/// The policies that are about the workload `app: orders` in the namespace `shop`.
fn compile(yaml: &str) -> Result<AuthzPolicies, Box<dyn Error>> {
    let read = read::documents("policies.yaml", yaml);
    if let Some(error) = read.errors().next() {
        return Err(error.to_string().into());
    }
    let policies: Vec<_> = read
        .objects
        .into_iter()
        .filter_map(|located| match located.object {
            AnyObject::AuthorizationPolicy(policy) => Some(policy),
            _ => None,
        })
        .collect();
    let mut orders = PolicyScope::new("shop");
    orders.labels = [("app", "orders")].into_iter().collect();
    Ok(AuthzPolicies::compile(&policies, &orders))
}

fn ask(policies: &AuthzPolicies, account: &str, method: &str, path: &str) -> Verdict {
    // The URI of the peer's certificate, once the handshake has verified it.
    let peer = format!("spiffe://cluster.local/ns/shop/sa/{account}");
    let mut connection = Attributes::default();
    connection.tls = true;
    connection.peer = Some(&peer);
    let headers = HeaderMap::new();
    let head = RequestHead::new(method, "http", "orders.shop", path, &headers);
    policies.check(&AuthzInput::request(&connection, head))
}

fn main() -> Result<(), Box<dyn Error>> {
    let policies = compile(YAML)?;
    assert!(policies.diagnostics().is_empty(), "everything here is enforced");

    for (account, method, path, allowed) in [
        ("web", "GET", "/orders/7", true),
        ("web", "POST", "/orders/7", false),
        ("web", "GET", "/admin", false),
        ("backoffice", "POST", "/admin", true),
        ("backoffice", "DELETE", "/orders/7", false),
        ("stranger", "GET", "/orders/7", false),
    ] {
        let verdict = ask(&policies, account, method, path);
        let word = if verdict.is_allowed() { "may" } else { "may not" };
        println!("{account} {word} {method} {path}: {}", verdict.reason);
        assert_eq!(verdict.is_allowed(), allowed, "{account} {method} {path}");
    }

    // What Envoy would write into its access log.
    let refused = ask(&policies, "backoffice", "DELETE", "/orders/7").details();
    let expected = "rbac_access_denied_matched_policy[ns[shop]-policy[nobody-deletes]-rule[0]]";
    assert_eq!(refused.as_deref(), Some(expected));
    Ok(())
}
