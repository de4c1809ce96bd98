//! What a match of a VirtualService matches: the traps of the specification about matching.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use support::{answer, check, with_rules};

/// Whether a request meets the match; requests are for `web` on port 80.
fn meets(written: &str, line: &str) -> bool {
    let spec = format!(
        "{{hosts: [web], http: [{{match: [{written}], directResponse: {{status: 200}}}}]}}"
    );
    let world = with_rules(&[("vs", &spec)]);
    match answer(&world.sidecar("ns1", 80), line).as_str() {
        "200" => true,
        "404" => false,
        other => panic!("{written}: {line}: {other}"),
    }
}

#[test]
fn matches_as_envoy_does() {
    for (written, yes, no) in [
        (
            "{uri: {prefix: /foo}}",
            &["GET web/foobar", "GET web/foo?x", "GET web/foo/"][..],
            &["GET web/Foo", "GET web/fo"][..],
        ),
        ("{uri: {exact: /a}}", &["GET web/a?b=c"], &["GET web/a/", "GET web/A"]),
        (
            "{uri: {regex: '/api/v[0-9]'}}",
            &["GET web/api/v1"],
            &["GET web/api/v1/x", "GET web/x/api/v1"],
        ),
        ("{uri: {regex: '.*\\?debug=1'}}", &[], &["GET web/a?debug=1"]),
        ("{uri: {prefix: /Foo}, ignoreUriCase: true}", &["GET web/fOObar"], &["GET web/fo"]),
        ("{uri: {regex: /Foo}, ignoreUriCase: true}", &["GET web/Foo"], &["GET web/foo"]),
        ("{method: {exact: GET}}", &["GET web/"], &["POST web/", "get web/"]),
        ("{uri: {prefix: /}}", &["OPTIONS web/", "HEAD web/"], &[]),
        ("{scheme: {exact: https}}", &["GET web/ | x-forwarded-proto: https"], &["GET web/"]),
        ("{authority: {exact: web}}", &["GET web/"], &["GET web:80/", "GET WEB/"]),
        (
            "{headers: {x: {exact: a}}}",
            &["GET web/ | x: a", "GET web/ | x: b | X: a"],
            &["GET web/", "GET web/ | x: A", "GET web/ | x: a,b"],
        ),
        ("{headers: {X: {regex: '.*b'}}}", &["GET web/ | x: a | x: b"], &["GET web/ | x: a"]),
        ("{headers: {x: {regex: 'a.*b'}}}", &["GET web/ | x: ab"], &["GET web/ | x: a | x: b"]),
        ("{headers: {x: {}}}", &["GET web/ | x:"], &["GET web/"]),
        ("{headers: {x: {exact: ''}}}", &["GET web/ | x:"], &["GET web/", "GET web/ | x: a"]),
        (
            "{headers: {accept: {exact: 'a,b'}}}",
            &["GET web/ | accept: a | accept: b"],
            &["GET web/ | accept: a"],
        ),
        ("{headers: {authority: {exact: web}}}", &[], &["GET web/"]),
        ("{headers: {host: {exact: web}}}", &["GET web/"], &["GET web:80/"]),
        ("{headers: {':path': {exact: '/a?b'}}}", &["GET web/a?b"], &["GET web/a"]),
        ("{withoutHeaders: {x: {}}}", &["GET web/"], &["GET web/ | x: a", "GET web/ | x:"]),
        ("{withoutHeaders: {x: {regex: '.*'}}}", &[], &["GET web/", "GET web/ | x: a"]),
        (
            "{withoutHeaders: {x: {exact: ''}}}",
            &["GET web/ | x: a"],
            &["GET web/", "GET web/ | x:"],
        ),
        (
            "{withoutHeaders: {x: {exact: dev}}}",
            &["GET web/", "GET web/ | x: prod"],
            &["GET web/ | x: dev", "GET web/ | x: prod | x: dev"],
        ),
        (
            "{queryParams: {q: {exact: '1'}}}",
            &["GET web/?q=1&q=2", "GET web/?a&q=1"],
            &["GET web/?q=2&q=1", "GET web/?Q=1", "GET web/"],
        ),
        ("{queryParams: {q: {exact: 'a b'}}}", &[], &["GET web/?q=a%20b", "GET web/?q=a+b"]),
        ("{queryParams: {q: {}}}", &["GET web/?q", "GET web/?q="], &["GET web/?r", "GET web/"]),
        ("{queryParams: {q: {exact: ''}}}", &["GET web/?q"], &["GET web/?q=1"]),
        ("{gateways: [mesh], sourceLabels: {app: nope}}", &["GET web/"], &[]),
        ("{sourceLabels: {app: client}, sourceNamespace: ns1}", &["GET web/"], &[]),
    ] {
        for line in yes {
            assert!(meets(written, line), "{written} should match {line}");
        }
        for line in no {
            assert!(!meets(written, line), "{written} should not match {line}");
        }
    }
}

#[test]
fn what_takes_everything_ends_the_list() {
    let rules = |http: &str| format!("{{hosts: [web], http: [{http}]}}");
    let second = "{directResponse: {status: 202}}";
    for (first, line, expected) in [
        ("{match: [{}], directResponse: {status: 201}}", "GET web/x", "201"),
        (
            "{match: [{uri: {prefix: /}}, {headers: {a: {}}}], directResponse: {status: 201}}",
            "GET web/x",
            "201",
        ),
        (
            "{match: [{uri: {prefix: /}, headers: {h: {}}}], directResponse: {status: 201}}",
            "GET web/x",
            "202",
        ),
        ("{match: [{gateways: [gw]}], directResponse: {status: 201}}", "GET web/x", "202"),
        ("{match: [{sourceLabels: {app: x}}], directResponse: {status: 201}}", "GET web/x", "202"),
        ("{match: [{port: 9080}], directResponse: {status: 201}}", "GET web/x", "202"),
        ("{match: [{port: 80}], directResponse: {status: 201}}", "GET web/x", "201"),
    ] {
        let world = with_rules(&[("vs", &rules(&format!("{first}, {second}")))]);
        check(&world.sidecar("ns1", 80), &[(line, expected)]);
    }
    let unreachable = with_rules(&[(
        "vs",
        &rules(
            "{match: [{}], directResponse: {status: 201}}, {match: [{uri: {prefix: /x}}], directResponse: {status: 202}}",
        ),
    )]);
    let routes = unreachable.sidecar("ns1", 80);
    assert_eq!(
        routes.routes().filter(|route| &*route.rule.resource.kind == "VirtualService").count(),
        1
    );
}
