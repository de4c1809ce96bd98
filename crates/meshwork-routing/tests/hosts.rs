//! Which VirtualService a host belongs to: the traps of the specification about hosts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use support::{check, with_rules};

/// `to` as the only route of an entry.
macro_rules! to {
    ($host:literal) => {
        concat!("route: [{destination: {host: ", $host, "}}]")
    };
}

#[test]
fn a_dotted_short_name_takes_that_name_alone() {
    let world = with_rules(&[("vs", concat!("{hosts: [web.ns1], http: [{", to!("api"), "}]}"))]);
    check(
        &world.sidecar("ns1", 80),
        &[
            ("GET web/", "outbound|80||web"),
            ("GET web.ns1/", "outbound|80||api"),
            ("GET web.ns1.svc/", "outbound|80||web"),
            ("GET WEB.ns1.svc.cluster.local:8080/", "outbound|80||web"),
            ("GET web.ns1.svc.cluster.local./", "outbound|80||web"),
            ("GET 10.0.0.1/", "outbound|80||web"),
        ],
    );
}

#[test]
fn the_oldest_has_a_host_and_nothing_is_merged() {
    let world = with_rules(&[
        ("a", concat!("{hosts: [web], http: [{match: [{uri: {prefix: /a}}], ", to!("api"), "}]}")),
        ("b", concat!("{hosts: [web, api], http: [{", to!("db"), "}]}")),
    ]);
    check(
        &world.sidecar("ns1", 80),
        &[
            ("GET web/a", "outbound|80||api"),
            ("GET web/x", "404"),
            ("GET api/x", "outbound|80||db"),
            ("GET db/x", "outbound|80||db"),
        ],
    );
}

#[test]
fn private_goes_before_older_public() {
    let world = with_rules(&[
        (
            "p@ns2",
            concat!(
                "{hosts: [web.ns1.svc.cluster.local], http: [{",
                to!("api.ns1.svc.cluster.local"),
                "}]}"
            ),
        ),
        ("q", concat!("{exportTo: [.], hosts: [web], http: [{", to!("db"), "}]}")),
    ]);
    check(&world.sidecar("ns1", 80), &[("GET web/", "outbound|80||db")]);
    check(
        &world.sidecar("ns3", 80),
        &[("GET web.ns1/", "outbound|80||api"), ("GET web/", "PassthroughCluster")],
    );
}

#[test]
fn the_most_specific_host_owns_a_service() {
    let exact_over_wildcard = with_rules(&[
        ("w", concat!("{hosts: ['*.ns1.svc.cluster.local'], http: [{", to!("db"), "}]}")),
        ("e", concat!("{hosts: [web], http: [{", to!("api"), "}]}")),
    ]);
    check(
        &exact_over_wildcard.sidecar("ns1", 80),
        &[
            ("GET web/", "outbound|80||api"),
            ("GET api/", "outbound|80||db"),
            ("GET nosuch.ns1.svc.cluster.local/", "PassthroughCluster"),
        ],
    );
    let no_fallback = with_rules(&[
        ("l", concat!("{hosts: ['*.svc.cluster.local'], http: [{", to!("api"), "}]}")),
        (
            "m",
            concat!(
                "{hosts: ['*.ns1.svc.cluster.local'], http: [{match: [{sourceLabels: {app: other}}], ",
                to!("db"),
                "}]}"
            ),
        ),
    ]);
    check(&no_fallback.sidecar("ns1", 80), &[("GET web/", "outbound|80||web")]);
}

#[test]
fn letter_case_counts_where_istio_minds_it() {
    let wildcard = with_rules(&[(
        "w",
        concat!("{hosts: ['*.NS1.svc.cluster.local'], http: [{", to!("db"), "}]}"),
    )]);
    check(&wildcard.sidecar("ns1", 80), &[("GET web/", "outbound|80||web")]);
    let exact = with_rules(&[(
        "e",
        concat!("{hosts: [WEB.ns1.svc.cluster.local], http: [{", to!("db"), "}]}"),
    )]);
    check(&exact.sidecar("ns1", 80), &[("GET web/", "outbound|80||db")]);
    let both = with_rules(&[
        ("w", concat!("{hosts: ['*.ns1.svc.cluster.local'], http: [{", to!("db"), "}]}")),
        ("e", concat!("{hosts: [WEB.ns1.svc.cluster.local], http: [{", to!("api"), "}]}")),
    ]);
    check(&both.sidecar("ns1", 80), &[("GET web/", "outbound|80||db")]);
}

#[test]
fn no_wildcard_gets_a_name_with_capitals() {
    // The wildcard is about the service all the same, so it is no domain of its own either.
    let mut yaml = support::SERVICES.to_owned();
    yaml.push_str(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e}\n\
         spec: {hosts: [A.caps.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: w}\n\
         spec: {hosts: ['*.example'], http: [{route: [{destination: {host: api}}]}]}\n---\n",
    );
    check(
        &support::World::new(&yaml).sidecar("ns1", 80),
        &[
            ("GET a.caps.example/", "outbound|80||a.caps.example"),
            ("GET b.caps.example/", "PassthroughCluster"),
        ],
    );
}

#[test]
fn a_service_without_a_rule_left_goes_to_the_next() {
    let world = with_rules(&[
        ("a", concat!("{hosts: [web], http: [{match: [{port: 8080}], ", to!("api"), "}]}")),
        ("b", concat!("{hosts: [web], http: [{", to!("db"), "}]}")),
    ]);
    check(&world.sidecar("ns1", 80), &[("GET web/", "outbound|80||db")]);
}

#[test]
fn unregistered_hosts_are_known_on_port_80_and_beside_services() {
    let alone = with_rules(&[("m", concat!("{hosts: [made-up.com], http: [{", to!("api"), "}]}"))]);
    check(
        &alone.sidecar("ns1", 80),
        &[("GET made-up.com/", "outbound|80||api"), ("GET made-up.com./", "PassthroughCluster")],
    );
    check(&alone.sidecar("ns1", 8080), &[("GET made-up.com/", "PassthroughCluster")]);
    let beside =
        with_rules(&[("m", concat!("{hosts: [adm, made-up.com], http: [{", to!("adm"), "}]}"))]);
    check(&beside.sidecar("ns1", 8080), &[("GET made-up.com/", "outbound|8080||adm")]);
    let wildcard =
        with_rules(&[("m", concat!("{hosts: ['*made.com'], http: [{", to!("api"), "}]}"))]);
    check(
        &wildcard.sidecar("ns1", 80),
        &[("GET made.com/", "PassthroughCluster"), ("GET xmade.com/", "outbound|80||api")],
    );
}

#[test]
fn rules_of_gateways_are_no_rules_of_sidecars() {
    let world =
        with_rules(&[("g", concat!("{gateways: [gw], hosts: [web], http: [{", to!("api"), "}]}"))]);
    check(&world.sidecar("ns1", 80), &[("GET web/", "outbound|80||web")]);
}

#[test]
fn the_outbound_policy_answers_for_unknown_hosts() {
    let mut yaml = support::SERVICES.to_owned();
    yaml.push_str("outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n");
    let world = support::World::new(&yaml);
    check(
        &world.sidecar("ns1", 80),
        &[("GET nosuch.com/", "502"), ("GET web/", "outbound|80||web")],
    );
}

#[test]
fn delegates_stand_in_their_roots_place() {
    let root = |entry: &str, more: &str| {
        format!("{{hosts: [web], http: [{{{entry} delegate: {{name: d}}}}{more}]}}")
    };
    let rest = format!(", {{{}}}", to!("web"));
    let missing = root("match: [{uri: {prefix: /a}}],", &rest);
    check(&with_rules(&[("r", &missing)]).sidecar("ns1", 80), &[("GET web/a", "outbound|80||web")]);

    let replaced = root("match: [{uri: {prefix: /a}}],", "");
    let leaf = concat!("{http: [{match: [{uri: {exact: /a/b}}], ", to!("api"), "}]}");
    check(
        &with_rules(&[("r", &replaced), ("d", leaf)]).sidecar("ns1", 80),
        &[("GET web/a/b", "outbound|80||api"), ("GET web/a/a/b", "404"), ("GET web/a", "404")],
    );

    let one_misfit = concat!(
        "{http: [{match: [{uri: {prefix: /a/x}}, {uri: {prefix: /b}}], ",
        to!("api"),
        "}]}"
    );
    let world = with_rules(&[("r", &replaced), ("d", one_misfit)]);
    check(&world.sidecar("ns1", 80), &[("GET web/a/x", "outbound|80||web")]);
    assert_eq!(
        world.merged.diagnostics().next().map(|error| &*error.field.path),
        Some("spec.http[0].match[1]")
    );

    let namespaced = root("match: [{uri: {prefix: /a}, sourceNamespace: ns1}],", "");
    let leaf = concat!("{http: [{match: [{uri: {prefix: /a/b}}], ", to!("api"), "}]}");
    let world = with_rules(&[("r", &namespaced), ("d", leaf)]);
    check(&world.sidecar("ns1", 80), &[("GET web/a/b", "outbound|80||web")]);

    let answered = root("directResponse: {status: 418},", "");
    let leaf = concat!("{http: [{", to!("api"), "}]}");
    check(&with_rules(&[("r", &answered), ("d", leaf)]).sidecar("ns1", 80), &[("GET web/", "418")]);
}
