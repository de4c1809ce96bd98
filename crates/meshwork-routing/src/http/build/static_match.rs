//! Predicates that are decided when a table is compiled: port, gateways, and who the proxy is.

use meshwork_api::networking::HttpMatchRequest;
use meshwork_registry::Proxy;

use crate::tcp::qualify_gateway;

/// What a table is compiled for.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) proxy: &'a Proxy,
    /// `mesh`, or `namespace/name` of a Gateway.
    pub(super) gateway: &'a str,
    /// The port of the listener or of the Gateway's server; 0 for a generic HTTP proxy.
    pub(super) port: u16,
    /// Whether the listener ends TLS.
    pub(super) tls: bool,
}

impl Place<'_> {
    /// Why a match can never hold here, `None` where it can.
    ///
    /// A list of gateways makes Istio ignore `sourceLabels` and `sourceNamespace`.
    pub(super) fn excludes(&self, written: &HttpMatchRequest, namespace: &str) -> Option<String> {
        if written.port != 0 && written.port != u32::from(self.port) {
            return Some(format!("port is {}, and this is port {}", written.port, self.port));
        }
        if !written.gateways.is_empty() {
            let named = written
                .gateways
                .iter()
                .any(|name| qualify_gateway(name, namespace) == self.gateway);
            return (!named).then(|| format!("gateways does not name {}", self.gateway));
        }
        for (key, value) in &written.source_labels {
            if self.proxy.labels.get(key) != Some(value.as_str()) {
                return Some(format!("sourceLabels asks for {key}={value}"));
            }
        }
        let source = written.source_namespace.as_str();
        (!source.is_empty() && *source != *self.proxy.namespace.as_str())
            .then(|| format!("sourceNamespace is {source}, and the proxy is in another one"))
    }
}
