//! HTTP routes of gateways: the traps of the specification about them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use support::{World, check};

/// The services, one Gateway with these servers, and VirtualServices bound to it.
fn world(servers: &str, rules: &[(&str, &str)]) -> World {
    World::new(&gateway_with(servers, rules))
}

fn gateway_with(servers: &str, rules: &[(&str, &str)]) -> String {
    let mut yaml = support::SERVICES.to_owned();
    yaml.push_str(&format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: gw}}\n\
         spec: {{selector: {{istio: ingressgateway}}, servers: [{servers}]}}\n---\n"
    ));
    for (name, spec) in rules {
        yaml.push_str(&format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}}}\n\
             spec: {{gateways: [gw], {spec}}}\n---\n"
        ));
    }
    yaml
}

fn http(hosts: &str) -> String {
    format!("{{port: {{number: 80, name: http, protocol: HTTP}}, hosts: [{hosts}]}}")
}

const ANY: &str = "hosts: [a.com], http: [{directResponse: {status: 201}}]";
const API: &str =
    "hosts: [a.com], http: [{match: [{uri: {prefix: /api}}], directResponse: {status: 202}}]";

#[test]
fn rules_are_merged_and_those_for_everything_go_last() {
    check(
        &world(&http("'*'"), &[("v1", ANY), ("v2", API)]).gateway(80),
        &[("GET a.com/api", "202"), ("GET A.com:8080/x", "201"), ("GET b.com/", "404")],
    );
    let pseudo =
        "hosts: [a.com], http: [{match: [{uri: {regex: '/.*'}}], directResponse: {status: 201}}]";
    check(
        &world(&http("'*'"), &[("v1", pseudo), ("v2", API)]).gateway(80),
        &[("GET a.com/api", "201")],
    );
}

#[test]
fn servers_and_rules_share_their_narrower_hosts() {
    for (server, rule, request, expected) in [
        ("'*.foo.com'", "x.foo.com", "GET x.foo.com/", "201"),
        ("x.foo.com", "'*.foo.com'", "GET x.foo.com/", "201"),
        ("x.foo.com", "'*.foo.com'", "GET y.foo.com/", "404"),
        ("'ns1/*.foo.com'", "x.foo.com", "GET x.foo.com/", "201"),
        ("'./x.foo.com'", "x.foo.com", "GET x.foo.com/", "201"),
        ("'b/*.foo.com'", "x.foo.com", "GET x.foo.com/", "404"),
        ("foo.com", "'*.foo.com'", "GET foo.com/", "404"),
        ("foo.com", "Foo.com", "GET foo.com/", "404"),
        ("Foo.com", "Foo.com", "GET foo.com/", "201"),
    ] {
        let rule = format!("hosts: [{rule}], http: [{{directResponse: {{status: 201}}}}]");
        check(&world(&http(server), &[("v", &rule)]).gateway(80), &[(request, expected)]);
    }
}

#[test]
fn a_redirecting_server_goes_before_routes() {
    let server = |hosts: &str| {
        format!(
            "{{port: {{number: 80, name: http, protocol: HTTP}}, hosts: [{hosts}], tls: {{httpsRedirect: true}}}}"
        )
    };
    check(
        &world(&server("a.com, b.com"), &[("v", ANY)]).gateway(80),
        &[
            ("GET a.com:80/x?y", "301 https://a.com:80/x?y"),
            ("GET b.com/", "301 https://b.com/"),
            ("GET a.com/ | x-forwarded-proto: https", "201"),
            ("GET b.com/ | x-forwarded-proto: https", "404"),
            ("GET c.com/", "404"),
        ],
    );
    check(&world(&server("ns1/a.com"), &[]).gateway(80), &[("GET a.com/", "404")]);
}

#[test]
fn a_destination_without_port_gets_the_services_only_one() {
    let rule = "hosts: [a.com], http: [{route: [{destination: {host: adm}}]}]";
    check(
        &world(&http("'*'"), &[("v", rule)]).gateway(80),
        &[("GET a.com/", "outbound|8080||adm")],
    );
}

#[test]
fn the_first_server_with_rules_settles_them() {
    // Both servers listen on 8080, the first as port 80 of the Service.
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: gw, namespace: istio-system}\n\
         spec: {clusterIP: 10.0.0.9, selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}]}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: gw, namespace: istio-system, labels: {istio: ingressgateway}}\n\
         status: {podIP: 10.9.0.9, podIPs: [{ip: 10.9.0.9}], phase: Running, conditions: [{type: Ready, status: 'True'}]}\n---\n\
         apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n\
         metadata: {name: gw, namespace: istio-system, labels: {kubernetes.io/service-name: gw}}\n\
         ports: [{name: http, port: 8080, protocol: TCP}]\n\
         endpoints: [{addresses: [10.9.0.9], conditions: {ready: true}, targetRef: {kind: Pod, name: gw, namespace: istio-system}}]\n---\n";
    let servers = format!(
        "{}, {{port: {{number: 8080, name: http-b, protocol: HTTP}}, hosts: [b.com, c.com]}}",
        http("a.com, b.com")
    );
    let late =
        "hosts: [a.com, b.com], http: [{match: [{port: 8080}], directResponse: {status: 201}}]";
    let early =
        "hosts: [c.com, a.com], http: [{match: [{port: 80}], directResponse: {status: 202}}]";
    let yaml = [service, &gateway_with(&servers, &[("late", late), ("early", early)])].concat();
    check(
        &World::new(&yaml).gateway(8080),
        &[("GET b.com/", "201"), ("GET a.com/", "202"), ("GET c.com/", "202")],
    );
}

#[test]
fn claims_need_a_verified_token() {
    let rule = "hosts: [a.com], http: [{match: [{headers: {'@request.auth.claims[groups]': {exact: admin}}}], directResponse: {status: 201}}, {match: [{withoutHeaders: {'@request.auth.claims.tier': {exact: free}}}], directResponse: {status: 202}}]";
    let routes = world(&http("'*'"), &[("v", rule)]).gateway(80);
    check(&routes, &[("GET a.com/", "202")]);
    use meshwork_core::{Attributes, Claim, RequestIdentity, SeededDraws};
    let identity: RequestIdentity =
        [("groups", Claim::list(["dev", "admin"]))].into_iter().collect();
    let request = support::Request::new("GET a.com/");
    let (attributes, draws) = (Attributes::default(), SeededDraws::new(1));
    let input = meshwork_routing::RouteInput::new(request.head(), &attributes, &draws)
        .with_identity(Some(&identity));
    let route = routes.route(&input).route.unwrap();
    assert_eq!(&*route.rule.path, "spec.http[0].match[0]");
}
