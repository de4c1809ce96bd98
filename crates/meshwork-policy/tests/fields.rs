//! Fields that no recorded scenario sets: with one the cluster is what istiod makes of it, and
//! without it another.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by it"
)]

use std::sync::Arc;

use meshwork_api::{AnyObject, Object, networking::DestinationRule};
use meshwork_core::{Attributes, Protocol, RequestHead};
use meshwork_policy::{
    Destination, DestinationPolicies, HashInput, HashPolicy, InboundTarget, Transport,
    service_accounts,
};
use meshwork_registry::{Proxy, Registry, Resource, Settings};
use serde_json::{Value, json};

/// What a client at r1/z1 makes of `s.example`, which has an endpoint in each of three regions,
/// under `mesh` and the rule's spec `rule`; and what its other clusters are.
fn observe(config: &Value) -> Value {
    let mesh = config.get("mesh").cloned().unwrap_or(json!({}));
    let mesh = Arc::new(serde_json::from_value(mesh).unwrap());
    let mut spec = config.get("rule").cloned().unwrap_or(json!({}));
    spec["host"] = json!("s.example");
    let rule = rule(&spec);
    let policies = DestinationPolicies::compile([&rule], mesh, "cluster.local");
    let registry = registry(config.get("protocol").and_then(Value::as_str).unwrap_or("HTTP"));
    let mut client = Proxy::sidecar("default");
    client.locality = "r1/z1".parse().unwrap();
    client.addresses = vec!["10.9.0.1".parse().unwrap()];
    if let Some(cluster) = config.get("cluster").and_then(Value::as_str) {
        client.cluster = cluster.into();
    }
    let service = registry.service("s.example", "default").unwrap();
    let destination = Destination {
        client: &client,
        service,
        port: service.port(80).unwrap(),
        subset: None,
        endpoints: &registry.endpoints(service, 80),
        accounts: &service_accounts(&registry.identities(service), policies.mesh()),
    };
    let outbound = policies.outbound(&destination, &()).unwrap();
    let mut endpoints = json!({});
    for endpoint in &outbound.endpoints {
        let rank = json!([endpoint.priority, endpoint.locality_weight]);
        endpoints[endpoint.address.split(':').next().unwrap()] = rank;
    }
    let target = InboundTarget {
        number: 8080,
        port: 80,
        protocol: Protocol::Http,
        service: None,
        in_mesh: false,
        endpoint: None,
        connection_pool: None,
    };
    let dynamic = policies.dynamic_passthrough(&client);
    json!({
        "outbound": outbound.policy.to_envoy(),
        "endpoints": endpoints,
        "inbound": policies.inbound(&client, &target).to_envoy(),
        "dynamic": dynamic.to_envoy(),
        "crl": crl(&outbound.policy.transport),
        "dynamic_crl": crl(&dynamic.transport),
        "cookie": policies.hash_policy(&client, service, None, Some(80)).as_ref().map(cookie),
        "proxy_protocol": outbound.policy.proxy_protocol().map(|version| format!("{version:?}")),
    })
}

/// What is said of the cookie that a first request makes.
fn cookie(policy: &HashPolicy) -> Vec<String> {
    let (headers, mut attributes) = (http::HeaderMap::new(), Attributes::default());
    attributes.source = Some("10.9.0.1:4000".parse().unwrap());
    attributes.destination = Some("10.0.0.1:80".parse().unwrap());
    let head = RequestHead::new("GET", "http", "s.example", "/", &headers);
    let hash = HashPolicy::request_hash([policy], &HashInput::sidecar(&head, &attributes));
    let made = hash.set_cookies.iter().flat_map(|cookie| cookie.split("; "));
    made.skip(1).map(str::to_owned).collect()
}

fn crl(transport: &Transport) -> Option<&str> {
    match transport {
        Transport::Tls(tls) => tls.crl.as_deref(),
        _ => None,
    }
}

fn rule(spec: &Value) -> Object<DestinationRule> {
    let object = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": { "name": "rule", "namespace": "default" },
        "spec": spec,
    });
    match serde_json::from_value(object).unwrap() {
        AnyObject::DestinationRule(rule) => rule,
        other => panic!("{} instead of a rule", other.kind()),
    }
}

fn registry(protocol: &str) -> Registry {
    let object: AnyObject = serde_json::from_value(json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": { "name": "service", "namespace": "default" },
        "spec": {
            "hosts": ["s.example"],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "ports": [{ "number": 80, "name": "p", "protocol": protocol }],
            "endpoints": [
                { "address": "10.0.0.1", "locality": "r1/z1" },
                { "address": "10.0.0.2", "locality": "r2/z1", "labels": { "version": "v1" } },
                { "address": "10.0.0.3", "locality": "r3/z1" },
            ],
        },
    }))
    .unwrap();
    Registry::build(Arc::new(Settings::default()), Resource::of(&object))
}

/// With the field at `field` the observation at `place` is `expected`, and without it it is not.
fn check(config: &Value, field: &str, place: &str, expected: &Value) {
    let found = observe(config);
    assert_eq!(found.pointer(place), Some(expected), "{config} at {place} of {found:#}");
    let mut without = config.clone();
    let (parent, key) = field.rsplit_once('/').unwrap();
    let removed = match without.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.remove(key),
        _ => None,
    };
    assert!(removed.is_some(), "{config} has no {field}");
    assert_ne!(observe(&without).pointer(place), Some(expected), "{config} without {field}");
}

#[test]
fn localities_by_the_rule_and_by_the_mesh() {
    let distribute =
        || json!({ "distribute": [{ "from": "r1/*", "to": { "r1/*": 80, "r2/*": 20 } }] });
    let shares = || json!({ "10.0.0.1": [0, 80], "10.0.0.2": [0, 20] });
    let failover = || json!({ "failover": [{ "from": "r1", "to": "r2" }] });
    let labels = || json!({ "failoverPriority": ["version=v1"] });
    let (near, far) = ("/endpoints/10.0.0.1/0", "/endpoints/10.0.0.3/0");
    let zone = "/outbound/common_lb_config/zone_aware_lb_config";
    let off = || json!({ "enabled": false });
    let cases = [
        ("localityLbSetting", off(), "", far, json!(0)),
        ("localityLbSetting", off(), "/enabled", far, json!(0)),
        ("localityLbSetting", distribute(), "/distribute", "/endpoints", shares()),
        ("localityLbSetting", distribute(), "/distribute/0/from", "/endpoints", shares()),
        ("localityLbSetting", distribute(), "/distribute/0/to", "/endpoints", shares()),
        ("localityLbSetting", failover(), "/failover", far, json!(2)),
        ("localityLbSetting", failover(), "/failover/0/from", far, json!(2)),
        ("localityLbSetting", failover(), "/failover/0/to", far, json!(2)),
        ("localityLbSetting", labels(), "/failoverPriority", near, json!(1)),
        ("zoneAwareLbSetting", json!({}), "", zone, json!({})),
        ("zoneAwareLbSetting", off(), "/enabled", zone, json!({ "routing_enabled": {} })),
        (
            "zoneAwareLbSetting",
            json!({ "minClusterSize": 9 }),
            "/minClusterSize",
            zone,
            json!({ "min_cluster_size": "9" }),
        ),
        ("zoneAwareLbSetting", failover(), "/failover", far, json!(2)),
        ("zoneAwareLbSetting", failover(), "/failover/0/from", far, json!(2)),
        ("zoneAwareLbSetting", failover(), "/failover/0/to", far, json!(2)),
        ("zoneAwareLbSetting", labels(), "/failoverPriority", near, json!(1)),
    ];
    for (setting, value, field, place, expected) in cases {
        let outlier = json!({});
        let mesh = json!({
            "mesh": { setting: value },
            "rule": { "trafficPolicy": { "outlierDetection": outlier } },
        });
        check(&mesh, &format!("/mesh/{setting}{field}"), place, &expected);
        let rule = json!({ "rule": { "trafficPolicy": {
            "outlierDetection": outlier,
            "loadBalancer": { setting: value },
        } } });
        let field = format!("/rule/trafficPolicy/loadBalancer/{setting}{field}");
        check(&rule, &field, place, &expected);
    }
}

const HTTP: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// Where a cluster has its HTTP options.
fn http(place: &str) -> String {
    format!("/outbound/typed_extension_protocol_options/{HTTP}/{place}")
}

#[test]
fn connection_pools_of_the_mesh() {
    let limit = |name: &str| format!("/outbound/circuit_breakers/thresholds/0/{name}");
    let keepalive = |name: &str| {
        format!("/outbound/upstream_connection_options/tcp_keepalive/keepalive_{name}")
    };
    let common = |name: &str| http(&format!("common_http_protocol_options/{name}"));
    let http2 = |name: &str| http(&format!("explicit_http_config/http2_protocol_options{name}"));
    let ping = |name: &str| http2(&format!("/connection_keepalive/{name}"));
    let requests = common("max_requests_per_connection");
    let client = http("use_downstream_protocol_config/http2_protocol_options");
    let cases = [
        ("tcp/connectTimeout", json!("3s"), "/outbound/connect_timeout".into(), json!("3s")),
        ("tcp/tcpKeepalive", json!({ "probes": 3 }), keepalive("probes"), json!(3)),
        ("tcp/tcpKeepalive/interval", json!("7s"), keepalive("interval"), json!(7)),
        ("tcp/maxConnectionDuration", json!("9s"), common("max_connection_duration"), json!("9s")),
        ("tcp/idleTimeout", json!("5s"), common("idle_timeout"), json!("5s")),
        ("http/http1MaxPendingRequests", json!(2), limit("max_pending_requests"), json!(2)),
        ("http/http2MaxRequests", json!(3), limit("max_requests"), json!(3)),
        ("http/maxRetries", json!(4), limit("max_retries"), json!(4)),
        ("http/maxRequestsPerConnection", json!(5), requests, json!(5)),
        ("http/idleTimeout", json!("6s"), common("idle_timeout"), json!("6s")),
        ("http/h2UpgradePolicy", json!("UPGRADE"), http2(""), json!({})),
        ("http/useClientProtocol", json!(true), client, json!({})),
        ("http/maxConcurrentStreams", json!(8), http2("/max_concurrent_streams"), json!(8)),
        ("http/http2KeepAlive", json!({ "interval": "1s" }), ping("interval"), json!("1s")),
        ("http/http2KeepAlive/interval", json!("2s"), ping("interval"), json!("2s")),
        ("http/http2KeepAlive/timeout", json!("3s"), ping("timeout"), json!("3s")),
    ];
    for (field, value, place, expected) in cases {
        let pool = field.rsplit('/').fold(value, |value, key| json!({ key: value }));
        let h2 = field.contains("http2Keep") || field.contains("Streams");
        let config = json!({
            "mesh": { "defaultTrafficPolicy": { "connectionPool": pool } },
            "protocol": if h2 { "HTTP2" } else { "HTTP" },
        });
        let below = "/mesh/defaultTrafficPolicy/connectionPool";
        check(&config, &format!("{below}/{field}"), &place, &expected);
        if let Some((block, _)) = field.split_once('/') {
            check(&config, &format!("{below}/{block}"), &place, &expected);
        }
    }
    let config = json!({ "mesh": { "tcpKeepalive": { "interval": "7s" } } });
    check(&config, "/mesh/tcpKeepalive/interval", &keepalive("interval"), &json!(7));
}

#[test]
fn outlier_detection_of_the_mesh() {
    let at = |name: &str| format!("/outbound/outlier_detection/{name}");
    let split = "splitExternalLocalOriginErrors";
    let cases = [
        (
            "consecutiveGatewayErrors",
            json!({ "consecutiveGatewayErrors": 3 }),
            at("consecutive_gateway_failure"),
            json!(3),
        ),
        ("interval", json!({ "interval": "4s" }), at("interval"), json!("4s")),
        (
            "baseEjectionTime",
            json!({ "baseEjectionTime": "5s" }),
            at("base_ejection_time"),
            json!("5s"),
        ),
        (
            "maxEjectionPercent",
            json!({ "maxEjectionPercent": 60 }),
            at("max_ejection_percent"),
            json!(60),
        ),
        (split, json!({ split: true }), at("split_external_local_origin_errors"), json!(true)),
        (
            "consecutiveLocalOriginFailures",
            json!({ "consecutiveLocalOriginFailures": 7, split: true }),
            at("consecutive_local_origin_failure"),
            json!(7),
        ),
        (
            "minHealthPercent",
            json!({ "minHealthPercent": 40 }),
            "/outbound/common_lb_config/healthy_panic_threshold".into(),
            json!({ "value": 40 }),
        ),
        (
            "outlierDetectionHttpErrorCodes",
            json!({ "outlierDetectionHttpErrorCodes": [429] }),
            http(
                "outlier_detection/error_matcher/http_response_headers_match/headers/0/string_match/exact",
            ),
            json!("429"),
        ),
    ];
    for (field, outlier, place, expected) in cases {
        let config = json!({ "mesh": { "defaultTrafficPolicy": { "outlierDetection": outlier } } });
        let field = format!("/mesh/defaultTrafficPolicy/outlierDetection/{field}");
        check(&config, &field, &place, &expected);
    }
}

#[test]
fn services_of_one_cluster() {
    let config = json!({
        "mesh": { "serviceSettings": [
            { "hosts": ["*.example"], "settings": { "clusterLocal": true } },
        ] },
        "cluster": "far",
    });
    for field in ["", "/0/hosts", "/0/settings", "/0/settings/clusterLocal"] {
        check(&config, &format!("/mesh/serviceSettings{field}"), "/endpoints", &json!({}));
    }
}

#[test]
fn where_inbound_connections_go() {
    let config = json!({ "mesh": { "inboundTrafficPolicy": { "mode": "LOCALHOST" } } });
    for field in ["", "/mode"] {
        let field = format!("/mesh/inboundTrafficPolicy{field}");
        check(&config, &field, "/inbound/endpoints/0/address", &json!("127.0.0.1:8080"));
    }
}

#[test]
fn tls_to_destinations_that_are_looked_up() {
    let with = |tls: Value| {
        json!({ "mesh": { "outboundTrafficPolicy": {
            "mode": "ALLOW_ANY_DYNAMIC_DNS",
            "tls": tls,
        } } })
    };
    let simple = |field: &str, value: Value| with(json!({ "mode": "SIMPLE", field: value }));
    let mutual =
        || with(json!({ "mode": "MUTUAL", "clientCertificate": "/c.pem", "privateKey": "/c.key" }));
    let pair = || json!(["file-cert:/c.pem~/c.key"]);
    let roots = json!("configmap://roots");
    let names = "/dynamic/tls/subject_alt_names/0/exact";
    let (mode, ca) = ("/dynamic/tls/mode", "/dynamic/tls/ca");
    let certificate = "/dynamic/tls/certificate";
    let cases = [
        (with(json!({ "mode": "SIMPLE" })), "", mode, json!("tls")),
        (with(json!({ "mode": "SIMPLE" })), "/mode", mode, json!("tls")),
        (mutual(), "/clientCertificate", certificate, pair()),
        (mutual(), "/privateKey", certificate, pair()),
        (simple("caCertificates", json!("/ca")), "/caCertificates", ca, json!("file-root:/ca")),
        (simple("credentialName", roots), "/credentialName", ca, json!("configmap://roots-cacert")),
        (simple("subjectAltNames", json!(["a.b"])), "/subjectAltNames", names, json!("a.b")),
        (simple("sni", json!("a.b")), "/sni", "/dynamic/tls/sni", json!("a.b")),
        (simple("caCrl", json!("/crl")), "/caCrl", "/dynamic_crl", json!("/crl")),
    ];
    for (config, field, place, expected) in cases {
        let field = format!("/mesh/outboundTrafficPolicy/tls{field}");
        check(&config, &field, place, &expected);
    }
    let verified = observe(&simple("insecureSkipVerify", json!(false)));
    assert_eq!(verified.pointer(ca), Some(&json!("file-root:system")));
    let unverified = observe(&simple("insecureSkipVerify", json!(true)));
    assert_eq!(unverified.pointer(mode), Some(&json!("tls")));
    assert_eq!(unverified.pointer(ca), None);
}

#[test]
fn what_else_a_rule_says() {
    let check = |policy: Value, field: &str, place: &str, expected: Value| {
        let config = json!({ "rule": { "trafficPolicy": policy } });
        check(&config, &format!("/rule/trafficPolicy/{field}"), place, &expected);
    };
    check(
        json!({ "retryBudget": { "percent": 10, "budgetInterval": "5s" } }),
        "retryBudget/budgetInterval",
        "/outbound/circuit_breakers/thresholds/0/retry_budget/budget_interval",
        json!("5s"),
    );
    check(
        json!({ "tls": { "mode": "SIMPLE", "caCertificates": "/ca.pem", "caCrl": "/crl.pem" } }),
        "tls/caCrl",
        "/crl",
        json!("/crl.pem"),
    );
    check(
        json!({ "proxyProtocol": { "version": "V2" } }),
        "proxyProtocol/version",
        "/proxy_protocol",
        json!("V2"),
    );
    for field in ["", "/0/name", "/0/value"] {
        let cookie = json!({ "loadBalancer": { "consistentHash": { "httpCookie": {
            "name": "sid",
            "ttl": "0s",
            "attributes": [{ "name": "SameSite", "value": "Strict" }],
        } } } });
        let field = format!("loadBalancer/consistentHash/httpCookie/attributes{field}");
        check(cookie, &field, "/cookie", json!(["SameSite=Strict", "HttpOnly"]));
    }
}
