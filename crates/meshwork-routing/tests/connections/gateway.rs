//! Gateways: ports, servers, TLS by name, and what is passed through.

use meshwork_core::SeededDraws;
use meshwork_routing::{CertificateSource, ClientCertificate, FirstBytes, TlsVersion};

use super::mesh::{Connection, Mesh, gateway};

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: tls}
spec: {clusterIP: 10.96.0.2, ports: [{name: tls, port: 443}]}
---
";

fn gateway_of(servers: &str) -> String {
    format!(
        "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: gw}}
spec:
  selector: {{istio: ingress}}
  servers:
{servers}
---
"
    )
}

fn rule(name: &str, spec: &str) -> String {
    format!(
        "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}}}
spec:
  gateways: [gw]
{spec}
---
"
    )
}

#[test]
fn the_port_is_the_one_that_the_gateways_service_leads_to() {
    // T117.
    let service = "
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: istio-system}
spec: {clusterIP: 10.96.9.9, selector: {istio: ingress}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
";
    let servers = gateway_of(
        "  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}
  - {port: {number: 9000, name: more, protocol: HTTP}, hosts: ['*']}",
    );
    let table = Mesh::new(&format!("{SERVICES}{service}{servers}")).gateway();
    let check = |to: &str, expected: &str| {
        assert_eq!(Connection::http(to).gateway(&table), expected, "{to}");
    };
    check("10.9.0.9:8080", "http http.8080");
    check("10.9.0.9:80", "refused");
    check("10.9.0.9:9000", "http http.9000");
    let binds: Vec<_> =
        table.gateway_binds().map(|(port, bind)| format!("{bind}:{port}")).collect();
    assert_eq!(binds, ["0.0.0.0:8080", "0.0.0.0:9000"]);
    // An unprivileged pod cannot listen below 1024.
    let mut proxy = gateway();
    proxy.metadata.insert("UNPRIVILEGED_POD".into(), "true".into());
    let low = gateway_of("  - {port: {number: 443, name: http, protocol: HTTP}, hosts: ['*']}");
    let table = Mesh::new(&low).compile(&proxy, None).table;
    assert_eq!(Connection::http("10.9.0.9:443").gateway(&table), "refused");
}

#[test]
fn the_server_name_picks_the_server() {
    // T109 and 6.5; hosts with a namespace are names without it.
    let servers = gateway_of(
        "  - {port: {number: 443, name: a, protocol: HTTPS}, hosts: [a.example, default/b.example], tls: {mode: SIMPLE, credentialName: c}}
  - {port: {number: 443, name: w, protocol: HTTPS}, hosts: ['*.example'], tls: {mode: SIMPLE, credentialName: c}}
  - {port: {number: 444, name: s, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: c}}",
    );
    let table = Mesh::new(&format!("{SERVICES}{servers}")).gateway();
    let check = |to: &str, sni: &str, expected: &str| {
        assert_eq!(Connection::tls(to, sni).gateway(&table), expected, "{to} {sni}");
    };
    check("10.9.0.9:443", "a.example", "tls http https.443.a.gw.default");
    check("10.9.0.9:443", "b.example", "tls http https.443.a.gw.default");
    check("10.9.0.9:443", "c.example", "tls http https.443.w.gw.default");
    check("10.9.0.9:443", "example", "closed");
    check("10.9.0.9:443", "", "closed");
    check("10.9.0.9:444", "", "tls http https.444.s.gw.default");
    // Plaintext finds the chain without a name, and TLS cannot be ended.
    assert_eq!(Connection::http("10.9.0.9:443").gateway(&table), "closed");
    assert_eq!(Connection::http("10.9.0.9:444").gateway(&table), "tls closed");
}

#[test]
fn equal_names_under_different_texts_take_the_listener_down() {
    // T112.
    let servers = gateway_of(
        "  - {port: {number: 443, name: a, protocol: HTTPS}, hosts: [default/a.example], tls: {mode: SIMPLE, credentialName: c}}
  - {port: {number: 443, name: b, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: c}}",
    );
    let compiled = Mesh::new(&servers).compile(&gateway(), None);
    assert_eq!(Connection::tls("10.9.0.9:443", "a.example").gateway(&compiled.table), "refused");
    assert_eq!(&*compiled.diagnostics.first().unwrap().field.path, "spec.servers[1]");
}

#[test]
fn names_that_nothing_verifies_take_the_listener_down() {
    let compiled = |tls: &str| {
        let servers = gateway_of(&format!(
            "  - {{port: {{number: 443, name: a, protocol: HTTPS}}, hosts: [a.example], tls: {{mode: SIMPLE, credentialName: c}}}}
  - {{port: {{number: 443, name: b, protocol: HTTPS}}, hosts: [b.example], tls: {{{tls}, subjectAltNames: [client]}}}}",
        ));
        Mesh::new(&servers).compile(&gateway(), None)
    };
    let refused = compiled("mode: SIMPLE, credentialName: c");
    assert_eq!(Connection::tls("10.9.0.9:443", "a.example").gateway(&refused.table), "refused");
    assert_eq!(&*refused.diagnostics.first().unwrap().field.path, "spec.servers[1]");
    // Asking for certificates brings roots, and without a credential the names are left out.
    for tls in
        ["mode: MUTUAL, credentialName: c", "mode: SIMPLE, serverCertificate: a, privateKey: b"]
    {
        assert!(compiled(tls).diagnostics.is_empty(), "{tls}");
    }
}

#[test]
fn a_tcp_server_takes_the_first_route_that_fits() {
    // T113.
    let servers = gateway_of(
        "  - {port: {number: 3306, name: t, protocol: TCP}, hosts: ['*']}
  - {port: {number: 3307, name: u, protocol: TCP}, hosts: [a/x.example]}",
    );
    let first = rule(
        "first",
        "  hosts: ['*']
  tcp: [{match: [{port: 9999}], route: [{destination: {host: tls}}]}]",
    );
    let second = rule(
        "second",
        "  hosts: [x.example]
  tcp: [{match: [{port: 3306, sourceLabels: {a: b}}], route: [{destination: {host: web}}]}]",
    );
    let table = Mesh::new(&format!("{SERVICES}{servers}{first}{second}")).gateway();
    let check = |to: &str, expected: &str| {
        assert_eq!(Connection::bytes(to).gateway(&table), expected, "{to}");
    };
    check("10.9.0.9:3306", "outbound|80||web.default.svc.cluster.local");
    // No VirtualService of namespace `a`: no chain, no listener.
    check("10.9.0.9:3307", "refused");
    assert!(table.removed().iter().any(|removed| &*removed.rule.path == "spec.servers[1]"));
}

#[test]
fn passthrough_goes_by_the_first_that_names_the_server() {
    let servers = gateway_of(
        "  - {port: {number: 443, name: p, protocol: TLS}, hosts: ['*.example'], tls: {mode: PASSTHROUGH}}
  - {port: {number: 443, name: t, protocol: HTTPS}, hosts: [term.example], tls: {mode: SIMPLE, credentialName: c}}",
    );
    let first = rule(
        "first",
        "  hosts: ['*.example', other.test]
  tls:
  - {match: [{sniHosts: [a.example, other.test]}], route: [{destination: {host: tls}}]}
  - {match: [{sniHosts: [port.example], port: 444}], route: [{destination: {host: tls}}]}",
    );
    let second = rule("second", "  hosts: ['*.example']
  tls: [{match: [{sniHosts: [a.example, b.example]}, {sniHosts: [c.example]}], route: [{destination: {host: web}}]}]");
    let table = Mesh::new(&format!("{SERVICES}{servers}{first}{second}")).gateway();
    let check = |sni: &str, expected: &str| {
        assert_eq!(Connection::tls("10.9.0.9:443", sni).gateway(&table), expected, "{sni}");
    };
    let tls = "outbound|443||tls.default.svc.cluster.local";
    check("a.example", tls);
    check("other.test", tls);
    // The whole match is left out when one of its names is taken.
    check("b.example", "closed");
    check("c.example", "outbound|80||web.default.svc.cluster.local");
    check("port.example", "closed");
    check("term.example", "tls http https.443.t.gw.default");
    check("x.example", "closed");
    assert_eq!(Connection::bytes("10.9.0.9:443").gateway(&table), "closed");
}

#[test]
fn tls_settings_are_what_istio_would_set() {
    // T114, T115 and 6.7.
    let check = |tls: &str, test: &dyn Fn(&meshwork_routing::ServerTls)| {
        let servers = gateway_of(&format!(
            "  - {{port: {{number: 443, name: a, protocol: HTTPS}}, hosts: ['*'], tls: {tls}}}"
        ));
        let table = Mesh::new(&servers).gateway();
        let connection = Connection::tls("10.9.0.9:443", "x");
        let attributes = connection.attributes();
        let decision = table.gateway(443, &attributes, FirstBytes::Tls, &SeededDraws::new(1));
        test(decision.tls.as_ref().unwrap());
    };
    check("{mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_3}", &|tls| {
        assert_eq!(tls.client, ClientCertificate::NotAsked);
        assert_eq!(tls.min_version, TlsVersion::Tls13);
        assert_eq!(tls.alpn, ["h2", "http/1.1"]);
        assert!(
            matches!(&tls.certificate, CertificateSource::Credentials { names, roots: None } if names.len() == 1)
        );
    });
    check("{mode: MUTUAL, credentialName: c, verifyCertificateHash: [ab]}", &|tls| {
        assert_eq!(tls.client, ClientCertificate::Required);
        assert_eq!(tls.verify_hash.len(), 1);
        assert_eq!(tls.min_version, TlsVersion::Tls12);
    });
    check(
        "{mode: MUTUAL, serverCertificate: s, privateKey: k, caCertificates: a, verifyCertificateHash: [ab]}",
        &|tls| {
            assert!(tls.verify_hash.is_empty());
            assert!(
                matches!(&tls.certificate, CertificateSource::Files { pairs, roots: Some(_), .. } if pairs.len() == 1)
            );
        },
    );
    check("{mode: ISTIO_MUTUAL, minProtocolVersion: TLSV1_3, subjectAltNames: [a]}", &|tls| {
        assert_eq!(tls.min_version, TlsVersion::Tls12);
        assert_eq!(tls.certificate, CertificateSource::Workload);
        assert_eq!(tls.subject_alt_names.len(), 1);
    });
    check("{mode: OPTIONAL_MUTUAL, credentialName: c}", &|tls| {
        assert_eq!(tls.client, ClientCertificate::Optional);
    });
}

#[test]
fn auto_passthrough_serves_the_mesh_by_its_own_names() {
    let servers = gateway_of(
        "  - {port: {number: 15443, name: t, protocol: TLS}, hosts: ['*.local'], tls: {mode: AUTO_PASSTHROUGH}}",
    );
    let table = Mesh::new(&format!("{SERVICES}{servers}")).gateway();
    let check = |sni: &str, alpn: &[&str], expected: &str| {
        let connection = Connection { alpn, ..Connection::tls("10.9.0.9:15443", sni) };
        assert_eq!(connection.gateway(&table), expected, "{sni} {alpn:?}");
    };
    let name = "outbound_.80_._.web.default.svc.cluster.local";
    check(name, &["istio"], name);
    check(name, &["istio-http/1.1", "x"], name);
    check(name, &["http/1.1"], "closed");
    check(name, &[], "closed");
    check("outbound_.81_._.web.default.svc.cluster.local", &["istio"], "closed");
    check("outbound_.80_.v1_.web.default.svc.cluster.local", &["istio"], "closed");
}
