//! The schema of every kind, as tables: one constant per message, fields in alphabetical order.

mod common;
mod destination_rule;
mod gateway;
mod proxy_config;
mod security;
mod service_entry;
mod sidecar;
mod telemetry;
mod virtual_service;
mod workload;

use super::node::Node;

/// What an API server knows of a kind.
#[derive(Debug)]
pub(super) struct KindSchema {
    pub(super) group: &'static str,
    pub(super) kind: &'static str,
    /// The served versions; they share one schema.
    pub(super) versions: &'static [&'static str],
    pub(super) spec: Node,
    pub(super) spec_required: bool,
}

/// `status`, which is the same in every kind.
pub(super) static STATUS: Node = common::STATUS;

/// Finds the schema of a kind in a group, whatever the version.
pub(super) fn schema_of(group: &str, kind: &str) -> Option<&'static KindSchema> {
    KINDS.iter().find(|schema| schema.kind == kind && schema.group == group)
}

const fn kind(group: &'static str, kind: &'static str, spec: Node) -> KindSchema {
    KindSchema { group, kind, versions: &["v1", "v1beta1", "v1alpha3"], spec, spec_required: false }
}

impl KindSchema {
    const fn versions(mut self, versions: &'static [&'static str]) -> Self {
        self.versions = versions;
        self
    }

    const fn spec_required(mut self) -> Self {
        self.spec_required = true;
        self
    }
}

const NETWORKING: &str = "networking.istio.io";
const SECURITY: &str = "security.istio.io";

static KINDS: [KindSchema; 12] = [
    kind(NETWORKING, "VirtualService", virtual_service::VIRTUAL_SERVICE),
    kind(NETWORKING, "DestinationRule", destination_rule::DESTINATION_RULE),
    kind(NETWORKING, "Gateway", gateway::GATEWAY),
    kind(NETWORKING, "ServiceEntry", service_entry::SERVICE_ENTRY).spec_required(),
    kind(NETWORKING, "WorkloadEntry", common::WORKLOAD_ENTRY).spec_required(),
    kind(NETWORKING, "WorkloadGroup", workload::WORKLOAD_GROUP).spec_required(),
    kind(NETWORKING, "Sidecar", sidecar::SIDECAR),
    kind(NETWORKING, "ProxyConfig", proxy_config::PROXY_CONFIG).versions(&["v1beta1"]),
    kind(SECURITY, "AuthorizationPolicy", security::AUTHORIZATION_POLICY)
        .versions(&["v1", "v1beta1"]),
    kind(SECURITY, "RequestAuthentication", security::REQUEST_AUTHENTICATION)
        .versions(&["v1", "v1beta1"]),
    kind(SECURITY, "PeerAuthentication", security::PEER_AUTHENTICATION)
        .versions(&["v1", "v1beta1"]),
    kind("telemetry.istio.io", "Telemetry", telemetry::TELEMETRY).versions(&["v1", "v1alpha1"]),
];
