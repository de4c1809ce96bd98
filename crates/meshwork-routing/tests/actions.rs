//! What routes do: the traps of the specification about actions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use std::time::Duration;

use http::HeaderMap;
use meshwork_core::{Draw, Draws, SeededDraws};
use meshwork_routing::{
    AbortStatus, AvoidPreviousHosts, FormatContext, ResetReason, RetryPolicy, RouteDecision,
    TryOutcome,
};
use support::{Request, check, with_rules};

/// The decision for a request under the only entry of a VirtualService for `web`.
fn decide(entry: &str, line: &str) -> (Request, RouteDecision) {
    let spec = format!("{{hosts: [web], http: [{{{entry}}}]}}");
    let routes = with_rules(&[("vs", &spec)]).sidecar("ns1", 80);
    let request = Request::new(line);
    let decision = request.decide(&routes);
    (request, decision)
}

const WEB: &str = "route: [{destination: {host: web}}]";

#[test]
fn destinations_get_their_port_and_weight() {
    for (entry, expected) in [
        ("route: [{destination: {host: web}, weight: 0}]", "outbound|80||web"),
        (
            "route: [{destination: {host: web}, weight: 10}, {destination: {host: api}}]",
            "outbound|80||web",
        ),
        ("route: [{destination: {host: adm}}]", "outbound|80||adm"),
        ("route: [{destination: {host: adm, port: {number: 8080}}}]", "outbound|8080||adm"),
        ("route: [{destination: {host: web, subset: v9}}]", "outbound|80|v9|web"),
        (
            "route: [{destination: {host: web}}, {destination: {host: api}}]",
            "500 route: no destination has a weight",
        ),
    ] {
        let spec = format!("{{hosts: [web], http: [{{{entry}}}]}}");
        check(&with_rules(&[("vs", &spec)]).sidecar("ns1", 80), &[("GET web/", expected)]);
    }
}

/// One number for every purpose.
struct Always(u64);

impl Draws for Always {
    fn draw(&self, _: Draw) -> u64 {
        self.0
    }
}

#[test]
fn weights_share_requests_by_their_sum() {
    let entry =
        "route: [{destination: {host: web}, weight: 1}, {destination: {host: api}, weight: 3}]";
    let (_, decision) = decide(entry, "GET web/");
    let route = decision.route.unwrap();
    let chosen: Vec<_> = (0..8).map(|draw| route.choose(&Always(draw)).unwrap()).collect();
    assert_eq!(chosen, [0, 1, 1, 1, 0, 1, 1, 1]);
}

#[test]
fn rewrites_replace_what_was_matched() {
    for (entry, path, expected) in [
        ("match: [{uri: {prefix: /foo}}], rewrite: {uri: /}", "/foo/bar", "//bar"),
        ("match: [{uri: {prefix: /foo}}], rewrite: {uri: /}", "/foo", "/"),
        ("match: [{uri: {prefix: /foo}}], rewrite: {uri: /baz}", "/foo?x=1", "/baz?x=1"),
        ("rewrite: {uri: /v1}", "/a", "/v1a"),
        ("match: [{uri: {exact: /a}}], rewrite: {uri: /b}", "/a?x", "/b?x"),
        ("match: [{uri: {regex: '/x/.*'}}], rewrite: {uri: /y}", "/x/1/2?q", "/y?q"),
        ("rewrite: {uriRegexRewrite: {match: a, rewrite: b}}", "/aa?a=1", "/bb?a=1"),
        (
            r"rewrite: {uriRegexRewrite: {match: '^/u/([^/]+)/(.*)', rewrite: '/\2?u=\1'}}",
            "/u/7/p?x",
            "/p?u=7?x",
        ),
        (
            "match: [{uri: {prefix: /foo}, ignoreUriCase: true}], rewrite: {uri: /bar}",
            "/FOO/x",
            "/bar/x",
        ),
    ] {
        let (_, decision) = decide(&format!("{entry}, {WEB}"), &format!("GET web{path}"));
        let route = decision.route.unwrap();
        assert_eq!(route.rewrite.apply(path).as_deref(), Some(expected), "{entry}: {path}");
    }
}

#[test]
fn redirects_name_where_to_go() {
    for (redirect, line, location) in [
        ("{uri: /new}", "GET web/old?q=1", "301 http://web/new?q=1"),
        ("{uri: '/new?x=2'}", "GET web/old?q=1", "301 http://web/new?x=2"),
        ("{uri: new}", "GET web/old", "301 http://web/new"),
        ("{scheme: https}", "GET web:80/p", "301 https://web/p"),
        ("{scheme: https}", "GET web:8080/p", "301 https://web:8080/p"),
        ("{authority: b.com}", "GET web/p?q", "301 http://b.com/p?q"),
        ("{port: 8443, scheme: https}", "GET web:8080/p", "301 https://web:8443/p"),
        ("{port: 443, scheme: https}", "GET web:8080/p", "301 https://web:8080/p"),
        ("{port: 443, scheme: https}", "GET web/p", "301 https://web/p"),
        (
            "{scheme: https, derivePort: FROM_PROTOCOL_DEFAULT}",
            "GET web:8080/p",
            "301 https://web:8080/p",
        ),
        ("{derivePort: FROM_REQUEST_PORT, authority: b.com}", "GET web/p", "301 http://b.com/p"),
        ("{authority: 'b.com:1', port: 2}", "GET web/p", "301 http://b.com:1:2/p"),
        ("{uri: /n, redirectCode: 308}", "GET web/p", "308 http://web/n"),
        ("{uri: /n}", "GET web/p | x-forwarded-proto: https", "301 https://web/n"),
    ] {
        let spec = format!("{{hosts: [web], http: [{{redirect: {redirect}}}]}}");
        check(&with_rules(&[("vs", &spec)]).sidecar("ns1", 80), &[(line, location)]);
    }
    let spec = "{hosts: [web], http: [{redirect: {uri: /n, redirectCode: 304}}]}";
    let world = with_rules(&[("vs", spec)]);
    let compiled = world.compile(&meshwork_registry::Proxy::sidecar("ns1"));
    let fields: Vec<_> = compiled.diagnostics.iter().map(|error| &*error.field.path).collect();
    assert_eq!(fields, ["spec.http[0].redirect.redirectCode"]);
}

#[test]
fn header_operations_keep_their_order() {
    let one = |route: &str, destination: &str| {
        format!(
            "headers: {{request: {route}}}, route: [{{destination: {{host: web}}, headers: {{request: {destination}}}}}]"
        )
    };
    let two = |route: &str, destination: &str| {
        format!(
            "headers: {{request: {route}}}, route: [{{destination: {{host: web}}, weight: 1, headers: {{request: {destination}}}}}, {{destination: {{host: api}}}}]"
        )
    };
    for (route, destination, with_one, with_two) in [
        ("{set: {x: r}}", "{set: {x: d}}", &["d"][..], &["r"][..]),
        ("{set: {x: r}}", "{remove: [x]}", &["r"], &["r"]),
        ("{remove: [x]}", "{set: {x: d}}", &["d"], &[]),
        ("{add: {x: r}}", "{set: {x: d}}", &["d", "r"], &["d", "r"]),
        ("{set: {x: r}}", "{add: {x: d}}", &["r", "d"], &["r"]),
        ("{set: {x: '1'}, add: {x: '2'}}", "{}", &["1", "2"], &["1", "2"]),
        ("{set: {x: ''}}", "{}", &["0"], &["0"]),
        ("{set: {x: '%REQ(none)%'}}", "{}", &["0"], &["0"]),
        ("{set: {y: '%REQ(x)%'}, remove: [x]}", "{}", &[], &[]),
    ] {
        for (entry, expected) in
            [(one(route, destination), with_one), (two(route, destination), with_two)]
        {
            let (request, decision) = decide(&entry, "GET web/ | x: 0");
            let mut headers = request.headers.clone();
            let mut cx = FormatContext::default();
            cx.request = Some(request.head());
            decision.change_request(&mut headers, &cx);
            let values: Vec<_> = headers.get_all("x").iter().collect();
            assert_eq!(values, expected, "{entry}");
        }
    }
}

#[test]
fn one_host_wins() {
    let destination = "{destination: {host: web}, weight: 1, headers: {request: {set: {Host: d}}}}";
    for (entry, expected) in [
        (
            format!(
                "rewrite: {{authority: r}}, route: [{destination}, {{destination: {{host: api}}}}]"
            ),
            Some("r"),
        ),
        (format!("rewrite: {{authority: r}}, route: [{destination}]"), Some("r")),
        (
            format!("headers: {{request: {{set: {{':authority': h}}}}}}, route: [{destination}]"),
            Some("h"),
        ),
        (format!("route: [{destination}]"), Some("d")),
        (WEB.to_owned(), None),
    ] {
        let (_, decision) = decide(&entry, "GET web/");
        assert_eq!(decision.authority(), expected, "{entry}");
    }
}

#[test]
fn cors_answers_preflights() {
    let preflight = "OPTIONS web/ | origin: https://a.com | access-control-request-method: PUT";
    let cors = |policy: &str| {
        decide(&format!("corsPolicy: {policy}, {WEB}"), preflight)
            .1
            .route
            .unwrap()
            .cors
            .clone()
            .unwrap()
    };
    let header = |headers: &HeaderMap, name: &str| {
        headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let request = Request::new(preflight);
    let any = cors("{allowOrigins: [{regex: '.*'}], allowMethods: ['*'], maxAge: 90s}");
    let answer = any.preflight(&request.head()).unwrap();
    assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), Some("https://a.com"));
    assert_eq!(header(&answer, "access-control-allow-methods").as_deref(), Some("PUT"));
    assert_eq!(header(&answer, "access-control-max-age").as_deref(), Some("90"));

    let other = cors("{allowOrigins: [{exact: 'https://b.com'}], allowMethods: [GET, '*']}");
    assert_eq!(other.preflight(&request.head()), None);
    let other = cors(
        "{allowOrigins: [{exact: 'https://b.com'}], allowMethods: [GET, '*'], unmatchedPreflights: IGNORE}",
    );
    let answer = other.preflight(&request.head()).unwrap();
    assert_eq!(header(&answer, "access-control-allow-origin"), None);
    assert_eq!(header(&answer, "access-control-allow-methods").as_deref(), Some("GET,*"));

    // Neither credentials nor an echo of nothing depend on the origin.
    let strict = cors("{allowHeaders: ['*'], allowCredentials: true, unmatchedPreflights: IGNORE}");
    let answer = strict.preflight(&request.head()).unwrap();
    assert_eq!(header(&answer, "access-control-allow-origin"), None);
    assert_eq!(header(&answer, "access-control-allow-credentials").as_deref(), Some("true"));
    assert_eq!(header(&answer, "access-control-allow-headers").as_deref(), Some(""));
    assert_eq!(header(&answer, "access-control-expose-headers"), None);

    let mut headers = HeaderMap::new();
    other.decorate(&Request::new("GET web/ | origin: https://a.com").head(), &mut headers);
    assert!(headers.is_empty());
    any.decorate(&Request::new("GET web/ | origin: https://a.com").head(), &mut headers);
    assert_eq!(header(&headers, "access-control-allow-origin").as_deref(), Some("https://a.com"));
}

#[test]
fn shares_default_differently() {
    let draws = Always(0);
    for (entry, delay, abort, mirrors) in [
        ("fault: {abort: {httpStatus: 500}}", None, None, 0),
        (
            "fault: {abort: {httpStatus: 500, percentage: {value: 1}}}",
            None,
            Some(AbortStatus::Http(http::StatusCode::INTERNAL_SERVER_ERROR)),
            0,
        ),
        (
            "fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 1}}}",
            None,
            Some(AbortStatus::Grpc(14)),
            0,
        ),
        ("fault: {delay: {fixedDelay: 1s}}", None, None, 0),
        ("fault: {delay: {percent: 50, fixedDelay: 1s}}", Some(Duration::from_secs(1)), None, 0),
        ("mirror: {host: api}", None, None, 1),
        ("mirror: {host: api}, mirrorPercentage: {value: 0}", None, None, 0),
        ("mirrors: [{destination: {host: api}}, {destination: {host: db}}]", None, None, 2),
    ] {
        let (_, decision) = decide(&format!("{entry}, {WEB}"), "GET web/");
        assert_eq!(decision.mirrors(&draws).count(), mirrors, "{entry}");
        let route = decision.route.unwrap();
        assert_eq!(route.fault.as_ref().and_then(|fault| fault.delay(&draws)), delay, "{entry}");
        assert_eq!(route.fault.as_ref().and_then(|fault| fault.abort(&draws)), abort, "{entry}");
    }
}

#[test]
fn retries_follow_their_conditions() {
    let policy = |retries: &str| {
        let (_, decision) = decide(&format!("{retries}{WEB}"), "GET web/");
        decision.route.unwrap().retry.clone()
    };
    assert_eq!(policy("retries: {}, "), None);
    let headers = HeaderMap::new();
    let mut grpc = HeaderMap::new();
    grpc.insert("grpc-status", http::HeaderValue::from_static("14"));
    let response = |status: u16| TryOutcome::Response {
        status: http::StatusCode::from_u16(status).unwrap(),
        headers: &headers,
    };
    let unavailable = TryOutcome::Response { status: http::StatusCode::OK, headers: &grpc };
    let connect = TryOutcome::Reset(ResetReason::ConnectFailure);
    let reset = TryOutcome::Reset(ResetReason::Reset { request_sent: true });
    let overflow = TryOutcome::Reset(ResetReason::Overflow);
    for (retries, again, not_again) in [
        ("", &[connect, unavailable][..], &[response(503), reset, overflow][..]),
        ("retries: {attempts: 2, retryOn: '503'}, ", &[response(503)], &[connect, response(500)]),
        (
            "retries: {attempts: 2, retryOn: '5xx,409'}, ",
            &[response(500), reset, response(409)],
            &[overflow],
        ),
        (
            "retries: {attempts: 2, retryOn: gateway-error}, ",
            &[response(502), reset],
            &[response(500)],
        ),
    ] {
        let policy = policy(retries).unwrap();
        for outcome in again {
            assert!(policy.should_retry(outcome), "{retries}{outcome:?}");
        }
        for outcome in not_again {
            assert!(!policy.should_retry(outcome), "{retries}{outcome:?}");
        }
    }
    let built_in = policy("").unwrap();
    let mut expected = RetryPolicy::built_in();
    expected.avoid_previous_hosts = AvoidPreviousHosts::UnlessHashed;
    assert_eq!(built_in, expected);
    for n in 1..6 {
        assert!(built_in.backoff(n, &SeededDraws::new(3)) < built_in.backoff.interval(n));
    }
}

#[test]
fn what_envoy_refuses_answers_500() {
    for (entry, reason) in [
        (
            "headers: {request: {set: {x: '%FOO%'}}}, route: [{destination: {host: web}}]",
            "headers.request.set",
        ),
        ("directResponse: {status: 600}", "directResponse.status"),
        (
            "fault: {abort: {httpStatus: 600}}, route: [{destination: {host: web}}]",
            "fault.abort.httpStatus",
        ),
    ] {
        let spec = format!("{{hosts: [web], http: [{{{entry}}}]}}");
        let answer = support::answer(&with_rules(&[("vs", &spec)]).sidecar("ns1", 80), "GET web/");
        assert!(answer.starts_with(&format!("500 {reason}")), "{answer}");
    }
}
