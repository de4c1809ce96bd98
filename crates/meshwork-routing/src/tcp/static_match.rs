//! What of an L4 match is known before a connection comes: gateway, port, and who the proxy is.

use meshwork_api::Map;
use meshwork_api::networking::{L4MatchAttributes, TlsMatchAttributes};
use meshwork_registry::Proxy;

use crate::tcp::virtual_service::L4VirtualService;

/// The gateway name that stands for all sidecars.
pub(crate) const MESH: &str = "mesh";

/// The predicates of TLS and TCP matches that do not depend on the connection.
pub(crate) struct StaticMatch<'a> {
    port: u32,
    gateways: &'a [String],
    source_labels: &'a Map<String, String>,
    source_namespace: &'a str,
}

impl<'a> From<&'a L4MatchAttributes> for StaticMatch<'a> {
    fn from(attributes: &'a L4MatchAttributes) -> Self {
        Self {
            port: attributes.port,
            gateways: &attributes.gateways,
            source_labels: &attributes.source_labels,
            source_namespace: &attributes.source_namespace,
        }
    }
}

impl<'a> From<&'a TlsMatchAttributes> for StaticMatch<'a> {
    fn from(attributes: &'a TlsMatchAttributes) -> Self {
        Self {
            port: attributes.port,
            gateways: &attributes.gateways,
            source_labels: &attributes.source_labels,
            source_namespace: &attributes.source_namespace,
        }
    }
}

impl StaticMatch<'_> {
    /// For a sidecar every predicate has to hold, unlike in HTTP matches. The answer is the field
    /// that does not fit, or nothing.
    pub(crate) fn mismatch_at_sidecar(
        &self,
        service: &L4VirtualService,
        proxy: &Proxy,
        port: u16,
    ) -> Option<&'static str> {
        if !self.meets_gateway(service, MESH) {
            return Some("gateways");
        }
        let fits = |(key, value): (&String, &String)| proxy.labels.get(key) == Some(value);
        if !self.source_labels.iter().all(fits) {
            return Some("sourceLabels");
        }
        if self.port != 0 && self.port != u32::from(port) {
            return Some("port");
        }
        let namespace = self.source_namespace;
        (!namespace.is_empty() && namespace != proxy.namespace.as_str())
            .then_some("sourceNamespace")
    }

    /// At a gateway only the server's port number and the gateway's name count.
    pub(crate) fn mismatch_at_gateway(
        &self,
        service: &L4VirtualService,
        gateway: &str,
        port: u32,
    ) -> Option<&'static str> {
        if self.port != 0 && self.port != port {
            return Some("port");
        }
        (!self.meets_gateway(service, gateway)).then_some("gateways")
    }

    fn meets_gateway(&self, service: &L4VirtualService, gateway: &str) -> bool {
        self.gateways.is_empty()
            || self.gateways.iter().any(|name| service.gateway_name(name) == gateway)
    }
}
