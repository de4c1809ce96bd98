//! Inheritance between mesh, rule, port and subset.

use meshwork_balance::Algorithm;
use serde_json::{Value, json};

use crate::testing::{client, policies_in, rule, service};

/// What is left of a policy, in short: connections, requests, whether outliers are detected, the
/// algorithm, and the retry budget.
fn summary(spec: Value, mesh: Value, port: u16, subset: Option<&str>) -> String {
    let policies = policies_in(&[rule(1, "b/rule", spec)], mesh);
    let service = service("b", "s.example");
    let policy = policies.resolve(&client("a"), &service, subset, port).unwrap();
    let limits = &policy.connection_pool.circuit_breakers;
    let number = |limit: u32| if limit == u32::MAX { "-".to_owned() } else { limit.to_string() };
    let errors = policy.outlier_detection.map_or("-".to_owned(), |outlier| {
        outlier.consecutive_5xx_errors.map_or("default".to_owned(), |count| count.to_string())
    });
    let algorithm = match policy.load_balancing.algorithm {
        Algorithm::RoundRobin(_) => "turns",
        Algorithm::Random(_) => "random",
        _ => "default",
    };
    let budget = limits.retry_budget.as_ref();
    format!(
        "connections {} requests {} errors {errors} {algorithm} budget {}",
        number(limits.max_connections),
        number(limits.max_requests),
        budget.map_or("-".to_owned(), |budget| budget.percent.to_string()),
    )
}

fn worked_example() -> Value {
    json!({
        "host": "s.example",
        "trafficPolicy": {
            "connectionPool": { "tcp": { "maxConnections": 100 } },
            "outlierDetection": { "consecutive5xxErrors": 3 },
            "retryBudget": { "percent": 10 },
            "portLevelSettings": [
                { "port": { "number": 80 }, "loadBalancer": { "simple": "ROUND_ROBIN" } },
            ],
        },
        "subsets": [
            {
                "name": "v1",
                "trafficPolicy": { "connectionPool": { "http": { "http2MaxRequests": 5 } } },
            },
            {
                "name": "v2",
                "trafficPolicy": {
                    "retryBudget": { "percent": 50 },
                    "portLevelSettings": [
                        { "port": { "number": 81 }, "loadBalancer": { "simple": "RANDOM" } },
                    ],
                },
            },
        ],
    })
}

#[test]
fn blocks_are_replaced_whole() {
    let check = |port, subset, expected: &str| {
        assert_eq!(summary(worked_example(), json!({}), port, subset), expected);
    };
    check(81, None, "connections 100 requests - errors 3 default budget 10");
    check(80, None, "connections - requests - errors - turns budget -");
    check(81, Some("v1"), "connections - requests 5 errors 3 default budget 10");
    check(80, Some("v1"), "connections - requests 5 errors - turns budget -");
    check(80, Some("v2"), "connections - requests - errors - turns budget 50");
    check(81, Some("v2"), "connections - requests - errors - random budget 10");
}

#[test]
fn defaults_of_the_mesh_fill_what_is_left_open() {
    let mesh = || {
        json!({ "defaultTrafficPolicy": {
            "connectionPool": { "tcp": { "maxConnections": 7 } },
            "outlierDetection": { "consecutive5xxErrors": 9 },
        } })
    };
    let check = |port, subset, expected: &str| {
        assert_eq!(summary(worked_example(), mesh(), port, subset), expected);
    };
    check(81, None, "connections 100 requests - errors 3 default budget 10");
    check(80, None, "connections 7 requests - errors 9 turns budget -");
    check(80, Some("v1"), "connections - requests 5 errors 9 turns budget -");
    check(81, Some("v2"), "connections - requests - errors - random budget 10");
    let plain = summary(json!({ "host": "other.example" }), mesh(), 80, None);
    assert_eq!(plain, "connections 7 requests - errors 9 default budget -");
}

#[test]
fn keepalive_is_merged_field_by_field() {
    let spec = json!({
        "host": "s.example",
        "trafficPolicy": { "connectionPool": { "tcp": { "tcpKeepalive": { "interval": "5s" } } } },
    });
    let mesh = json!({ "tcpKeepalive": { "probes": 9, "time": "60s" } });
    let policies = policies_in(&[rule(1, "b/rule", spec)], mesh);
    let policy = policies.resolve(&client("a"), &service("b", "s.example"), None, 80).unwrap();
    let keepalive = policy.connection_pool.tcp_keepalive.unwrap();
    assert_eq!(
        (keepalive.probes, keepalive.time, keepalive.interval),
        (Some(9), Some(60), Some(5))
    );
}

#[test]
fn an_unknown_subset_is_refused() {
    let policies = policies_in(&[rule(1, "b/rule", worked_example())], json!({}));
    let error = policies.resolve(&client("a"), &service("b", "s.example"), Some("v9"), 80);
    assert_eq!(error.unwrap_err().to_string(), "subset `v9` of `s.example` is not defined");
}

#[test]
fn zero_is_unset_and_consecutive_errors_is_ignored() {
    let spec = json!({
        "host": "s.example",
        "trafficPolicy": {
            "connectionPool": { "tcp": { "maxConnections": 0 } },
            "outlierDetection": { "consecutiveErrors": 1, "maxEjectionPercent": 0 },
        },
    });
    let policies = policies_in(&[rule(1, "b/rule", spec)], json!({}));
    let policy = policies.resolve(&client("a"), &service("b", "s.example"), None, 80).unwrap();
    assert_eq!(policy.connection_pool.circuit_breakers.max_connections, u32::MAX);
    let detector = policy.outlier_detection.unwrap().detector();
    assert_eq!(detector, meshwork_balance::OutlierDetection::default());
}

#[test]
fn tcp_reads_the_rule_alone() {
    let spec = json!({
        "host": "s.example",
        "trafficPolicy": {
            "connectionPool": { "tcp": { "idleTimeout": "10s" } },
            "loadBalancer": { "consistentHash": { "useSourceIp": true } },
            "portLevelSettings": [
                { "port": { "number": 80 }, "loadBalancer": { "simple": "RANDOM" } },
            ],
        },
        "subsets": [
            { "name": "same" },
            { "name": "turns", "trafficPolicy": { "loadBalancer": { "simple": "ROUND_ROBIN" } } },
        ],
    });
    let policies = policies_in(&[rule(1, "b/rule", spec)], json!({}));
    let tcp = |subset| policies.tcp(&client("a"), &service("b", "s.example"), subset);
    assert!(tcp(None).source_ip_hash && tcp(Some("same")).source_ip_hash);
    assert!(!tcp(Some("turns")).source_ip_hash);
    assert_eq!(tcp(Some("turns")).idle_timeout, Some(std::time::Duration::from_secs(10)));
}
