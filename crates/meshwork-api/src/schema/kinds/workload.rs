//! The schema of WorkloadGroup (WorkloadEntry is among the common messages).

use crate::schema::node::{
    Node, PORT, Pattern, TEXT, TEXT_MAP, UINT32, integer, list, map, object,
};
use crate::schema::rules;

pub(super) const METADATA: Node =
    object(&[("annotations", TEXT_MAP.max(256)), ("labels", TEXT_MAP.max(256))]);

pub(super) const EXEC: Node = object(&[("command", list(&TEXT.min(1)))]).required(&["command"]);

pub(super) const GRPC: Node = object(&[("port", PORT), ("service", TEXT)]);

pub(super) const HTTP_HEADER: Node =
    object(&[("name", TEXT.pattern(Pattern::HeaderName)), ("value", TEXT)]);

pub(super) const HTTP_GET: Node = object(&[
    ("host", TEXT),
    ("httpHeaders", list(&HTTP_HEADER)),
    ("path", TEXT),
    ("port", PORT),
    ("scheme", TEXT.rules(&[rules::PROBE_SCHEME])),
])
.required(&["port"]);

pub(super) const TCP_SOCKET: Node = object(&[("host", TEXT), ("port", PORT)]).required(&["port"]);

pub(super) const PROBE: Node = object(&[
    ("exec", EXEC),
    ("failureThreshold", integer(0, i32::MAX as i64)),
    ("grpc", GRPC),
    ("httpGet", HTTP_GET),
    ("initialDelaySeconds", integer(0, i32::MAX as i64)),
    ("periodSeconds", integer(0, i32::MAX as i64)),
    ("successThreshold", integer(0, i32::MAX as i64)),
    ("tcpSocket", TCP_SOCKET),
    ("timeoutSeconds", integer(0, i32::MAX as i64)),
])
.at_most_one(&["httpGet", "tcpSocket", "exec", "grpc"]);

pub(super) const TEMPLATE: Node = object(&[
    ("address", TEXT.max(256).rules(&[rules::UNIX_PATH_ABSOLUTE, rules::UNIX_PATH_NOT_DIRECTORY])),
    ("labels", TEXT_MAP.max(256)),
    ("locality", TEXT.max(2048)),
    ("network", TEXT.max(2048)),
    ("ports", map(&PORT).max(128).rules(&[rules::PORT_NAMES])),
    ("serviceAccount", TEXT.max(253)),
    ("weight", UINT32),
])
.rules(&[rules::UNIX_WITHOUT_PORTS]);

pub(in crate::schema) const WORKLOAD_GROUP: Node =
    object(&[("metadata", METADATA), ("probe", PROBE), ("template", TEMPLATE)])
        .required(&["template"]);
