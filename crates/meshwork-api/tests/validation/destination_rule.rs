//! DestinationRule: subsets, pools, load balancing, TLS.

use super::support::{check, whole};

fn policy(fields: &str) -> String {
    format!("{{host: a, trafficPolicy: {{{fields}}}}}")
}

#[test]
fn hosts_and_subsets() {
    check(
        "DestinationRule",
        whole,
        &[
            ("{host: a}", ""),
            ("{host: '*.example'}", ""),
            ("{}", "E spec.host"),
            ("{host: a_b}", "E spec.host"),
            ("{host: a, subsets: [{name: v1}, {name: v2, labels: {a: b}}]}", ""),
            ("{host: a, subsets: [{name: v1}, {name: v1}]}", "E spec.subsets[1].name"),
            ("{host: a, subsets: [{name: a.b}]}", "E spec.subsets[0].name"),
            ("{host: a, subsets: [null]}", "E spec.subsets[0].name"),
            (
                "{host: a, subsets: [{name: v1, labels: {a b: c}}]}",
                "E spec.subsets[0].labels[\"a b\"]",
            ),
            (
                "{host: a, subsets: [{name: v1, trafficPolicy: {}}]}",
                "E spec.subsets[0].trafficPolicy",
            ),
            (
                "{host: a, subsets: [{name: v1, trafficPolicy: {outlierDetection: {consecutiveErrors: 1}}}]}",
                "",
            ),
            ("{host: a, exportTo: ['~']}", "E spec.exportTo[0]"),
        ],
    );
    check(
        "DestinationRule",
        |export| {
            format!("{{host: a, workloadSelector: {{matchLabels: {{a: b}}}}, exportTo: {export}}}")
        },
        &[
            ("[]", ""),
            ("['.']", ""),
            ("[default]", ""),
            ("[other]", "E spec.exportTo"),
            ("['.', other]", "E spec.exportTo"),
            ("['*']", "E spec.exportTo"),
        ],
    );
    check(
        "DestinationRule",
        whole,
        &[
            ("{host: a, workloadSelector: {}}", "W spec.workloadSelector"),
            (
                "{host: a, workloadSelector: {matchLabels: {a: '*'}}}",
                "E spec.workloadSelector.matchLabels.a",
            ),
        ],
    );
}

#[test]
fn policies() {
    check(
        "DestinationRule",
        policy,
        &[
            ("", "E spec.trafficPolicy"),
            ("portLevelSettings: []", "E spec.trafficPolicy"),
            ("retryBudget: {}", ""),
            ("tunnel: {protocol: POST, targetHost: a, targetPort: 80}", ""),
            (
                "tunnel: {targetHost: 10.0.0.1, targetPort: 80}, proxyProtocol: {}",
                "E spec.trafficPolicy",
            ),
            (
                "tunnel: {protocol: GET, targetHost: a, targetPort: 80}",
                "E spec.trafficPolicy.tunnel.protocol",
            ),
            (
                "tunnel: {targetHost: '*.a', targetPort: 80}",
                "E spec.trafficPolicy.tunnel.targetHost",
            ),
            ("tunnel: {targetHost: a}", "E spec.trafficPolicy.tunnel.targetPort"),
            ("proxyProtocol: {version: V2}", ""),
            ("proxyProtocol: {version: 7}", "E spec.trafficPolicy.proxyProtocol.version"),
            ("portLevelSettings: [{port: {number: 80}, tls: {}}]", ""),
            ("portLevelSettings: [{port: {}, tls: {}}]", ""),
            ("portLevelSettings: [{tls: {}}]", "E spec.trafficPolicy.portLevelSettings[0].port"),
            (
                "portLevelSettings: [{port: {number: 80}}]",
                "E spec.trafficPolicy.portLevelSettings[0]",
            ),
            (
                "portLevelSettings: [{port: {number: 80}, outlierDetection: {consecutiveErrors: 1}}]",
                "",
            ),
            (
                "portLevelSettings: [{port: {number: 80}, connectionPool: {}}]",
                "E spec.trafficPolicy.portLevelSettings[0].connectionPool",
            ),
        ],
    );
}

#[test]
fn connection_pools() {
    check(
        "DestinationRule",
        |pool| policy(&format!("connectionPool: {pool}")),
        &[
            ("{tcp: {maxConnections: 1, idleTimeout: 0s}, http: {}}", ""),
            ("{}", "E spec.trafficPolicy.connectionPool"),
            (
                "{tcp: {maxConnections: -1}}",
                "E spec.trafficPolicy.connectionPool.tcp.maxConnections",
            ),
            (
                "{tcp: {connectTimeout: 0s}}",
                "E spec.trafficPolicy.connectionPool.tcp.connectTimeout",
            ),
            (
                "{tcp: {maxConnectionDuration: 1us}}",
                "E spec.trafficPolicy.connectionPool.tcp.maxConnectionDuration",
            ),
            ("{tcp: {idleTimeout: 1us}}", ""),
            ("{tcp: {idleTimeout: 1500us}}", "E spec.trafficPolicy.connectionPool.tcp.idleTimeout"),
            ("{tcp: {idleTimeout: -1s}}", "E spec.trafficPolicy.connectionPool.tcp.idleTimeout"),
            (
                "{tcp: {tcpKeepalive: {time: 0s}}}",
                "E spec.trafficPolicy.connectionPool.tcp.tcpKeepalive.time",
            ),
            (
                "{tcp: {tcpKeepalive: {interval: 0s}}}",
                "E spec.trafficPolicy.connectionPool.tcp.tcpKeepalive.interval",
            ),
            (
                "{http: {http1MaxPendingRequests: -1}}",
                "E spec.trafficPolicy.connectionPool.http.http1MaxPendingRequests",
            ),
            (
                "{http: {http2MaxRequests: -1}}",
                "E spec.trafficPolicy.connectionPool.http.http2MaxRequests",
            ),
            (
                "{http: {maxRequestsPerConnection: -1}}",
                "E spec.trafficPolicy.connectionPool.http.maxRequestsPerConnection",
            ),
            ("{http: {maxRetries: -1}}", "E spec.trafficPolicy.connectionPool.http.maxRetries"),
            (
                "{http: {maxConcurrentStreams: -1}}",
                "E spec.trafficPolicy.connectionPool.http.maxConcurrentStreams",
            ),
            ("{http: {idleTimeout: 0s}}", "E spec.trafficPolicy.connectionPool.http.idleTimeout"),
            (
                "{http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}}",
                "E spec.trafficPolicy.connectionPool.http.useClientProtocol",
            ),
            ("{http: {http2KeepAlive: {interval: 1s, timeout: 1s}}}", ""),
            (
                "{http: {http2KeepAlive: {}}}",
                "E spec.trafficPolicy.connectionPool.http.http2KeepAlive.interval, E spec.trafficPolicy.connectionPool.http.http2KeepAlive.timeout",
            ),
        ],
    );
}

#[test]
fn outlier_detection() {
    check(
        "DestinationRule",
        |fields| policy(&format!("outlierDetection: {{{fields}}}")),
        &[
            ("", ""),
            ("consecutiveErrors: 1", "W spec.trafficPolicy.outlierDetection.consecutiveErrors"),
            ("baseEjectionTime: 0s", "E spec.trafficPolicy.outlierDetection.baseEjectionTime"),
            ("interval: 1us", "E spec.trafficPolicy.outlierDetection.interval"),
            ("maxEjectionPercent: 101", "E spec.trafficPolicy.outlierDetection.maxEjectionPercent"),
            ("minHealthPercent: -1", "E spec.trafficPolicy.outlierDetection.minHealthPercent"),
            (
                "consecutiveLocalOriginFailures: 1",
                "E spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures",
            ),
            ("consecutiveLocalOriginFailures: 0", ""),
            ("consecutiveLocalOriginFailures: 1, splitExternalLocalOriginErrors: true", ""),
        ],
    );
}

#[test]
fn load_balancers() {
    check(
        "DestinationRule",
        |fields| policy(&format!("loadBalancer: {{{fields}}}")),
        &[
            ("simple: RANDOM", ""),
            ("consistentHash: {}", ""),
            ("consistentHash: {httpCookie: {name: a, attributes: [{name: b}, {name: c}]}}", ""),
            (
                "consistentHash: {httpCookie: {}}",
                "E spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.name",
            ),
            (
                "consistentHash: {httpCookie: {name: a, attributes: [{}]}}",
                "E spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[0].name",
            ),
            (
                "consistentHash: {httpCookie: {name: a, attributes: [{name: b}, {name: b}]}}",
                "E spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[1]",
            ),
            (
                "consistentHash: {minimumRingSize: 1}",
                "W spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize",
            ),
            (
                "consistentHash: {minimumRingSize: 1, ringHash: {}}",
                "W spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize, E spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize",
            ),
            ("consistentHash: {maglev: {tableSize: 65537}}", ""),
            ("consistentHash: {maglev: {tableSize: 1}}", ""),
            (
                "consistentHash: {maglev: {}}",
                "E spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize",
            ),
            (
                "consistentHash: {maglev: {tableSize: 5000011}}",
                "E spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize",
            ),
            (
                "consistentHash: {maglev: {tableSize: 65536}}",
                "E spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize",
            ),
            ("warmup: {duration: 1s, minimumPercent: 100, aggression: 0.1}", ""),
            ("warmup: {}", "E spec.trafficPolicy.loadBalancer.warmup.duration"),
            ("warmup: {duration: 1us}", "E spec.trafficPolicy.loadBalancer.warmup.duration"),
            (
                "warmup: {duration: 1s, minimumPercent: 101}",
                "E spec.trafficPolicy.loadBalancer.warmup.minimumPercent",
            ),
            (
                "warmup: {duration: 1s, aggression: 0}",
                "E spec.trafficPolicy.loadBalancer.warmup.aggression",
            ),
            ("warmupDurationSecs: 0s", ""),
            ("localityLbSetting: {}, zoneAwareLbSetting: {}", "E spec.trafficPolicy.loadBalancer"),
        ],
    );
}

#[test]
fn localities() {
    let frame = |fields: &str| {
        policy(&format!(
            "outlierDetection: {{}}, loadBalancer: {{localityLbSetting: {{{fields}}}}}"
        ))
    };
    let place = "spec.trafficPolicy.loadBalancer.localityLbSetting";
    let at = |suffix: &str| format!("E {place}{suffix}");
    for (fields, expected) in [
        ("distribute: [{from: a, to: {a: 80, b: 20}}]", String::new()),
        ("distribute: [{from: a, to: {a: 100}}], failover: [{from: a, to: b}]", at("")),
        ("distribute: [{from: a, to: {a: 99}}]", at(".distribute[0].to")),
        ("distribute: [{from: a, to: {a: 100, b: 0}}]", at(".distribute[0].to.b")),
        (
            "distribute: [{from: a, to: {a: 100}}, {from: a/b, to: {a: 100}}]",
            at(".distribute[1].from"),
        ),
        ("distribute: [{from: a/*/b, to: {a: 100}}]", at(".distribute[0].from")),
        ("failover: [{from: a, to: b}]", String::new()),
        ("failover: [{from: a, to: a}]", at(".failover[0]")),
        ("failover: [{from: a/b, to: c}]", at(".failover[0].from")),
        ("failover: [{from: a, to: '*'}]", at(".failover[0].to")),
        (
            "failover: [{from: a, to: b}], failoverPriority: [topology.kubernetes.io/zone]",
            at(".failoverPriority[0]"),
        ),
        ("failover: [{from: a, to: b}], failoverPriority: [app]", String::new()),
        ("failoverPriority: [topology.kubernetes.io/zone]", String::new()),
    ] {
        check("DestinationRule", frame, &[(fields, &expected)]);
    }
    let alone =
        |fields: &str| policy(&format!("loadBalancer: {{localityLbSetting: {{{fields}}}}}"));
    check(
        "DestinationRule",
        alone,
        &[
            ("failover: [{from: a, to: b}]", "W spec.trafficPolicy.loadBalancer.localityLbSetting"),
            ("failoverPriority: [app]", "W spec.trafficPolicy.loadBalancer.localityLbSetting"),
            ("distribute: [{from: a, to: {a: 100}}]", ""),
        ],
    );
}

#[test]
fn zones() {
    let frame = |fields: &str| {
        policy(&format!(
            "outlierDetection: {{}}, loadBalancer: {{zoneAwareLbSetting: {{{fields}}}}}"
        ))
    };
    check(
        "DestinationRule",
        frame,
        &[
            ("failover: [{from: a, to: b}], failoverPriority: [app]", ""),
            (
                "failoverPriority: [topology.istio.io/subzone]",
                "E spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.failoverPriority[0]",
            ),
            (
                "failover: [{from: a, to: a}]",
                "E spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.failover[0]",
            ),
            (
                "failover: [{from: a, to: b/c}]",
                "E spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.failover[0].to",
            ),
        ],
    );
    check(
        "DestinationRule",
        policy,
        &[(
            "loadBalancer: {zoneAwareLbSetting: {failoverPriority: [app]}}",
            "W spec.trafficPolicy.loadBalancer.zoneAwareLbSetting",
        )],
    );
}

#[test]
fn tls() {
    check(
        "DestinationRule",
        |fields| policy(&format!("tls: {{{fields}}}")),
        &[
            ("mode: SIMPLE, caCertificates: a", ""),
            ("mode: SIMPLE, credentialName: a", ""),
            ("mode: SIMPLE, credentialName: a, caCertificates: b", "E spec.trafficPolicy.tls"),
            ("mode: MUTUAL, credentialName: a, caCrl: b", "E spec.trafficPolicy.tls"),
            ("mode: MUTUAL, clientCertificate: a, privateKey: b", ""),
            (
                "mode: MUTUAL",
                "E spec.trafficPolicy.tls.clientCertificate, E spec.trafficPolicy.tls.privateKey",
            ),
            ("mode: ISTIO_MUTUAL, clientCertificate: a", ""),
            ("mode: DISABLE, credentialName: a, caCertificates: b", ""),
            ("mode: SIMPLE, insecureSkipVerify: true", ""),
            (
                "mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [a]",
                "E spec.trafficPolicy.tls.insecureSkipVerify",
            ),
            (
                "mode: SIMPLE, insecureSkipVerify: true, credentialName: a",
                "E spec.trafficPolicy.tls.insecureSkipVerify",
            ),
            ("mode: MUTUAL, insecureSkipVerify: true, credentialName: a", ""),
            (
                "mode: MUTUAL, insecureSkipVerify: true, credentialName: a, subjectAltNames: [b]",
                "E spec.trafficPolicy.tls.insecureSkipVerify",
            ),
            ("mode: SIMPLE, credentialName: 'configmap://default/a'", ""),
            (
                "mode: SIMPLE, credentialName: 'configmap://other/a'",
                "E spec.trafficPolicy.tls.credentialName",
            ),
            (
                "mode: SIMPLE, credentialName: 'configmap://a'",
                "E spec.trafficPolicy.tls.credentialName",
            ),
        ],
    );
}
