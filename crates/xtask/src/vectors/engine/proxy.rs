//! The proxies of a scenario as the registry knows proxies.

use std::{net::IpAddr, sync::Arc};

use meshwork_registry::{Proxy, ProxyKind};
use serde_json::Value;

use crate::vectors::scenario::{self, ProxyType};

/// The proxy whose point of view a case takes.
pub(super) fn proxy(from: &scenario::Proxy) -> Proxy {
    let kind = match from.kind {
        ProxyType::Sidecar => ProxyKind::Sidecar,
        ProxyType::Gateway => ProxyKind::Gateway,
    };
    let mut proxy = Proxy::new(kind, from.namespace.as_str().into());
    let labels = from.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    proxy.labels = labels.collect();
    proxy.addresses =
        from.ip.split(',').filter_map(|ip| ip.trim().parse::<IpAddr>().ok()).collect();
    if let Some(account) = &from.service_account {
        proxy.service_account = account.as_str().into();
    }
    if let Some(locality) = &from.locality {
        proxy.locality = locality.parse().unwrap_or_default();
    }
    if let Some(cluster) = &from.cluster {
        proxy.cluster = cluster.as_str().into();
    }
    if let Some(network) = &from.network {
        proxy.network = network.as_str().into();
    }
    for (name, value) in &from.metadata {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match name.as_str() {
            "NODE_NAME" => proxy.node = text.as_str().into(),
            "DNS_CAPTURE" => proxy.dns_capture = text == "true",
            _ => {}
        }
        proxy.metadata.insert(Arc::from(name.as_str()), text.into());
    }
    proxy
}
