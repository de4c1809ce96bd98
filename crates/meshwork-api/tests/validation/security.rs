//! AuthorizationPolicy, PeerAuthentication, RequestAuthentication.

use super::support::{check, whole};

fn rule(fields: &str) -> String {
    format!("{{rules: [{{{fields}}}]}}")
}

fn source(fields: &str) -> String {
    rule(&format!("from: [{{source: {{{fields}}}}}]"))
}

fn operation(fields: &str) -> String {
    rule(&format!("to: [{{operation: {{{fields}}}}}]"))
}

#[test]
fn actions() {
    check(
        "AuthorizationPolicy",
        whole,
        &[
            ("{}", ""),
            ("{action: DENY}", "E spec.rules"),
            ("{action: AUDIT}", ""),
            ("{action: CUSTOM, provider: {name: a}}", "E spec.rules"),
            ("{action: CUSTOM}", "E spec.rules"),
            ("{action: CUSTOM, rules: [{}]}", "E spec.provider.name"),
            ("{action: CUSTOM, provider: {name: a}, rules: [{}]}", ""),
            ("{provider: {name: a}}", "E spec.provider"),
            ("{rules: [null]}", ""),
            ("{rules: [{from: [], to: [], when: []}]}", ""),
        ],
    );
    let custom =
        |fields: &str| format!("{{action: CUSTOM, provider: {{name: a}}, rules: [{{{fields}}}]}}");
    check(
        "AuthorizationPolicy",
        custom,
        &[
            ("to: [{operation: {paths: [/a]}}]", ""),
            ("from: [{source: {ipBlocks: [10.0.0.1]}}]", ""),
            (
                "from: [{source: {notPrincipals: [a]}}]",
                "E spec.rules[0].from[0].source.notPrincipals",
            ),
            (
                "from: [{source: {trustDomains: [a]}}]",
                "E spec.rules[0].from[0].source.trustDomains",
            ),
            ("when: [{key: source.principal, values: [a]}]", "E spec.rules[0].when[0].key"),
            (
                "when: [{key: 'request.auth.claims[iss]', values: [a]}]",
                "E spec.rules[0].when[0].key",
            ),
        ],
    );
}

#[test]
fn targets() {
    check(
        "AuthorizationPolicy",
        whole,
        &[
            ("{selector: {}}", "W spec.selector"),
            ("{selector: {matchLabels: {a: b}}}", ""),
            ("{selector: {matchLabels: {'a*': b}}}", "E spec.selector.matchLabels[\"a*\"]"),
            ("{targetRefs: [{kind: Service, name: a}, {group: core, kind: Service, name: b}]}", ""),
            ("{targetRef: {group: gateway.networking.k8s.io, kind: GatewayClass, name: a}}", ""),
            ("{targetRefs: [{kind: Service}]}", "E spec.targetRefs[0].name"),
            (
                "{targetRefs: [{kind: Service, name: a, namespace: b}]}",
                "E spec.targetRefs[0].namespace",
            ),
            ("{targetRefs: [{kind: Gateway, name: a}]}", "E spec.targetRefs[0]"),
            ("{targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}]}", ""),
            ("{targetRefs: [{kind: Service, name: a}], selector: {matchLabels: {a: b}}}", "E spec"),
        ],
    );
}

#[test]
fn sources() {
    check(
        "AuthorizationPolicy",
        source,
        &[
            ("principals: ['*'], ipBlocks: [10.0.0.0/8, '::1'], trustDomains: ['*.a', 'b*']", ""),
            ("", "E spec.rules[0].from[0].source"),
            ("principals: []", "E spec.rules[0].from[0].source"),
            ("principals: ['']", "E spec.rules[0].from[0].source.principals[0]"),
            ("requestPrincipals: ['']", "E spec.rules[0].from[0].source.requestPrincipals[0]"),
            ("notNamespaces: ['']", "E spec.rules[0].from[0].source.notNamespaces[0]"),
            ("ipBlocks: [a]", "E spec.rules[0].from[0].source.ipBlocks[0]"),
            (
                "notRemoteIpBlocks: [10.0.0.0/33]",
                "E spec.rules[0].from[0].source.notRemoteIpBlocks[0]",
            ),
            ("serviceAccounts: [a, ns/b]", ""),
            ("serviceAccounts: [a], principals: [b]", "E spec.rules[0].from[0].source"),
            ("notServiceAccounts: [a], notNamespaces: [b]", "E spec.rules[0].from[0].source"),
            ("serviceAccounts: ['']", "E spec.rules[0].from[0].source.serviceAccounts[0]"),
            ("serviceAccounts: ['a*']", "E spec.rules[0].from[0].source.serviceAccounts[0]"),
            ("serviceAccounts: [a/b/c]", "E spec.rules[0].from[0].source.serviceAccounts[0]"),
            ("serviceAccounts: [/b]", "E spec.rules[0].from[0].source.serviceAccounts[0]"),
            (
                "serviceAccounts: [a1,a2,a3,a4,a5,a6,a7,a8,a9,b1,b2,b3,b4,b5,b6,b7,b8]",
                "E spec.rules[0].from[0].source.serviceAccounts",
            ),
            ("trustDomains: ['*a*']", "E spec.rules[0].from[0].source.trustDomains[0]"),
            ("trustDomains: ['a*b']", "E spec.rules[0].from[0].source.trustDomains[0]"),
            ("notTrustDomains: [a/b]", "E spec.rules[0].from[0].source.notTrustDomains[0]"),
        ],
    );
    check("AuthorizationPolicy", rule, &[("from: [{}]", "E spec.rules[0].from[0].source")]);
}

#[test]
fn operations() {
    check(
        "AuthorizationPolicy",
        operation,
        &[
            ("hosts: [a], ports: ['0', '65535'], methods: ['*'], paths: ['*', '/a/*']", ""),
            ("", "E spec.rules[0].to[0].operation"),
            ("ports: ['65536']", "E spec.rules[0].to[0].operation.ports[0]"),
            ("ports: ['+1']", "E spec.rules[0].to[0].operation.ports[0]"),
            ("notPorts: ['']", "E spec.rules[0].to[0].operation.notPorts[0]"),
            ("ports: [80]", "R spec.rules[0].to[0].operation.ports[0]"),
            ("notHosts: ['']", "E spec.rules[0].to[0].operation.notHosts[0]"),
            ("methods: ['']", "E spec.rules[0].to[0].operation.methods[0]"),
            ("paths: ['']", "E spec.rules[0].to[0].operation.paths[0]"),
            ("paths: ['/a/{*}/b/{**}', '/{**}/a', '/{*}/{*}']", ""),
            ("paths: ['/{**}/{*}']", "E spec.rules[0].to[0].operation.paths[0]"),
            ("paths: ['/{**}/{**}']", "E spec.rules[0].to[0].operation.paths[0]"),
            ("paths: ['/{a}']", "E spec.rules[0].to[0].operation.paths[0]"),
            ("paths: ['/{*}a']", "E spec.rules[0].to[0].operation.paths[0]"),
            ("paths: ['/a b/{*}']", "E spec.rules[0].to[0].operation.paths[0]"),
            ("paths: ['/a b']", ""),
            ("paths: ['/a//{*}']", "E spec.rules[0].to[0].operation.paths[0]"),
            ("notPaths: ['/a*/{*}']", "E spec.rules[0].to[0].operation.notPaths[0]"),
        ],
    );
    check("AuthorizationPolicy", rule, &[("to: [{}]", "E spec.rules[0].to[0].operation")]);
}

#[test]
fn conditions() {
    check(
        "AuthorizationPolicy",
        |fields| rule(&format!("when: [{{{fields}}}]")),
        &[
            ("key: 'request.headers[x-a]', values: [b]", ""),
            ("key: 'request.headersX[a]', values: [b]", ""),
            ("key: source.ip, notValues: [10.0.0.0/8]", ""),
            ("values: [a]", "E spec.rules[0].when[0].key"),
            ("key: source.ip", "E spec.rules[0].when[0]"),
            ("key: source.ip, values: [a]", "E spec.rules[0].when[0].values[0]"),
            ("key: destination.port, notValues: ['-1']", "E spec.rules[0].when[0].notValues[0]"),
            ("key: request.headers, values: [b]", "E spec.rules[0].when[0].key"),
            ("key: 'request.headers[]', values: [b]", "E spec.rules[0].when[0].key"),
            ("key: 'request.auth.claims[a][b]', values: ['']", "E spec.rules[0].when[0].values[0]"),
            ("key: experimental.envoy.filters.a, values: [b]", "E spec.rules[0].when[0].key"),
            ("key: 'experimental.envoy.filters.a[b]', values: [c]", ""),
            ("key: source.serviceAccount, values: ['a*']", "E spec.rules[0].when[0].values[0]"),
            ("key: source.trustDomain, values: ['a*b']", "E spec.rules[0].when[0].values[0]"),
            ("key: source.trustDomain, values: [a/b]", ""),
            ("key: connection.sni, values: ['*.a']", ""),
            ("key: destination.labels, values: [a]", "E spec.rules[0].when[0].key"),
            ("key: destination.namespace, values: [a]", "E spec.rules[0].when[0].key"),
            ("key: destination.user, values: [a]", "E spec.rules[0].when[0].key"),
            ("key: nothing, values: [a]", "E spec.rules[0].when[0].key"),
        ],
    );
}

#[test]
fn denials_of_plain_tcp() {
    let deny = |fields: &str| format!("{{action: DENY, rules: [{{{fields}}}]}}");
    check(
        "AuthorizationPolicy",
        deny,
        &[
            ("", ""),
            ("to: [{operation: {paths: [/a]}}]", "W spec.rules[0]"),
            ("to: [{operation: {paths: [/a]}}, {operation: {ports: ['80']}}]", ""),
            ("from: [{source: {namespaces: [a]}}]", ""),
            ("from: [{source: {requestPrincipals: ['*']}}]", "W spec.rules[0]"),
            ("from: [{source: {trustDomains: [a]}}]", "W spec.rules[0]"),
            (
                "from: [{source: {namespaces: [a]}}], to: [{operation: {paths: [/a]}}]",
                "W spec.rules[0]",
            ),
            (
                "from: [{source: {requestPrincipals: ['*']}}], to: [{operation: {notPorts: ['80']}}]",
                "",
            ),
            ("when: [{key: 'request.headers[a]', values: [b]}]", ""),
        ],
    );
}

#[test]
fn peer_authentications() {
    check(
        "PeerAuthentication",
        whole,
        &[
            ("{}", ""),
            ("{mtls: {mode: STRICT}}", ""),
            ("{selector: {matchLabels: {a: b}}, portLevelMtls: {80: {mode: DISABLE}}}", ""),
            ("{portLevelMtls: {80: {}}}", "E spec.portLevelMtls"),
            ("{selector: {}, portLevelMtls: {80: {}}}", "E spec.portLevelMtls, W spec.selector"),
            ("{selector: {matchLabels: {a: b}}, portLevelMtls: {}}", "E spec.portLevelMtls"),
            ("{selector: {matchLabels: {a: b}}, portLevelMtls: {0: {}}}", "E spec.portLevelMtls.0"),
            ("{selector: {matchLabels: {a: b}}, portLevelMtls: {' 80': {}}}", ""),
            (
                "{selector: {matchLabels: {a: b}}, portLevelMtls: {'+80': {}}}",
                "R spec.portLevelMtls[\"+80\"]",
            ),
            (
                "{selector: {matchLabels: {a: b}}, portLevelMtls: {'080': {}}}",
                "R spec.portLevelMtls.080",
            ),
            (
                "{selector: {matchLabels: {a: b}}, portLevelMtls: {65536: {}}}",
                "E spec.portLevelMtls.65536",
            ),
            ("{mtls: {mode: strict}}", "R spec.mtls.mode"),
        ],
    );
}

#[test]
fn request_authentications() {
    check(
        "RequestAuthentication",
        |rule| format!("{{jwtRules: [{{{rule}}}]}}"),
        &[
            ("issuer: a", ""),
            ("jwksUri: 'https://a.b/c'", ""),
            ("", "E spec.jwtRules[0]"),
            ("issuer: a, jwksUri: 'ftp://a.b'", "E spec.jwtRules[0].jwksUri"),
            ("issuer: a, jwksUri: a.b/c", "E spec.jwtRules[0].jwksUri"),
            ("issuer: a, jwksUri: 'https://a.b:x/c'", "E spec.jwtRules[0].jwksUri"),
            ("issuer: a, jwksUri: 'https://a.b:99999/c'", ""),
            ("issuer: a, jwksUri: 'https://a.b:'", ""),
            ("issuer: a, jwksUri: 'https://[::1]/c'", ""),
            ("issuer: a, jwksUri: 'https://a[::1]/c'", "E spec.jwtRules[0].jwksUri"),
            ("issuer: a, jwks: x", "E spec.jwtRules[0].jwks"),
            ("issuer: a, jwks: '{\"keys\": []} x'", ""),
            ("issuer: a, jwks: '{\"keys\": []}'", ""),
            ("issuer: a, jwks: '{\"kty\": \"oct\", \"k\": \"AA\"}'", "W spec.jwtRules[0].jwks"),
            ("issuer: a, audiences: ['']", "E spec.jwtRules[0].audiences[0]"),
            ("issuer: a, fromParams: ['']", "E spec.jwtRules[0].fromParams[0]"),
            ("issuer: a, fromCookies: [b, '']", "E spec.jwtRules[0].fromCookies[1]"),
            ("issuer: a, fromHeaders: [{prefix: b}]", "E spec.jwtRules[0].fromHeaders[0].name"),
            ("issuer: a, outputClaimToHeaders: [{header: x_y, claim: c}]", ""),
            (
                "issuer: a, outputClaimToHeaders: [{header: x}]",
                "E spec.jwtRules[0].outputClaimToHeaders[0]",
            ),
            (
                "issuer: a, outputClaimToHeaders: [{header: x.y, claim: c}]",
                "E spec.jwtRules[0].outputClaimToHeaders[0].header",
            ),
            ("issuer: a, timeout: 1us", "E spec.jwtRules[0].timeout"),
        ],
    );
    check(
        "RequestAuthentication",
        whole,
        &[("{selector: {}, targetRefs: [{kind: Service, name: a}]}", "E spec, W spec.selector")],
    );
}
