//! Which servers share a port, which are left out, and what a server's hosts mean.

use std::sync::Arc;

use meshwork_api::Map;
use meshwork_api::{
    Object,
    networking::{Gateway, Port, Server, ServerTlsMode, ServerTlsSettings},
};
use meshwork_registry::{Proxy, ServiceTarget};

use super::server::GatewayServer;
use super::{merge::Merged, select};

fn server(number: u32, protocol: &str, hosts: &[&str]) -> Server {
    Server {
        port: Some(Port {
            number,
            protocol: protocol.to_owned(),
            name: format!("{protocol}-{number}"),
            ..Port::default()
        }),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        tls: matches!(protocol, "HTTPS" | "TLS").then(|| {
            Box::new(ServerTlsSettings {
                mode: ServerTlsMode::Simple,
                ..ServerTlsSettings::default()
            })
        }),
        ..Server::default()
    }
}

fn bound(bind: &str, server: Server) -> Server {
    Server { bind: bind.to_owned(), ..server }
}

fn gateway(name: &str, servers: Vec<Server>) -> Arc<Object<Gateway>> {
    Arc::new(Object::new("ns", name, Gateway { servers, ..Gateway::default() }))
}

fn merged(gateways: &[Arc<Object<Gateway>>], targets: &[ServiceTarget]) -> Merged {
    Merged::new(&select(gateways, &Proxy::gateway("istio-system"), targets))
}

/// The servers that are left out, by Gateway and number.
fn left_out(gateways: &[Arc<Object<Gateway>>]) -> Vec<String> {
    let merged = merged(gateways, &[]);
    let name = |removed: &meshwork_core::Removed| {
        format!("{} {}", removed.rule.resource.name, removed.rule.path)
    };
    merged.removed.iter().map(name).collect()
}

#[test]
fn who_comes_first_on_a_port_decides_who_may_join() {
    let check = |protocols: &[&str], expected: &[usize]| {
        let gateways: Vec<_> = protocols
            .iter()
            .enumerate()
            .map(|(at, protocol)| {
                gateway(
                    &format!("g{at}"),
                    vec![server(443, protocol, &[&format!("h{at}.example")])],
                )
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|at| format!("g{at} spec.servers[0]")).collect();
        assert_eq!(left_out(&gateways), expected, "{protocols:?}");
    };
    check(&["HTTP", "HTTP2", "GRPC"], &[]);
    check(&["HTTP", "TCP"], &[1]);
    check(&["TCP", "TCP"], &[1]);
    check(&["TCP", "HTTP"], &[1]);
    check(&["HTTP", "HTTPS", "HTTP"], &[1]);
    check(&["MONGO", "TLS"], &[1]);
    check(&["HTTPS", "TLS"], &[]);
    // T110: plaintext may come later, and then keeps TLS out.
    check(&["HTTPS", "HTTP"], &[]);
    check(&["HTTPS", "HTTP", "HTTPS"], &[2]);
    check(&["HTTPS", "TCP", "HTTP"], &[2]);
}

#[test]
fn a_tls_host_belongs_to_the_first_server_that_has_it() {
    // T111, T112.
    let check = |first: &[&str], second: &[&str], expected: bool| {
        let gateways = [
            gateway("a", vec![server(443, "HTTPS", first)]),
            gateway("b", vec![server(443, "HTTPS", second)]),
        ];
        assert_eq!(!left_out(&gateways).is_empty(), expected, "{first:?} {second:?}");
    };
    check(&["a.com"], &["a.com", "b.com"], true);
    check(&["a.com"], &["b.com"], false);
    check(&["*.a.com"], &["x.a.com"], false);
    check(&["a.com"], &["*/a.com"], true);
    check(&["ns/a.com"], &["a.com"], false);
    check(&["ns/a.com"], &["./a.com"], true);
    let other_port = [
        gateway("a", vec![server(443, "HTTPS", &["a.com"])]),
        gateway("b", vec![server(444, "HTTPS", &["a.com"])]),
    ];
    assert!(left_out(&other_port).is_empty());
}

#[test]
fn servers_on_other_addresses_do_not_meet() {
    let gateways = [
        gateway("a", vec![bound("10.0.0.1", server(80, "HTTP", &["a.com"]))]),
        gateway("b", vec![bound("10.0.0.2", server(80, "TCP", &["a.com"]))]),
        gateway("c", vec![bound("10.0.0.1", server(443, "HTTPS", &["a.com"]))]),
        gateway("d", vec![bound("10.0.0.2", server(443, "HTTPS", &["a.com"]))]),
    ];
    assert!(left_out(&gateways).is_empty());
}

#[test]
fn plain_servers_share_their_routes_and_tls_servers_do_not() {
    let gateways = [gateway(
        "g",
        vec![
            server(80, "HTTP", &["a.com"]),
            server(80, "GRPC", &["b.com"]),
            server(443, "HTTPS", &["a.com"]),
            server(8443, "HTTPS", &["b.com"]),
        ],
    )];
    let merged = merged(&gateways, &[]);
    let mut names: Vec<_> =
        merged.routes.iter().map(|(name, servers)| (name.clone(), servers.len())).collect();
    names.sort();
    let expected =
        [("http.80", 2), ("https.443.HTTPS-443.g.ns", 1), ("https.8443.HTTPS-8443.g.ns", 1)];
    assert_eq!(names, expected.map(|(name, count)| (name.to_owned(), count)));
}

#[test]
fn hosts_keep_or_lose_their_namespace() {
    let check = |hosts: &[&str], expected: &[&str], names: &[&str]| {
        let gateway = gateway("g", vec![server(443, "HTTPS", hosts)]);
        let servers = GatewayServer::of(&gateway);
        let server = servers.first().unwrap();
        let text = |list: &[Arc<str>]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(text(&server.hosts), expected, "{hosts:?}");
        assert_eq!(text(&server.server_names()), names, "{hosts:?}");
    };
    check(&["a.com"], &["a.com"], &["a.com"]);
    check(
        &["./a.com", "x/b.com", "*/c.com"],
        &["ns/a.com", "x/b.com", "c.com"],
        &["a.com", "b.com", "c.com"],
    );
    check(&["a.com", "*/*"], &["*"], &["*"]);
    check(&["a.com", "x/a.com"], &["a.com", "x/a.com"], &["a.com"]);
}

#[test]
fn a_selector_reaches_every_namespace() {
    // T116.
    let labelled = |name: &str, labels: &[(&str, &str)]| {
        let selector: Map<String, String> =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Arc::new(Object::new("far", name, Gateway { selector, ..Gateway::default() }))
    };
    let gateways =
        [labelled("b", &[("istio", "in")]), labelled("a", &[]), labelled("c", &[("istio", "out")])];
    let mut proxy = Proxy::gateway("istio-system");
    proxy.labels = [("istio", "in"), ("app", "x")].into_iter().collect();
    let names: Vec<_> = select(&gateways, &proxy, &[])
        .iter()
        .map(|selected| selected.gateway.metadata.name.clone())
        .collect();
    assert_eq!(names, ["a", "b"]);
}
