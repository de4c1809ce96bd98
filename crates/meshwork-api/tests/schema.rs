//! Schemas of resources: a table of rules per kind.

#![expect(clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use meshwork_api::{Layer, Severity, schema};
use serde_json::Value;

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn object(kind: &str, rest: &str) -> Value {
    let version = match kind {
        "AuthorizationPolicy" | "PeerAuthentication" | "RequestAuthentication" => {
            "security.istio.io/v1"
        }
        "Telemetry" => "telemetry.istio.io/v1",
        "ProxyConfig" => "networking.istio.io/v1beta1",
        _ => "networking.istio.io/v1",
    };
    yaml(&format!("{{apiVersion: {version}, kind: {kind}, {rest}}}"))
}

/// Where a schema is broken, and what is dropped as `- path`.
fn said(object: &Value) -> Vec<String> {
    let schema = schema::check(object);
    let errors = schema.report.iter().map(|violation| {
        assert_eq!((violation.layer, violation.severity), (Layer::Schema, Severity::Error));
        violation.path.clone()
    });
    let mut said: Vec<String> = errors.collect();
    said.dedup();
    said.extend(schema.unknown_fields.iter().map(|path| format!("- {path}")));
    said
}

fn check(kind: &str, table: &[(&str, &str)]) {
    let mut failures = String::new();
    for (spec, expected) in table {
        let said = said(&object(kind, &format!("metadata: {{name: test}}, spec: {spec}")));
        let expected: Vec<&str> = expected.split(", ").filter(|text| !text.is_empty()).collect();
        if said != expected {
            failures.push_str(&format!("{spec}\n   said     {said:?}\n   expected {expected:?}\n"));
        }
    }
    assert!(failures.is_empty(), "{kind}:\n{failures}");
}

#[test]
fn types_and_nulls() {
    check(
        "VirtualService",
        &[
            ("{}", ""),
            ("null", ""),
            ("[]", "spec"),
            ("{hosts: a}", "spec.hosts"),
            ("{hosts: [1]}", "spec.hosts[0]"),
            ("{hosts: null, http: [{timeout: null, match: [{headers: {a: null}}]}]}", ""),
            ("{http: [null]}", "spec.http[0]"),
            ("{http: [{match: [{ignoreUriCase: 'true'}]}]}", "spec.http[0].match[0].ignoreUriCase"),
            ("{http: [{match: [{port: '80'}]}]}", "spec.http[0].match[0].port"),
            ("{http: [{match: [{port: 80.5}]}]}", "spec.http[0].match[0].port"),
            ("{http: [{match: [{port: 80.0}]}]}", ""),
            ("{http: [{match: [{port: -1}]}]}", "spec.http[0].match[0].port"),
            ("{http: [{match: [{port: 4294967296}]}]}", "spec.http[0].match[0].port"),
            ("{http: [{match: [{headers: {a-b: x}}]}]}", "spec.http[0].match[0].headers[\"a-b\"]"),
            (
                "{http: [{route: [{destination: {host: a}, weight: 2147483648}]}]}",
                "spec.http[0].route[0].weight",
            ),
            ("{http: [{mirrorPercent: null, corsPolicy: {allowCredentials: null}}]}", ""),
            ("{http: [{fault: {abort: {percentage: {value: 1}}}}]}", ""),
        ],
    );
    check(
        "DestinationRule",
        &[
            ("{host: a, trafficPolicy: {tls: {mode: 1}}}", "spec.trafficPolicy.tls.mode"),
            ("{host: a, trafficPolicy: {tls: {mode: simple}}}", "spec.trafficPolicy.tls.mode"),
            ("{host: a, trafficPolicy: {tls: {mode: null}}}", ""),
            (
                "{host: a, trafficPolicy: {retryBudget: {percent: 100.5}}}",
                "spec.trafficPolicy.retryBudget.percent",
            ),
            (
                "{host: a, trafficPolicy: {loadBalancer: {zoneAwareLbSetting: {minClusterSize: 0}}}}",
                "spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.minClusterSize",
            ),
            (
                "{host: a, trafficPolicy: {outlierDetection: {outlierDetectionHttpErrorCodes: [99, 600]}}}",
                "spec.trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes[0], spec.trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes[1]",
            ),
            (
                "{host: a, trafficPolicy: {loadBalancer: {consistentHash: {minimumRingSize: 9223372036854775808}}}}",
                "spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize",
            ),
        ],
    );
}

#[test]
fn fields_that_are_dropped() {
    check(
        "VirtualService",
        &[
            ("{nonsense: 1}", "- spec.nonsense"),
            ("{http: [{direct_response: null}]}", "- spec.http[0].direct_response"),
            ("{http: {route: []}}", "spec.http, - spec.http.route"),
            (
                "{http: [{timeout: {seconds: 1}}]}",
                "spec.http[0].timeout, - spec.http[0].timeout.seconds",
            ),
            (
                "{http: [{match: [{headers: {x.y: {exat: a}}}]}]}",
                "- spec.http[0].match[0].headers.x.y.exat",
            ),
            (
                "{hosts: [{a: 1}, [{b: 2}]]}",
                "spec.hosts[0], spec.hosts[1], - spec.hosts[0].a, - spec.hosts[1][0].b",
            ),
            ("{b: 1, a: 2}", "- spec.a, - spec.b"),
        ],
    );
    let object = object(
        "Gateway",
        "metadata: {name: test, color: red}, spec: {}, status: {anything: {goes: here}, conditions: [{kind: x}]}, extra: 1",
    );
    assert_eq!(said(&object), ["- extra", "- metadata.color", "- status.conditions[0].kind"]);
}

#[test]
fn recent_fields() {
    check(
        "DestinationRule",
        &[
            (
                "{host: a, trafficPolicy: {loadBalancer: {backendUtilization: {errorUtilizationPenaltyPercent: 1}}}}",
                "",
            ),
            (
                "{host: a, trafficPolicy: {loadBalancer: {backendUtilization: {}, simple: RANDOM}}}",
                "spec.trafficPolicy.loadBalancer",
            ),
        ],
    );
    check(
        "Gateway",
        &[(
            "{servers: [{port: {number: 1, name: a, protocol: b}, hosts: [a], tls: {ecdhCurves: [a]}}]}",
            "",
        )],
    );
    check(
        "RequestAuthentication",
        &[(
            "{jwtRules: [{presence: REQUIRED}, {presence: required}]}",
            "spec.jwtRules[1].presence",
        )],
    );
}

#[test]
fn required_fields() {
    check(
        "DestinationRule",
        &[
            ("{}", "spec.host"),
            ("{host: null}", "spec.host"),
            ("{host: a, subsets: [{}]}", "spec.subsets[0].name"),
            (
                "{host: a, trafficPolicy: {tunnel: {}}}",
                "spec.trafficPolicy.tunnel.targetHost, spec.trafficPolicy.tunnel.targetPort",
            ),
        ],
    );
    check(
        "VirtualService",
        &[
            (
                "{http: [{route: [{}], directResponse: {}, mirrors: [{}]}]}",
                "spec.http[0].directResponse.status, spec.http[0].mirrors[0].destination, spec.http[0].route[0].destination",
            ),
            ("{tls: [{}]}", "spec.tls[0].match"),
            ("{tls: [{match: [{}]}]}", "spec.tls[0].match[0].sniHosts"),
            ("{http: [{mirror: {}}]}", "spec.http[0].mirror.host"),
        ],
    );
    check("Gateway", &[("{servers: [{hosts: [a]}]}", "spec.servers[0].port")]);
    check(
        "Sidecar",
        &[("{ingress: [{}], egress: [{}]}", "spec.egress[0].hosts, spec.ingress[0].port")],
    );
    check(
        "WorkloadGroup",
        &[
            ("{}", "spec.template"),
            ("{template: {}, probe: {exec: {}}}", "spec.probe.exec.command"),
        ],
    );
    check("AuthorizationPolicy", &[("{rules: [{when: [{}]}]}", "spec.rules[0].when[0].key")]);
    for (kind, required) in [
        ("ServiceEntry", true),
        ("WorkloadEntry", true),
        ("WorkloadGroup", true),
        ("Sidecar", false),
    ] {
        let said = said(&object(kind, "metadata: {name: test}"));
        assert_eq!(said == ["spec"], required, "{kind}");
    }
}

#[test]
fn fields_that_exclude_each_other() {
    check(
        "VirtualService",
        &[
            ("{http: [{match: [{uri: {exact: a, prefix: b}}]}]}", "spec.http[0].match[0].uri"),
            (
                "{http: [{match: [{uri: {}}], redirect: {port: 80, derivePort: FROM_REQUEST_PORT}}]}",
                "spec.http[0].redirect",
            ),
            (
                "{http: [{fault: {abort: {httpStatus: 1, grpcStatus: OK}, delay: {fixedDelay: 1s, exponentialDelay: 1s}}}]}",
                "spec.http[0].fault.abort, spec.http[0].fault.delay",
            ),
            (
                "{http: [{directResponse: {status: 200, body: {string: a, bytes: YQ==}}}]}",
                "spec.http[0].directResponse.body",
            ),
        ],
    );
    check(
        "DestinationRule",
        &[
            (
                "{host: a, trafficPolicy: {loadBalancer: {simple: RANDOM, consistentHash: {}}}}",
                "spec.trafficPolicy.loadBalancer",
            ),
            (
                "{host: a, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, httpHeaderName: a}}}}",
                "spec.trafficPolicy.loadBalancer.consistentHash",
            ),
            (
                "{host: a, trafficPolicy: {loadBalancer: {consistentHash: {ringHash: {}, maglev: {}}}}}",
                "spec.trafficPolicy.loadBalancer.consistentHash",
            ),
        ],
    );
    check(
        "AuthorizationPolicy",
        &[
            ("{selector: {}, targetRef: {kind: a, name: b}}", "spec"),
            ("{selector: {}, targetRefs: []}", "spec"),
        ],
    );
    check(
        "RequestAuthentication",
        &[("{jwtRules: [{jwks: a, jwksUri: 'http://a'}]}", "spec.jwtRules[0]")],
    );
    check(
        "WorkloadGroup",
        &[("{template: {}, probe: {grpc: {}, tcpSocket: {port: 1}}}", "spec.probe")],
    );
    check(
        "Gateway",
        &[
            (
                "{servers: [{port: {number: 1, name: a, protocol: b}, hosts: [a], tls: {credentialName: a, credentialNames: [b]}}]}",
                "spec.servers[0].tls",
            ),
            (
                "{servers: [{port: {number: 1, name: a, protocol: b}, hosts: [a], tls: {tlsCertificates: [{}], credentialNames: [b]}}]}",
                "spec.servers[0].tls",
            ),
            (
                "{servers: [{port: {number: 1, name: a, protocol: b}, hosts: [a], tls: {tlsCertificates: [{}, {}, {}]}}]}",
                "spec.servers[0].tls.tlsCertificates",
            ),
        ],
    );
}

#[test]
fn durations_urls_and_patterns() {
    check(
        "VirtualService",
        &[
            ("{http: [{timeout: 1ms, retries: {perTryTimeout: +1s, backoff: .5s}}]}", ""),
            ("{http: [{timeout: 0s}]}", "spec.http[0].timeout"),
            ("{http: [{timeout: 999us}]}", "spec.http[0].timeout"),
            ("{http: [{timeout: 1500us}]}", ""),
            ("{http: [{timeout: 1d}]}", "spec.http[0].timeout"),
            (
                "{http: [{directResponse: {status: 200, body: {bytes: a}}}]}",
                "spec.http[0].directResponse.body.bytes",
            ),
        ],
    );
    check(
        "RequestAuthentication",
        &[
            ("{jwtRules: [{issuer: a, jwksUri: 'https://a:70000/b'}]}", ""),
            ("{jwtRules: [{issuer: a, jwks_uri: 'https://a/b'}]}", ""),
            ("{jwtRules: [{issuer: ''}]}", "spec.jwtRules[0].issuer"),
            ("{jwtRules: [{jwksUri: 'ftp://a'}]}", "spec.jwtRules[0].jwksUri"),
            ("{jwtRules: [{jwksUri: a/b}]}", "spec.jwtRules[0].jwksUri"),
            ("{jwtRules: [{jwksUri: /b}]}", "spec.jwtRules[0].jwksUri"),
            (
                "{jwtRules: [{audiences: [''], fromHeaders: [{}], outputClaimToHeaders: [{header: a.b, claim: c}]}]}",
                "spec.jwtRules[0].audiences[0], spec.jwtRules[0].fromHeaders[0].name, spec.jwtRules[0].outputClaimToHeaders[0].header",
            ),
        ],
    );
    check(
        "AuthorizationPolicy",
        &[
            ("{targetRefs: [{kind: Service, name: a, group: ''}]}", ""),
            ("{targetRefs: [{kind: Service, name: a, group: Core}]}", "spec.targetRefs[0].group"),
            ("{targetRefs: [{kind: 1s, name: a}]}", "spec.targetRefs[0].kind"),
            ("{targetRefs: [{kind: Service, name: ''}]}", "spec.targetRefs[0].name"),
            (
                "{targetRefs: [{kind: Service, name: a, namespace: b}]}",
                "spec.targetRefs[0].namespace",
            ),
            ("{selector: {matchLabels: {'a*': b}}}", "spec.selector.matchLabels"),
            ("{selector: {matchLabels: {'': b}}}", "spec.selector.matchLabels"),
            ("{selector: {matchLabels: {'*': null}}}", ""),
            ("{selector: {matchLabels: {a: 'b*'}}}", "spec.selector.matchLabels.a"),
            (
                "{rules: [{from: [{source: {serviceAccounts: [a], namespaces: [b]}}]}]}",
                "spec.rules[0].from[0].source",
            ),
        ],
    );
    check(
        "PeerAuthentication",
        &[
            ("{portLevelMtls: {80: {mode: STRICT}}}", "spec"),
            ("{selector: {matchLabels: {a: null}}, portLevelMtls: {80: {}}}", "spec"),
            ("{selector: {matchLabels: {a: b}}, portLevelMtls: {80: null}}", "spec.portLevelMtls"),
            ("{selector: {matchLabels: {a: b}}, portLevelMtls: {}}", "spec.portLevelMtls"),
            (
                "{selector: {matchLabels: {a: b}}, portLevelMtls: {80: {}, x: {}}}",
                "spec.portLevelMtls",
            ),
            ("{selector: {matchLabels: {a: b}}, portLevelMtls: {65536: {}}}", "spec.portLevelMtls"),
        ],
    );
    check(
        "Telemetry",
        &[
            (
                "{metrics: [{overrides: [{tagOverrides: {a: {operation: UPSERT}}}]}]}",
                "spec.metrics[0].overrides[0].tagOverrides.a",
            ),
            (
                "{metrics: [{overrides: [{tagOverrides: {a: {operation: REMOVE, value: ''}}}]}]}",
                "spec.metrics[0].overrides[0].tagOverrides.a",
            ),
            (
                "{metrics: [{overrides: [{tagOverrides: {a: {}}, match: {metric: X}}]}]}",
                "spec.metrics[0].overrides[0].match.metric",
            ),
            (
                "{tracing: [{randomSamplingPercentage: 100.1, customTags: {a: {literal: {}}}}]}",
                "spec.tracing[0].customTags.a.literal.value, spec.tracing[0].randomSamplingPercentage",
            ),
        ],
    );
}

#[test]
fn service_entries_and_workloads() {
    check(
        "ServiceEntry",
        &[
            ("{hosts: [a]}", ""),
            ("{hosts: []}", "spec.hosts"),
            ("{hosts: ['*']}", "spec.hosts[0]"),
            ("{hosts: [a], ports: [{number: 0, name: a}]}", "spec.ports[0].number"),
            ("{hosts: [a], ports: [{number: 80}]}", "spec.ports[0].name"),
            (
                "{hosts: [a], ports: [{number: 80, name: a}, {number: 81, name: a}]}",
                "spec.ports[1]",
            ),
            ("{hosts: [a], ports: [{number: 80, name: a}, {number: 80, name: b}]}", "spec.ports"),
            ("{hosts: [a], endpoints: []}", "spec"),
            ("{hosts: [a], resolution: STATIC, endpoints: [], workloadSelector: {}}", "spec"),
            ("{hosts: [a], resolution: DNS, addresses: [10.0.0.0/8]}", "spec"),
            ("{hosts: [a], addresses: [10.0.0.0/8]}", ""),
            (
                "{hosts: [a], resolution: DNS_ROUND_ROBIN, endpoints: [{address: a}, {address: b}]}",
                "spec",
            ),
            ("{hosts: [a], resolution: STATIC, endpoints: [{}]}", "spec.endpoints[0]"),
            (
                "{hosts: [a], resolution: STATIC, endpoints: [{address: 'unix://a'}]}",
                "spec.endpoints[0].address",
            ),
            (
                "{hosts: [a], resolution: STATIC, endpoints: [{address: 'unix:///a', ports: {}}]}",
                "spec.endpoints[0]",
            ),
        ],
    );
    check(
        "WorkloadEntry",
        &[
            ("{network: net}", ""),
            ("{}", "spec"),
            ("{address: 'unix://'}", "spec.address"),
            ("{address: 'unix://@a'}", ""),
            ("{address: a, ports: {a_b: 1}}", "spec.ports"),
            ("{address: a, ports: {a: 0}}", "spec.ports.a"),
        ],
    );
    check(
        "WorkloadGroup",
        &[
            ("{template: {address: 'unix:///a/'}}", "spec.template.address"),
            (
                "{template: {}, probe: {httpGet: {port: 1, scheme: http}}}",
                "spec.probe.httpGet.scheme",
            ),
        ],
    );
    check("ProxyConfig", &[("{concurrency: -1}", "spec.concurrency"), ("{concurrency: null}", "")]);
}

#[test]
fn lengths() {
    let long = |count: usize| "a".repeat(count);
    for (kind, spec, path) in [
        ("WorkloadEntry", format!("{{address: {}}}", long(257)), "spec.address"),
        ("WorkloadEntry", format!("{{address: a, locality: {}}}", long(2049)), "spec.locality"),
        (
            "WorkloadEntry",
            format!("{{address: a, serviceAccount: {}}}", long(254)),
            "spec.serviceAccount",
        ),
        ("WorkloadEntry", format!("{{address: a, ports: {{{}: 1}}}}", long(63)), "spec.ports"),
        ("ServiceEntry", format!("{{hosts: [a], addresses: [{}]}}", long(65)), "spec.addresses[0]"),
        ("ServiceEntry", format!("{{hosts: [{}]}}", ["a"; 257].join(", ")), "spec.hosts"),
        (
            "PeerAuthentication",
            format!("{{selector: {{matchLabels: {{a: {}}}}}}}", long(64)),
            "spec.selector.matchLabels.a",
        ),
        ("AuthorizationPolicy", format!("{{rules: [{}]}}", ["{}"; 513].join(", ")), "spec.rules"),
        (
            "AuthorizationPolicy",
            format!("{{targetRefs: [{}]}}", ["{kind: a, name: b}"; 17].join(", ")),
            "spec.targetRefs",
        ),
        (
            "RequestAuthentication",
            format!("{{jwtRules: [{{jwksUri: 'http://{}'}}]}}", long(2042)),
            "spec.jwtRules[0].jwksUri",
        ),
    ] {
        check(kind, &[(&spec, path)]);
    }
    // Lengths count characters.
    check("WorkloadEntry", &[(&format!("{{network: {}}}", "\u{e9}".repeat(2048)), "")]);
}

#[test]
fn metadata() {
    for (metadata, expected) in [
        ("{name: a.b-c}", ""),
        ("{generateName: a-}", ""),
        ("{generateName: a--}", ""),
        ("{generateName: '-'}", "metadata.generateName"),
        ("{generateName: .-}", "metadata.generateName"),
        ("{name: a, generateName: .-}", ""),
        ("{name: a, generateName: A}", "metadata.generateName"),
        ("{name: a, generateName: \u{e9}-}", "metadata.generateName"),
        ("{}", "metadata.name"),
        ("null", "metadata.name"),
        ("[]", "metadata"),
        ("{name: A}", "metadata.name"),
        ("{name: a_b}", "metadata.name"),
        ("{name: 1}", "metadata.name"),
        ("{name: a, namespace: a.b}", "metadata.namespace"),
        ("{name: a, labels: {a.b/c: D_e}, annotations: {A/B: '', a: b}}", ""),
        ("{name: a, annotations: {a b: ''}}", "metadata.annotations[\"a b\"]"),
        ("{name: a, annotations: {a/B: any thing}}", ""),
        ("{name: a, labels: {a: b c}}", "metadata.labels.a"),
        ("{name: a, labels: {a: 1}}", "metadata.labels.a"),
        ("{name: a, labels: {a/b/c: d}}", "metadata.labels[\"a/b/c\"]"),
        ("{name: a, finalizers: [a/b]}", ""),
        ("{name: a, finalizers: [a b]}", "metadata.finalizers[0]"),
        ("{name: a, creationTimestamp: yesterday}", "metadata.creationTimestamp"),
        ("{name: a, creationTimestamp: ''}", "metadata.creationTimestamp"),
        ("{name: a, creationTimestamp: '2026-01-01T00:00:00Z', generation: 3}", ""),
        ("{name: a, managedFields: [{manager: a, time: null}, null]}", ""),
        ("{name: a, managedFields: [{manager: 1}]}", "metadata.managedFields[0].manager"),
        ("{name: a, managedFields: {}}", "metadata.managedFields"),
        (
            "{name: a, ownerReferences: [{apiVersion: v1, kind: Pod, name: b}]}",
            "metadata.ownerReferences[0].uid",
        ),
    ] {
        let said = said(&object("Sidecar", &format!("metadata: {metadata}")));
        assert_eq!(said.join(", "), expected, "{metadata}");
    }
    let long = format!("metadata: {{name: {}}}", "a".repeat(254));
    assert_eq!(said(&object("Sidecar", &long)), ["metadata.name"]);
}

#[test]
fn versions_and_kinds() {
    for (version, kind, expected) in [
        ("networking.istio.io/v1alpha3", "VirtualService", ""),
        ("networking.istio.io/v1alpha1", "VirtualService", "apiVersion"),
        ("networking.istio.io/v1", "ProxyConfig", "apiVersion"),
        ("telemetry.istio.io/v1alpha1", "Telemetry", ""),
        ("security.istio.io/v1", "VirtualService", "kind"),
        ("networking.istio.io/v1alpha3", "EnvoyFilter", ""),
        ("v1", "Service", ""),
    ] {
        let object = yaml(&format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: test}}, spec: {{}}}}"
        ));
        assert_eq!(said(&object).join(", "), expected, "{version} {kind}");
    }
    assert_eq!(said(&Value::Null), [""; 0]);
}
