//! What the tests of this crate share: rules and services from JSON.

use std::sync::Arc;

use meshwork_api::{AnyObject, Object, mesh::MeshConfig, networking::DestinationRule};
use meshwork_registry::{Proxy, Registry, Resource, Service, Settings};
use serde_json::{Value, json};

use crate::DestinationPolicies;

/// A rule `NAMESPACE/NAME`, created `age` seconds into the year.
#[expect(clippy::needless_pass_by_value, reason = "callers write `json!` in place")]
pub(crate) fn rule(age: u32, id: &str, spec: Value) -> Object<DestinationRule> {
    let (namespace, name) = id.split_once('/').unwrap();
    let object = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "creationTimestamp": format!("2026-01-01T00:00:{age:02}Z"),
        },
        "spec": spec,
    });
    match serde_json::from_value(object).unwrap() {
        AnyObject::DestinationRule(rule) => rule,
        other => panic!("{} instead of a rule", other.kind()),
    }
}

pub(crate) fn mesh(config: Value) -> Arc<MeshConfig> {
    Arc::new(serde_json::from_value(config).unwrap())
}

pub(crate) fn policies(rules: &[Object<DestinationRule>]) -> DestinationPolicies {
    policies_in(rules, json!({}))
}

pub(crate) fn policies_in(rules: &[Object<DestinationRule>], config: Value) -> DestinationPolicies {
    DestinationPolicies::compile(rules, mesh(config), "cluster.local")
}

/// A registry with one ServiceEntry in namespace `default`.
pub(crate) fn registry(spec: Value) -> Registry {
    registry_in("default", spec)
}

#[expect(clippy::needless_pass_by_value, reason = "callers write `json!` in place")]
pub(crate) fn registry_in(namespace: &str, spec: Value) -> Registry {
    let object = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": { "name": "service", "namespace": namespace },
        "spec": spec,
    });
    let object: AnyObject = serde_json::from_value(object).unwrap();
    Registry::build(Arc::new(Settings::default()), Resource::of(&object))
}

/// A service of a host in a namespace, with ports 80 and 81.
pub(crate) fn service(namespace: &str, host: &str) -> Arc<Service> {
    let registry = registry_in(
        namespace,
        json!({
            "hosts": [host],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "ports": [
                { "number": 80, "name": "http", "protocol": "HTTP" },
                { "number": 81, "name": "http-b", "protocol": "HTTP" },
            ],
        }),
    );
    Arc::clone(registry.service(host, namespace).unwrap())
}

pub(crate) fn client(namespace: &str) -> Proxy {
    Proxy::sidecar(namespace)
}
