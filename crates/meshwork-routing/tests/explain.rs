//! Explanations: their content, and that they never disagree with decisions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use meshwork_core::{Attributes, Outcome, SeededDraws};
use meshwork_routing::RouteInput;
use proptest::prelude::*;
use support::{Request, with_rules};

fn explain(routes: &meshwork_routing::HttpRoutes, line: &str) -> meshwork_core::Explanation {
    let request = Request::new(line);
    let (attributes, draws) = (Attributes::default(), SeededDraws::new(1));
    let input = RouteInput::new(request.head(), &attributes, &draws);
    let explanation = routes.explain(&input);
    let decision = routes.route(&input);
    let winners: Vec<_> =
        explanation.steps.iter().filter(|step| step.outcome == Outcome::Won).collect();
    match decision.route {
        Some(route) => {
            assert_eq!(winners.len(), 1, "{line}");
            assert_eq!(winners[0].rule, route.rule, "{line}");
        }
        None => assert!(winners.is_empty(), "{line}"),
    }
    explanation
}

#[test]
fn names_the_predicate_that_failed() {
    let spec = "{hosts: [web], http: [\
        {name: jason, match: [{headers: {end-user: {exact: jason}}}], route: [{destination: {host: api}}]}, \
        {match: [{port: 9, uri: {prefix: /x}}, {queryParams: {q: {regex: '[0-9]+'}}}], route: [{destination: {host: db}}]}, \
        {route: [{destination: {host: web}}]}, \
        {match: [{uri: {prefix: /late}}], route: [{destination: {host: db}}]}]}";
    let routes = with_rules(&[("reviews", spec)]).sidecar("ns1", 80);
    let text = explain(&routes, "GET web/?q=a | end-user: jane").to_string();
    let expected = "\
✗ VirtualService ns1/reviews spec.http[0].match[0] (jason): spec.http[0].match[0].headers[\"end-user\"] wants exact \"jason\", the request has `jane`
✗ VirtualService ns1/reviews spec.http[1].match[1]: spec.http[1].match[1].queryParams[\"q\"] wants regex \"[0-9]+\", the request has `a`
✓ VirtualService ns1/reviews spec.http[2]
  removed VirtualService ns1/reviews spec.http[1].match[0]: port is 9, and this is port 80
  removed VirtualService ns1/reviews spec.http[3].match[0]: spec.http[2] takes every request before it";
    assert_eq!(text, expected);
    let text = explain(&routes, "GET web/ | end-user: jason").to_string();
    assert!(text.contains("· VirtualService ns1/reviews spec.http[2]: not reached"), "{text}");
}

#[test]
fn names_where_delegates_wrote_their_rules() {
    let root = "{hosts: [web], http: [{match: [{uri: {prefix: /a}}], delegate: {name: leaf}}]}";
    let leaf = "{http: [{match: [{method: {exact: POST}}], route: [{destination: {host: api}}]}, {route: [{destination: {host: db}}]}]}";
    let routes = with_rules(&[("root", root), ("leaf", leaf)]).sidecar("ns1", 80);
    let text = explain(&routes, "GET web/a").to_string();
    let expected = "\
✗ VirtualService ns1/leaf spec.http[0].match[0]: spec.http[0].match[0].method wants exact \"POST\", the request has `GET`
✓ VirtualService ns1/root spec.http[0].match[0]";
    assert_eq!(text, expected);
}

#[test]
fn says_who_has_the_host() {
    let rule = "{hosts: [web], http: [{directResponse: {status: 201}}]}";
    let routes = with_rules(&[("a", rule), ("b", rule)]).sidecar("ns1", 80);
    let removed = explain(&routes, "GET web/").removed;
    let texts: Vec<_> =
        removed.iter().map(|removed| format!("{}: {}", removed.rule, removed.reason)).collect();
    assert_eq!(
        texts,
        [
            "VirtualService ns1/b spec.hosts: an earlier VirtualService has the host web.ns1.svc.cluster.local"
        ]
    );
}

/// One of a few short words, so that matches overlap.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b", "ab", "A"]).prop_map(str::to_owned)
}

fn string_match() -> impl Strategy<Value = String> {
    (word(), 0..4u8).prop_map(|(word, kind)| match kind {
        0 => format!("{{exact: '{word}'}}"),
        1 => format!("{{prefix: 'x{word}'}}"),
        2 => format!("{{regex: '{word}.*'}}"),
        _ => "{}".to_owned(),
    })
}

fn one_match() -> impl Strategy<Value = String> {
    let field = (0..6u8, word(), string_match()).prop_map(|(kind, word, wanted)| match kind {
        0 => format!("uri: {{prefix: '/{word}'}}"),
        1 => format!("uri: {{exact: '/{word}'}}"),
        2 => format!("headers: {{'h{word}': {wanted}}}"),
        3 => format!("withoutHeaders: {{'h{word}': {wanted}}}"),
        4 => format!("queryParams: {{'q{word}': {wanted}}}"),
        _ => format!("method: {{exact: {}}}", if word.is_empty() { "GET" } else { "POST" }),
    });
    prop::collection::vec(field, 0..3).prop_map(|fields| {
        let mut kinds = Vec::new();
        let mut kept = Vec::new();
        for field in fields {
            let kind = field.split(':').next().unwrap().to_owned();
            if !kinds.contains(&kind) {
                kinds.push(kind);
                kept.push(field);
            }
        }
        format!("{{{}}}", kept.join(", "))
    })
}

fn request() -> impl Strategy<Value = String> {
    (word(), word(), word(), prop::collection::vec((word(), word()), 0..4)).prop_map(
        |(path, key, value, headers)| {
            let mut line = format!("GET web/{path}?q{key}={value}");
            for (name, value) in headers {
                line.push_str(&format!(" | h{name}: x{value}"));
            }
            line
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn explaining_and_deciding_agree(
        entries in prop::collection::vec(prop::collection::vec(one_match(), 1..4), 1..5),
        requests in prop::collection::vec(request(), 1..12),
    ) {
        let http: Vec<String> = entries
            .iter()
            .map(|matches| format!("{{match: [{}], directResponse: {{status: 200}}}}", matches.join(", ")))
            .collect();
        let spec = format!("{{hosts: [web], http: [{}]}}", http.join(", "));
        let routes = with_rules(&[("vs", &spec)]).sidecar("ns1", 80);
        for line in &requests {
            explain(&routes, line);
        }
    }
}
