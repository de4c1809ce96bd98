//! Which name the server at an address shows: its workload's.

use indexmap::IndexMap;
use serde_json::Value;

use crate::vectors::scenario::{Proxy, Question};

/// The names by `ip` or `ip:port`: those that the scenario gives, before those of workloads.
pub(super) fn of_servers(question: &Question) -> IndexMap<String, String> {
    let trust_domain = trust_domain(question);
    let mut names = IndexMap::new();
    for resource in in_force(question) {
        let text = |path: &str| resource.pointer(path).and_then(Value::as_str);
        let namespace = text("/metadata/namespace").unwrap_or("default");
        let name = |account: &str| format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}");
        match text("/kind") {
            Some("Pod") => {
                let account = text("/spec/serviceAccountName").unwrap_or("default");
                if let Some(address) = text("/status/podIP") {
                    names.insert(address.to_owned(), name(account));
                }
            }
            Some("WorkloadEntry") => {
                if let (Some(address), Some(account)) =
                    (text("/spec/address"), text("/spec/serviceAccount"))
                {
                    names.insert(address.to_owned(), name(account));
                }
            }
            Some("ServiceEntry") => {
                let endpoints = resource.pointer("/spec/endpoints").and_then(Value::as_array);
                for endpoint in endpoints.into_iter().flatten() {
                    let text = |path: &str| endpoint.get(path).and_then(Value::as_str);
                    if let (Some(address), Some(account)) =
                        (text("address"), text("serviceAccount"))
                    {
                        names.insert(address.to_owned(), name(account));
                    }
                }
            }
            _ => {}
        }
    }
    names.extend(question.identities.clone());
    names
}

/// The identity of a proxy.
pub(super) fn of_proxy(proxy: &Proxy, trust_domain: &str) -> String {
    let account = proxy.service_account.as_deref().unwrap_or("default");
    format!("spiffe://{trust_domain}/ns/{}/sa/{account}", proxy.namespace)
}

/// The trust domain of the mesh.
pub(super) fn trust_domain(question: &Question) -> &str {
    let mesh = question.mesh.as_ref().and_then(|mesh| mesh.get("trustDomain"));
    mesh.and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or("cluster.local")
}

/// The resources that the webhook admitted.
pub(super) fn in_force(question: &Question) -> impl Iterator<Item = &Value> {
    let refused = question.refused.iter();
    question.resources.iter().zip(refused).filter(|(_, refused)| !**refused).map(|(one, _)| one)
}
