//! The schema of Gateway.

use super::common::SERVER_TLS;
use crate::schema::node::{Node, TEXT, TEXT_MAP, TEXTS, UINT32, list, object};

pub(super) const SERVER_PORT: Node =
    object(&[("name", TEXT), ("number", UINT32), ("protocol", TEXT), ("targetPort", UINT32)])
        .required(&["number", "protocol", "name"]);

pub(super) const SERVER: Node = object(&[
    ("bind", TEXT),
    ("defaultEndpoint", TEXT),
    ("hosts", TEXTS),
    ("name", TEXT),
    ("port", SERVER_PORT),
    ("tls", SERVER_TLS),
])
.required(&["port", "hosts"]);

pub(in crate::schema) const GATEWAY: Node =
    object(&[("selector", TEXT_MAP), ("servers", list(&SERVER))]);
