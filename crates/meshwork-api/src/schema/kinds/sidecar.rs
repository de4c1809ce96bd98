//! The schema of Sidecar.

use super::common::{CONNECTION_POOL, DESTINATION, SERVER_TLS, WORKLOAD_SELECTOR};
use crate::schema::node::{Node, TEXT, TEXTS, UINT32, choice, list, object};

pub(super) const EGRESS_PORT: Node =
    object(&[("name", TEXT), ("number", UINT32), ("protocol", TEXT), ("targetPort", UINT32)]);

pub(super) const EGRESS: Node = object(&[
    ("bind", TEXT),
    ("captureMode", choice(&["DEFAULT", "IPTABLES", "NONE"])),
    ("hosts", TEXTS),
    ("port", EGRESS_PORT),
])
.required(&["hosts"]);

pub(super) const INGRESS: Node = object(&[
    ("bind", TEXT),
    ("captureMode", choice(&["DEFAULT", "IPTABLES", "NONE"])),
    ("connectionPool", CONNECTION_POOL),
    ("defaultEndpoint", TEXT),
    ("port", EGRESS_PORT),
    ("tls", SERVER_TLS),
])
.required(&["port"]);

pub(super) const OUTBOUND_TRAFFIC_POLICY: Node =
    object(&[("egressProxy", DESTINATION), ("mode", choice(&["REGISTRY_ONLY", "ALLOW_ANY"]))]);

pub(in crate::schema) const SIDECAR: Node = object(&[
    ("egress", list(&EGRESS)),
    ("inboundConnectionPool", CONNECTION_POOL),
    ("ingress", list(&INGRESS)),
    ("outboundTrafficPolicy", OUTBOUND_TRAFFIC_POLICY),
    ("workloadSelector", WORKLOAD_SELECTOR),
]);
