//! VirtualService: hosts, gateways, HTTP routes.

use super::support::{check, whole};

const ROUTE: &str = "route: [{destination: {host: reviews}}]";

fn route(fields: &str) -> String {
    format!("{{hosts: [reviews], http: [{{{fields}}}]}}")
}

fn with_route(fields: &str) -> String {
    route(&format!("{ROUTE}, {fields}"))
}

fn matched(fields: &str) -> String {
    with_route(&format!("match: [{{{fields}}}]"))
}

fn hosts(fields: &str) -> String {
    format!("{{{fields}, http: [{{{ROUTE}}}]}}")
}

#[test]
fn needs_routes() {
    check(
        "VirtualService",
        whole,
        &[
            ("{hosts: [reviews]}", "E spec"),
            ("{hosts: [reviews], http: []}", "E spec"),
            ("{}", "E spec"),
        ],
    );
}

#[test]
fn hosts_and_gateways() {
    check(
        "VirtualService",
        hosts,
        &[
            ("hosts: [reviews, '*.example', 10.0.0.1]", ""),
            ("hosts: [a_b]", "E spec.hosts[0]"),
            ("hosts: ['']", "E spec.hosts[0]"),
            ("hosts: [web.1]", "E spec.hosts[0]"),
            ("hosts: ['*']", "E spec.hosts[0]"),
            ("hosts: ['*'], gateways: [mesh, ns/edge]", "E spec.hosts[0]"),
            ("hosts: ['*'], gateways: [ns/edge]", ""),
            ("hosts: [a.example, '*.example']", "E spec.hosts[1]"),
            ("hosts: ['*.b.example', '*.example', c]", "E spec.hosts[1]"),
            ("hosts: [a, a]", "E spec.hosts[1]"),
            ("hosts: [a_b, a, a]", "E spec.hosts[0]"),
            ("hosts: [a], gateways: [edge]", ""),
            ("hosts: [a], gateways: [edge.ns]", "W spec.gateways[0]"),
            ("hosts: [a], gateways: [a_b]", "E spec.gateways[0]"),
            ("hosts: [a], gateways: [/edge]", "E spec.gateways[0]"),
            ("hosts: [a], gateways: [ns/]", "E spec.gateways[0]"),
            ("hosts: [a], gateways: [ns/a.b]", "E spec.gateways[0]"),
            ("hosts: [a], gateways: [ns/edge, n.s/edge]", "E spec.gateways[1]"),
            ("hosts: [a], gateways: [mesh, a//b]", ""),
            ("hosts: [], gateways: [ns/edge]", "E spec.gateways"),
            ("hosts: [], tcp: [{route: [{destination: {host: a}}]}]", "E spec.tcp"),
            ("hosts: [a], exportTo: ['.', ns]", ""),
            ("hosts: [a], exportTo: ['.', default]", "E spec.exportTo[1]"),
            ("hosts: [a], exportTo: [ns, ns]", "E spec.exportTo[1]"),
            ("hosts: [a], exportTo: ['*', ns]", "E spec.exportTo"),
            ("hosts: [a], exportTo: ['~']", "E spec.exportTo[0]"),
            ("hosts: [a], exportTo: [a.b]", "E spec.exportTo[0]"),
        ],
    );
}

#[test]
fn actions_that_exclude_each_other() {
    check(
        "VirtualService",
        route,
        &[
            (ROUTE, ""),
            ("redirect: {uri: /a}", ""),
            ("directResponse: {status: 200}", ""),
            ("timeout: 1s", "E spec.http[0]"),
            ("redirect: {uri: /a}, route: [{destination: {host: a}}]", "E spec.http[0]"),
            ("redirect: {uri: /a}, fault: {abort: {httpStatus: 500}}", "E spec.http[0]"),
            ("redirect: {uri: /a}, rewrite: {uri: /b}", "E spec.http[0]"),
            ("redirect: {uri: /a}, directResponse: {status: 200}", "E spec.http[0]"),
            ("directResponse: {status: 200}, route: [{destination: {host: a}}]", "E spec.http[0]"),
            ("directResponse: {status: 200}, fault: {abort: {httpStatus: 500}}", "E spec.http[0]"),
            ("directResponse: {status: 200}, rewrite: {uri: /b}", "E spec.http[0]"),
            ("delegate: {name: a}", ""),
            ("delegate: {name: a}, redirect: {uri: /a}", "E spec.http[0].redirect"),
            ("delegate: {name: a}, route: [{destination: {host: a}}]", "E spec.http[0].route"),
            ("delegate: {name: a}, directResponse: {status: 200}", ""),
            ("delegate: {name: a}, mirror: {host: a}, mirrors: [{destination: {host: a}}]", ""),
            (
                "route: [{destination: {host: a}}], mirror: {host: a}, mirrors: [{destination: {host: a}}]",
                "E spec.http[0]",
            ),
        ],
    );
    check(
        "VirtualService",
        whole,
        &[
            ("{http: [{delegate: {name: a}}]}", "E spec.http[0].delegate, E spec.http[0]"),
            ("{http: [{route: [{destination: {host: a}}]}]}", ""),
        ],
    );
}

#[test]
fn matches() {
    check(
        "VirtualService",
        matched,
        &[
            ("uri: {prefix: ''}, headers: {x-a: {exact: b}, ':method': {prefix: G}}", ""),
            ("uri: {exact: ''}", ""),
            ("uri: {regex: ''}", "E spec.http[0].match[0].uri.regex"),
            ("uri: {regex: '*'}", "E spec.http[0].match[0].uri.regex"),
            // A regex with a name that stands twice is one to istiod, though not to Envoy.
            ("uri: {regex: '(?P<a>b)(?P<a>c)'}", ""),
            ("headers: {a b: {exact: c}}", "E spec.http[0].match[0].headers[\"a b\"]"),
            ("headers: {'a,b': {exact: c}}", ""),
            ("headers: {x: {prefix: ''}}", "E spec.http[0].match[0].headers.x.prefix"),
            ("headers: {x: {regex: '('}}", "E spec.http[0].match[0].headers.x.regex"),
            ("headers: {x: null}", ""),
            (
                "headers: {'@request.auth.claims.sub': {exact: a}}",
                "E spec.http[0].match[0].headers[\"@request.auth.claims.sub\"]",
            ),
            ("withoutHeaders: {x: {regex: '*'}}", ""),
            ("withoutHeaders: {x: {regex: '+'}}", "E spec.http[0].match[0].withoutHeaders.x.regex"),
            (
                "withoutHeaders: {':x': {exact: a}}",
                "E spec.http[0].match[0].withoutHeaders[\":x\"]",
            ),
            ("scheme: {prefix: ''}", "E spec.http[0].match[0].scheme.prefix"),
            ("method: {regex: ''}", "E spec.http[0].match[0].method.regex"),
            ("authority: {prefix: ''}", "E spec.http[0].match[0].authority.prefix"),
            ("queryParams: {q: {prefix: ''}}", "E spec.http[0].match[0].queryParams.q.prefix"),
            ("port: 65536", "E spec.http[0].match[0].port"),
            ("port: 0", ""),
            ("port: -1", "R spec.http[0].match[0].port"),
            ("sourceLabels: {app: a b}", "E spec.http[0].match[0].sourceLabels.app"),
            ("sourceLabels: {/app: a}", "E spec.http[0].match[0].sourceLabels[\"/app\"]"),
            ("gateways: [edge.ns]", ""),
            ("gateways: [/edge]", "E spec.http[0].match[0].gateways[0]"),
            ("sourceNamespace: a.b", "E spec.http[0].match[0].sourceNamespace"),
        ],
    );
    check(
        "VirtualService",
        whole,
        &[(
            "{hosts: [a], gateways: [ns/edge], http: [{match: [{headers: {'@request.auth.claims.sub': {exact: a}}}], redirect: {uri: /a}}]}",
            "",
        )],
    );
}

#[test]
fn header_operations() {
    check(
        "VirtualService",
        |ops| with_route(&format!("headers: {{{ops}}}")),
        &[
            ("request: {set: {x: a, host: b}}", ""),
            ("request: {set: {':authority': b}}", ""),
            ("request: {set: {':path': b}}", "E spec.http[0].headers.request.set[\":path\"]"),
            ("request: {add: {'': b}}", "E spec.http[0].headers.request.add[\"\"]"),
            ("request: {add: {x: '%'}}", "E spec.http[0].headers.request.add.x"),
            ("request: {remove: [Host]}", "E spec.http[0].headers.request.remove[0]"),
            ("response: {set: {host: a}}", "E spec.http[0].headers.response.set.host"),
            ("response: {remove: [':status']}", "E spec.http[0].headers.response.remove[0]"),
            ("request: {set: {host: a, ':authority': b}}", "E spec.http[0].headers"),
            ("request: {set: {host: a}, add: {Host: b}}", "E spec.http[0].headers"),
        ],
    );
    check(
        "VirtualService",
        with_route,
        &[
            (
                "rewrite: {authority: a}, headers: {request: {set: {host: b}}}",
                "E spec.http[0].headers",
            ),
            ("headers: {request: {set: {host: ''}, add: {host: b}}}", ""),
        ],
    );
}

#[test]
fn cors() {
    check(
        "VirtualService",
        |cors| with_route(&format!("corsPolicy: {{{cors}}}")),
        &[
            (
                "allowOrigins: [{exact: a}], allowMethods: [GET, '*'], allowHeaders: ['*', x-a], maxAge: 1m",
                "",
            ),
            ("allowOrigins: [{exact: ''}]", "E spec.http[0].corsPolicy.allowOrigins[0]"),
            ("allowOrigins: [{}]", "E spec.http[0].corsPolicy.allowOrigins[0]"),
            ("allowOrigins: [{regex: '*'}]", "E spec.http[0].corsPolicy.allowOrigins[0].regex"),
            ("allowMethods: [get]", "E spec.http[0].corsPolicy.allowMethods[0]"),
            ("allowHeaders: [a b]", "E spec.http[0].corsPolicy.allowHeaders[0]"),
            ("allowHeaders: ['a,b']", ""),
            ("exposeHeaders: ['']", "E spec.http[0].corsPolicy.exposeHeaders[0]"),
            ("maxAge: 0s", "E spec.http[0].corsPolicy.maxAge"),
            ("maxAge: 1500ms", "E spec.http[0].corsPolicy.maxAge"),
        ],
    );
}

#[test]
fn faults() {
    check(
        "VirtualService",
        |fault| with_route(&format!("fault: {fault}")),
        &[
            ("{abort: {httpStatus: 500, percentage: {value: 0.0001}}}", ""),
            ("{abort: {}}", ""),
            ("{delay: {fixedDelay: 1ms, percentage: {value: 0}}}", ""),
            ("{}", "E spec.http[0].fault"),
            ("{abort: {httpStatus: 199}}", "E spec.http[0].fault.abort.httpStatus"),
            ("{abort: {httpStatus: 600}}", ""),
            ("{abort: {httpStatus: 601}}", "E spec.http[0].fault.abort.httpStatus"),
            ("{abort: {grpcStatus: UNAVAILABLE}}", ""),
            ("{abort: {grpcStatus: unavailable}}", "E spec.http[0].fault.abort.grpcStatus"),
            ("{abort: {http2Error: x}}", "E spec.http[0].fault.abort.http2Error"),
            (
                "{abort: {httpStatus: 500, percentage: {value: 0.00001}}}",
                "E spec.http[0].fault.abort.percentage",
            ),
            (
                "{abort: {httpStatus: 500, percentage: {value: 100.1}}}",
                "E spec.http[0].fault.abort.percentage",
            ),
            ("{delay: {fixedDelay: 0s}}", "E spec.http[0].fault.delay.fixedDelay"),
            ("{delay: {exponentialDelay: 1s}}", "E spec.http[0].fault.delay.exponentialDelay"),
            ("{delay: {percentage: {value: -1}}}", "E spec.http[0].fault.delay.percentage"),
        ],
    );
}

#[test]
fn mirrors() {
    check(
        "VirtualService",
        with_route,
        &[
            ("mirror: {host: a}, mirrorPercentage: {value: 100}", ""),
            ("mirror: {host: '*'}", "E spec.http[0].mirror.host"),
            ("mirrorPercent: 50", "W spec.http[0].mirrorPercent"),
            ("mirrorPercent: 101", "E spec.http[0].mirrorPercent, W spec.http[0].mirrorPercent"),
            ("mirrorPercentage: {value: 100.1}", "E spec.http[0].mirrorPercentage.value"),
            (
                "mirrors: [{destination: {host: a}, percentage: {value: -1}}]",
                "E spec.http[0].mirrors[0].percentage.value",
            ),
            ("mirrors: [{}]", "E spec.http[0].mirrors[0].destination"),
            ("mirrors: [null]", "E spec.http[0].mirrors[0].destination"),
        ],
    );
}

#[test]
fn redirects() {
    check(
        "VirtualService",
        route,
        &[
            ("redirect: {authority: a}", ""),
            ("redirect: {port: 0}", ""),
            ("redirect: {derivePort: FROM_REQUEST_PORT}", ""),
            ("redirect: {}", "E spec.http[0].redirect"),
            ("redirect: {redirectCode: 301}", "E spec.http[0].redirect"),
            ("redirect: {uri: /a, redirectCode: 299}", "E spec.http[0].redirect.redirectCode"),
            ("redirect: {uri: /a, redirectCode: 400}", "E spec.http[0].redirect.redirectCode"),
            ("redirect: {scheme: HTTP}", "E spec.http[0].redirect.scheme"),
            ("redirect: {port: 65536}", "E spec.http[0].redirect.port"),
            ("redirect: {uri: /a, prefixRewrite: /b}", "E spec.http[0].redirect"),
            (
                "redirect: {prefixRewrite: /b}, match: [{uri: {exact: /a}}]",
                "E spec.http[0].redirect.prefixRewrite",
            ),
            ("redirect: {prefixRewrite: /b}, match: [{uri: {prefix: /a}}, {port: 80}]", ""),
        ],
    );
}

#[test]
fn direct_responses() {
    check(
        "VirtualService",
        route,
        &[
            ("directResponse: {status: 600, body: {string: a}}", ""),
            ("directResponse: {status: 199}", "E spec.http[0].directResponse.status"),
            ("directResponse: {}", "E spec.http[0].directResponse.status"),
            (
                "directResponse: {status: 200, body: {bytes: '!'}}",
                "R spec.http[0].directResponse.body.bytes",
            ),
        ],
    );
    let body = |size: usize| {
        route(&format!("directResponse: {{status: 200, body: {{string: '{}'}}}}", "a".repeat(size)))
    };
    for (size, expected) in [
        (100 * 1024, ""),
        (100 * 1024 + 1, "W spec.http[0].directResponse.body"),
        (1024 * 1024, "W spec.http[0].directResponse.body"),
        (1024 * 1024 + 1, "E spec.http[0].directResponse.body"),
    ] {
        check("VirtualService", |_| body(size), &[("", expected)]);
    }
}

#[test]
fn retries_and_timeouts() {
    check(
        "VirtualService",
        with_route,
        &[
            ("timeout: 1ms", ""),
            ("timeout: 0s", "E spec.http[0].timeout"),
            ("timeout: 1500us", "E spec.http[0].timeout"),
            ("timeout: 1d", "R spec.http[0].timeout"),
            ("timeout: 1", "R spec.http[0].timeout"),
            ("retries: {}", ""),
            ("retries: {attempts: 3, perTryTimeout: 2s, retryOn: '5xx,503', backoff: 1s}", ""),
            ("retries: {attempts: -1}", "E spec.http[0].retries.attempts"),
            ("retries: {retryOn: 5xx}", "E spec.http[0].retries.attempts"),
            ("retries: {backoff: 1s}", ""),
            (
                "retries: {attempts: 0, retryRemoteLocalities: false}",
                "E spec.http[0].retries.attempts",
            ),
            ("retries: {attempts: 1, perTryTimeout: 0s}", "E spec.http[0].retries.perTryTimeout"),
            ("retries: {attempts: 1, backoff: 0s}", "E spec.http[0].retries.backoff"),
            ("retries: {attempts: 1, retryOn: '5xx, 503'}", "E spec.http[0].retries.retryOn"),
            ("retries: {attempts: 1, retryOn: '599'}", "E spec.http[0].retries.retryOn"),
        ],
    );
}

#[test]
fn rewrites() {
    check(
        "VirtualService",
        with_route,
        &[
            ("rewrite: {uri: /a, authority: b}", ""),
            ("rewrite: {uriRegexRewrite: {match: a, rewrite: b}}", ""),
            ("rewrite: {}", "E spec.http[0].rewrite"),
            (
                "rewrite: {uri: /a, uriRegexRewrite: {match: a, rewrite: b}}",
                "E spec.http[0].rewrite",
            ),
            ("rewrite: {uriRegexRewrite: {match: a}}", "E spec.http[0].rewrite.uriRegexRewrite"),
            (
                "rewrite: {uriRegexRewrite: {match: '(', rewrite: b}}",
                "E spec.http[0].rewrite.uriRegexRewrite.match",
            ),
        ],
    );
}

#[test]
fn destinations() {
    check(
        "VirtualService",
        |list| route(&format!("route: {list}")),
        &[
            ("[{destination: {host: '*.a', subset: v1, port: {number: 80}}}]", ""),
            ("[{}]", "E spec.http[0].route[0].destination"),
            ("[null]", "E spec.http[0].route[0].destination"),
            ("[{destination: {}}]", "E spec.http[0].route[0].destination.host"),
            ("[{destination: {host: '*'}}]", "E spec.http[0].route[0].destination.host"),
            (
                "[{destination: {host: a, subset: a.b}}]",
                "E spec.http[0].route[0].destination.subset",
            ),
            (
                "[{destination: {host: a, port: {}}}]",
                "E spec.http[0].route[0].destination.port.number",
            ),
            (
                "[{destination: {host: a, port: {number: 65536}}}]",
                "E spec.http[0].route[0].destination.port.number",
            ),
            ("[{destination: {host: a}, weight: -1}]", "E spec.http[0].route[0].weight"),
            ("[{destination: {host: a}}, {destination: {host: b}}]", "E spec.http[0].route"),
            ("[{destination: {host: a}, weight: 1}, {destination: {host: b}}]", ""),
            (
                "[{destination: {host: a}, headers: {response: {remove: ['']}}}]",
                "E spec.http[0].route[0].headers.response.remove[0]",
            ),
        ],
    );
}
