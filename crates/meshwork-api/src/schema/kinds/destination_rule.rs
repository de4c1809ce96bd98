//! The schema of DestinationRule.

use super::common::{CONNECTION_POOL, PORT_SELECTOR, SELECTOR};
use crate::schema::node::{
    BOOLEAN, DURATION, INT32, Node, TEXT, TEXT_MAP, TEXTS, UINT32, choice, integer, list, map,
    number, object,
};

pub(super) const COOKIE_ATTRIBUTE: Node =
    object(&[("name", TEXT), ("value", TEXT)]).required(&["name"]);

pub(super) const HTTP_COOKIE: Node = object(&[
    ("attributes", list(&COOKIE_ATTRIBUTE)),
    ("name", TEXT),
    ("path", TEXT),
    ("ttl", TEXT),
])
.required(&["name"]);

pub(super) const MAGLEV: Node = object(&[("tableSize", integer(0, i64::MAX))]);

pub(super) const RING_HASH: Node = object(&[("minimumRingSize", integer(0, i64::MAX))]);

pub(super) const CONSISTENT_HASH: Node = object(&[
    ("httpCookie", HTTP_COOKIE),
    ("httpHeaderName", TEXT),
    ("httpQueryParameterName", TEXT),
    ("maglev", MAGLEV),
    ("minimumRingSize", integer(0, i64::MAX)),
    ("ringHash", RING_HASH),
    ("useSourceIp", BOOLEAN),
])
.at_most_one(&["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"])
.at_most_one(&["ringHash", "maglev"]);

pub(super) const DISTRIBUTE: Node = object(&[("from", TEXT), ("to", map(&UINT32))]);

pub(super) const FAILOVER: Node = object(&[("from", TEXT), ("to", TEXT)]);

pub(super) const LOCALITY_LB_SETTING: Node = object(&[
    ("distribute", list(&DISTRIBUTE)),
    ("enabled", BOOLEAN.nullable()),
    ("failover", list(&FAILOVER)),
    ("failoverPriority", TEXTS),
]);

pub(super) const WARMUP: Node = object(&[
    ("aggression", number(0.0, f64::MAX).nullable()),
    ("duration", DURATION),
    ("minimumPercent", number(0.0, 100.0).nullable()),
])
.required(&["duration"]);

pub(super) const ZONE_AWARE_LB_SETTING: Node = object(&[
    ("enabled", BOOLEAN.nullable()),
    ("failover", list(&FAILOVER)),
    ("failoverPriority", TEXTS),
    ("minClusterSize", integer(1, u32::MAX as i64).nullable()),
]);

pub(super) const BACKEND_UTILIZATION: Node = object(&[
    ("errorUtilizationPenaltyPercent", UINT32),
    ("metricNamesForComputingUtilization", TEXTS),
    ("weightExpirationPeriod", TEXT),
    ("weightStabilizationPeriod", TEXT),
    ("weightUpdatePeriod", TEXT),
]);

pub(super) const LOAD_BALANCER: Node = object(&[
    ("backendUtilization", BACKEND_UTILIZATION),
    ("consistentHash", CONSISTENT_HASH),
    ("localityLbSetting", LOCALITY_LB_SETTING),
    (
        "simple",
        choice(&[
            "UNSPECIFIED",
            "LEAST_CONN",
            "RANDOM",
            "PASSTHROUGH",
            "ROUND_ROBIN",
            "LEAST_REQUEST",
        ]),
    ),
    ("warmup", WARMUP),
    ("warmupDurationSecs", DURATION),
    ("zoneAwareLbSetting", ZONE_AWARE_LB_SETTING),
])
.at_most_one(&["simple", "consistentHash", "backendUtilization"]);

pub(super) const OUTLIER_DETECTION: Node = object(&[
    ("baseEjectionTime", DURATION),
    ("consecutive5xxErrors", UINT32.nullable()),
    ("consecutiveErrors", INT32),
    ("consecutiveGatewayErrors", UINT32.nullable()),
    ("consecutiveLocalOriginFailures", UINT32.nullable()),
    ("interval", DURATION),
    ("maxEjectionPercent", INT32),
    ("minHealthPercent", INT32),
    ("outlierDetectionHttpErrorCodes", list(&integer(100, 599))),
    ("splitExternalLocalOriginErrors", BOOLEAN),
]);

pub(super) const CLIENT_TLS: Node = object(&[
    ("caCertificates", TEXT),
    ("caCrl", TEXT),
    ("clientCertificate", TEXT),
    ("credentialName", TEXT),
    ("insecureSkipVerify", BOOLEAN.nullable()),
    ("mode", choice(&["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"])),
    ("privateKey", TEXT),
    ("sni", TEXT),
    ("subjectAltNames", TEXTS),
]);

pub(super) const PORT_LEVEL_SETTING: Node = object(&[
    ("connectionPool", CONNECTION_POOL),
    ("loadBalancer", LOAD_BALANCER),
    ("outlierDetection", OUTLIER_DETECTION),
    ("port", PORT_SELECTOR),
    ("tls", CLIENT_TLS),
]);

pub(super) const PROXY_PROTOCOL: Node = object(&[("version", choice(&["V1", "V2"]))]);

pub(super) const RETRY_BUDGET: Node = object(&[
    ("budgetInterval", TEXT),
    ("minRetryConcurrency", UINT32),
    ("percent", number(0.0, 100.0).nullable()),
]);

pub(super) const TUNNEL: Node =
    object(&[("protocol", TEXT), ("targetHost", TEXT), ("targetPort", UINT32)])
        .required(&["targetHost", "targetPort"]);

pub(super) const TRAFFIC_POLICY: Node = object(&[
    ("connectionPool", CONNECTION_POOL),
    ("loadBalancer", LOAD_BALANCER),
    ("outlierDetection", OUTLIER_DETECTION),
    ("portLevelSettings", list(&PORT_LEVEL_SETTING).max(4096)),
    ("proxyProtocol", PROXY_PROTOCOL),
    ("retryBudget", RETRY_BUDGET),
    ("tls", CLIENT_TLS),
    ("tunnel", TUNNEL),
]);

pub(super) const SUBSET: Node =
    object(&[("labels", TEXT_MAP), ("name", TEXT), ("trafficPolicy", TRAFFIC_POLICY)])
        .required(&["name"]);

pub(in crate::schema) const DESTINATION_RULE: Node = object(&[
    ("exportTo", TEXTS),
    ("host", TEXT),
    ("subsets", list(&SUBSET)),
    ("trafficPolicy", TRAFFIC_POLICY),
    ("workloadSelector", SELECTOR),
])
.required(&["host"]);
