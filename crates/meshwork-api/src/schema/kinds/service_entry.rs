//! The schema of ServiceEntry.

use super::common::{WORKLOAD_ENTRY, WORKLOAD_SELECTOR};
use crate::schema::node::{Node, PORT, TEXT, TEXTS, choice, list, object};
use crate::schema::rules;

pub(super) const SERVICE_PORT: Node = object(&[
    ("name", TEXT.max(256)),
    ("number", PORT),
    ("protocol", TEXT.max(256)),
    ("targetPort", PORT),
])
.required(&["number", "name"]);

pub(in crate::schema) const SERVICE_ENTRY: Node = object(&[
    ("addresses", list(&TEXT.max(64)).max(256)),
    ("endpoints", list(&WORKLOAD_ENTRY).max(4096)),
    ("exportTo", TEXTS),
    ("hosts", list(&TEXT.rules(&[rules::NOT_STAR])).min(1).max(256)),
    ("location", choice(&["MESH_EXTERNAL", "MESH_INTERNAL"])),
    ("ports", list(&SERVICE_PORT).max(256).keyed_by("name").rules(&[rules::DISTINCT_NUMBERS])),
    ("resolution", choice(&["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"])),
    ("subjectAltNames", TEXTS),
    ("workloadSelector", WORKLOAD_SELECTOR),
])
.required(&["hosts"])
.at_most_one(&["workloadSelector", "endpoints"])
.rules(&[rules::CIDR_RESOLUTION, rules::NONE_WITHOUT_ENDPOINTS, rules::ROUND_ROBIN_ONE_ENDPOINT]);
