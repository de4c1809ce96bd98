//! Deciding a request allocates nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use std::hint::black_box;

use meshwork_core::{Attributes, SeededDraws};
use meshwork_routing::RouteInput;
use support::{Request, with_rules};

#[test]
fn routing_allocates_nothing() {
    let spec = "{hosts: [web, '*.example.com'], http: [\
        {match: [{uri: {exact: /a}}, {uri: {prefix: /B, }, ignoreUriCase: true}], directResponse: {status: 201}}, \
        {match: [{uri: {regex: '/r/[0-9]+'}, method: {exact: POST}}], directResponse: {status: 202}}, \
        {match: [{headers: {x-one: {exact: '1'}, x-two: {prefix: b}}, withoutHeaders: {x-no: {}}}], directResponse: {status: 203}}, \
        {match: [{queryParams: {q: {exact: '1'}}}], redirect: {uri: /n}}, \
        {match: [{uri: {prefix: /f}}], route: [{destination: {host: web}, weight: 1}, {destination: {host: api}, weight: 2}]}]}";
    let routes = with_rules(&[("vs", spec)]).sidecar("ns1", 80);
    let (attributes, draws) = (Attributes::default(), SeededDraws::new(5));
    for (line, rule) in [
        ("GET web/a", Some("spec.http[0].match[0]")),
        ("GET WEB.ns1.svc.cluster.local:80/b", Some("spec.http[0].match[1]")),
        ("POST x.example.com/r/17", Some("spec.http[1].match[0]")),
        ("GET web/h | x-one: 0 | x-one: 1 | x-two: b2", Some("spec.http[2].match[0]")),
        ("GET web/q?q=1", Some("spec.http[3].match[0]")),
        ("GET web/f", Some("spec.http[4].match[0]")),
        ("GET web/nothing", None),
        ("GET unknown.com/", Some("outboundTrafficPolicy")),
    ] {
        let request = Request::new(line);
        let input = RouteInput::new(request.head(), &attributes, &draws);
        // A pattern makes the scratch space of a thread on its first use there.
        let decision = routes.route(&input);
        assert_eq!(decision.route.as_ref().map(|route| &*route.rule.path), rule, "{line}");
        let measured = allocation_counter::measure(|| {
            black_box(routes.route(black_box(&input)));
        });
        assert_eq!(measured.count_total, 0, "{line}");
    }
}
