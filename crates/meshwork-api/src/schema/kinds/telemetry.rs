//! The schema of Telemetry.

use super::common::{SELECTOR, TARGET_REF};
use crate::schema::node::{BOOLEAN, DURATION, Node, TEXT, choice, list, map, number, object};
use crate::schema::rules;

pub(super) const LOG_FILTER: Node = object(&[("expression", TEXT)]);

pub(super) const MODE_MATCH: Node =
    object(&[("mode", choice(&["CLIENT_AND_SERVER", "CLIENT", "SERVER"]))]);

pub(super) const PROVIDER_REF: Node = object(&[("name", TEXT.min(1))]).required(&["name"]);

pub(super) const ACCESS_LOGGING: Node = object(&[
    ("disabled", BOOLEAN.nullable()),
    ("filter", LOG_FILTER),
    ("match", MODE_MATCH),
    ("providers", list(&PROVIDER_REF)),
]);

pub(super) const OVERRIDE_MATCH: Node = object(&[
    ("customMetric", TEXT.min(1)),
    (
        "metric",
        choice(&[
            "ALL_METRICS",
            "REQUEST_COUNT",
            "REQUEST_DURATION",
            "REQUEST_SIZE",
            "RESPONSE_SIZE",
            "TCP_OPENED_CONNECTIONS",
            "TCP_CLOSED_CONNECTIONS",
            "TCP_SENT_BYTES",
            "TCP_RECEIVED_BYTES",
            "GRPC_REQUEST_MESSAGES",
            "GRPC_RESPONSE_MESSAGES",
        ]),
    ),
    ("mode", choice(&["CLIENT_AND_SERVER", "CLIENT", "SERVER"])),
])
.at_most_one(&["metric", "customMetric"]);

pub(super) const TAG_OVERRIDE: Node =
    object(&[("operation", choice(&["UPSERT", "REMOVE"])), ("value", TEXT)])
        .rules(&[rules::UPSERT_HAS_VALUE, rules::REMOVE_HAS_NO_VALUE]);

pub(super) const OVERRIDE: Node = object(&[
    ("disabled", BOOLEAN.nullable()),
    ("match", OVERRIDE_MATCH),
    ("tagOverrides", map(&TAG_OVERRIDE)),
]);

pub(super) const METRIC: Node = object(&[
    ("overrides", list(&OVERRIDE)),
    ("providers", list(&PROVIDER_REF)),
    ("reportingInterval", DURATION),
]);

pub(super) const NAMED_TAG: Node =
    object(&[("defaultValue", TEXT), ("name", TEXT.min(1))]).required(&["name"]);

pub(super) const TAG_VALUE: Node = object(&[("value", TEXT.min(1))]).required(&["value"]);

pub(super) const CUSTOM_TAG: Node = object(&[
    ("environment", NAMED_TAG),
    ("formatter", TAG_VALUE),
    ("header", NAMED_TAG),
    ("literal", TAG_VALUE),
])
.at_most_one(&["literal", "environment", "header", "formatter"]);

pub(super) const TRACING: Node = object(&[
    ("customTags", map(&CUSTOM_TAG)),
    ("disableContextPropagation", BOOLEAN.nullable()),
    ("disableSpanReporting", BOOLEAN.nullable()),
    ("enableIstioTags", BOOLEAN.nullable()),
    ("match", MODE_MATCH),
    ("providers", list(&PROVIDER_REF)),
    ("randomSamplingPercentage", number(0.0, 100.0).nullable()),
    ("useRequestIdForTraceSampling", BOOLEAN.nullable()),
]);

pub(in crate::schema) const TELEMETRY: Node = object(&[
    ("accessLogging", list(&ACCESS_LOGGING)),
    ("metrics", list(&METRIC)),
    ("selector", SELECTOR),
    ("targetRef", TARGET_REF),
    ("targetRefs", list(&TARGET_REF).max(16)),
    ("tracing", list(&TRACING)),
])
.at_most_one(&["selector", "targetRef", "targetRefs"]);
