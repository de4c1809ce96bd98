//! Which services the hosts of a `Sidecar` import (8.2, 7.9).

use super::hosts;
use crate::{EgressScope, Provider, Proxy, fixture::world};

/// Entries as `namespace host`, all with port 80, in the order of creation.
fn entries(list: &[&str]) -> String {
    list.iter()
        .enumerate()
        .map(|(index, text)| {
            let (namespace, rest) = text.split_once(' ').unwrap();
            let (host, more) = rest.split_once(' ').unwrap_or((rest, ""));
            format!(
                "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: e{index}, namespace: {namespace}}}
spec: {{hosts: ['{host}'], ports: [{{number: 80, name: http, protocol: HTTP}}], resolution: DNS, {more}}}
"
            )
        })
        .collect()
}

fn sidecar(namespace: &str, egress: &[&str]) -> String {
    let egress = egress.join("', '");
    format!(
        "
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: s, namespace: {namespace}}}
spec: {{egress: [{{hosts: ['{egress}']}}]}}
"
    )
}

#[test]
fn hosts_import_and_exclude() {
    let services = entries(&["ns1 a.com", "ns1 b.com", "ns2 a.org", "ns2 *.w.org", "ns3 x.w.org"]);
    let check = |egress: &[&str], want: &[&str]| {
        let world = world(&format!("{services}{}", sidecar("ns1", egress)));
        assert_eq!(hosts(&world.scope(&Proxy::sidecar("ns1"))), want, "{egress:?}");
    };
    let all = ["a.com", "b.com", "a.org", "*.w.org", "x.w.org"];
    check(&["*/*"], &all);
    check(&["./*"], &["a.com", "b.com"]);
    check(&["ns2/*"], &["a.org", "*.w.org"]);
    check(&["ns2/a.org"], &["a.org"]);
    check(&["ns2/a.org", "ns1/b.com"], &["b.com", "a.org"]);
    check(&["*/a.org"], &["a.org"]);
    check(&["*/*.org"], &["a.org", "*.w.org", "x.w.org"]);
    // A wildcard host needs all of its names.
    check(&["*/*.w.org"], &["*.w.org", "x.w.org"]);
    check(&["ns2/x.w.org"], &[]);
    check(&["*/A.COM"], &[]);
    // Exclusions win wherever they stand.
    check(&["*/*", "~ns2/*"], &["a.com", "b.com", "x.w.org"]);
    check(&["~./a.com", "*/*"], &["b.com", "a.org", "*.w.org", "x.w.org"]);
    check(&["~*/*.org", "*/*"], &["a.com", "b.com"]);
    check(&["~/*"], &[]);
    check(&["~/a.com", "./*"], &["b.com"]);
    check(&["~ns1/a.org", "ns2/*"], &["a.org", "*.w.org"]);
    // What cannot be read imports nothing.
    check(&["a.com"], &[]);
    check(&["ns1/a/b"], &[]);
}

#[test]
fn the_dot_of_the_root_namespace_is_the_proxys() {
    let services = entries(&["ns1 a.com", "istio-system b.com"]);
    let world = world(&format!("{services}{}", sidecar("istio-system", &["./*"])));
    assert_eq!(hosts(&world.scope(&Proxy::sidecar("ns1"))), ["a.com"]);
}

#[test]
fn a_sidecar_without_egress_imports_everything() {
    let world = world(&format!(
        "{}{}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: own, namespace: ns1}}
spec: {{ingress: [{{port: {{number: 80, protocol: HTTP}}}}]}}
",
        entries(&["ns2 a.com"]),
        sidecar("istio-system", &["./*"]),
    ));
    assert_eq!(hosts(&world.scope(&Proxy::sidecar("ns1"))), ["a.com"]);
}

#[test]
fn only_what_is_exported_is_imported() {
    let services = entries(&[
        "ns1 own.com exportTo: ['.']",
        "ns2 private.com exportTo: ['.']",
        "ns2 named.com exportTo: [ns1]",
        "ns2 nobody.com exportTo: ['~']",
        "ns2 public.com",
    ]);
    let check = |egress: &str, want: &[&str]| {
        let world = world(&format!("{services}{}", sidecar("ns1", &[egress])));
        assert_eq!(hosts(&world.scope(&Proxy::sidecar("ns1"))), want, "{egress}");
    };
    // What is private or named goes before what is public.
    check("*/*", &["own.com", "named.com", "public.com"]);
    check("ns2/private.com", &[]);
    check("ns2/named.com", &["named.com"]);
}

fn namespace_of<'a>(scope: &'a EgressScope, host: &str) -> Option<&'a str> {
    scope.service(host).map(|service| service.namespace.as_str())
}

#[test]
fn one_namespace_for_each_host() {
    let kubernetes = "
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ns5}
spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}
";
    let web = "web.ns5.svc.cluster.local";
    let yaml = format!(
        "{}{kubernetes}",
        entries(&[
            &format!("ns2 {web}"),
            &format!("ns3 {web}"),
            "ns2 ext.com",
            "ns3 ext.com",
            "ns4 ext.com exportTo: [ns6]",
        ])
    );
    let world = world(&yaml);
    let check = |namespace: &str, host: &str, want: &str| {
        let scope = world.scope(&Proxy::sidecar(namespace));
        assert_eq!(namespace_of(&scope, host), Some(want), "{host} in {namespace}");
        let all = scope.services.iter().filter(|service| service.host.as_str() == host);
        assert_eq!(all.count(), 1);
    };
    check("ns1", web, "ns5");
    check("ns3", web, "ns3");
    check("ns5", web, "ns5");
    check("ns1", "ext.com", "ns2");
    check("ns3", "ext.com", "ns3");
    check("ns6", "ext.com", "ns4");
}

#[test]
fn ports_of_twins_merge() {
    let twin = |name: &str, port: u16, more: &str| {
        format!(
            "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: ns1}}
spec: {{hosts: [a.com], ports: [{{number: {port}, name: p{port}, protocol: HTTP}}], {more}}}
"
        )
    };
    let check = |second: &str, want: &[u16]| {
        let world = world(&format!("{}{second}", twin("a", 80, "resolution: STATIC")));
        let scope = world.scope(&Proxy::sidecar("ns1"));
        let ports = scope.service("a.com").unwrap().ports.iter().map(|port| port.number);
        assert_eq!(ports.collect::<Vec<_>>(), want, "{second}");
    };
    check(&twin("b", 81, "resolution: STATIC"), &[80, 81]);
    check(&twin("b", 81, "resolution: DNS"), &[80]);
    check(&twin("b", 81, "resolution: STATIC, exportTo: ['*']"), &[80]);
    check(&twin("b", 81, "resolution: STATIC, workloadSelector: {labels: {a: b}}"), &[80]);
    check(&twin("b", 80, "resolution: STATIC"), &[80]);
    check(&twin("b", 81, "resolution: STATIC, location: MESH_INTERNAL"), &[80, 81]);
}

#[test]
fn a_kubernetes_service_takes_the_place_of_an_entry() {
    let world = world(&format!(
        "{}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: ns2}}
spec: {{clusterIP: 10.0.0.1, ports: [{{name: http-a, port: 8080}}]}}
",
        entries(&["ns2 web.ns2.svc.cluster.local"])
    ));
    let scope = world.scope(&Proxy::sidecar("ns1"));
    let service = scope.service("web.ns2.svc.cluster.local").unwrap();
    assert_eq!(service.provider, Provider::Kubernetes);
    assert!(service.port(8080).is_some() && service.port(80).is_none());
    // The listener shows both: a port that only the entry has gets a virtual host, but no cluster.
    assert_eq!(scope.catch_all().unwrap().services.len(), 2);
}

#[test]
fn aliases_are_imported_by_name() {
    let check = |egress: &str, aliases: usize| {
        let world = world(&format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: ns1}}
spec: {{clusterIP: 10.0.0.1, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: other, namespace: ns2}}
spec: {{type: ExternalName, externalName: web.ns1.svc.cluster.local}}
{}",
            sidecar("ns1", &[egress])
        ));
        let scope = world.scope(&Proxy::sidecar("ns1"));
        let service = scope.service("web.ns1.svc.cluster.local").unwrap();
        assert_eq!(service.aliases.len(), aliases, "{egress}");
    };
    check("*/*", 1);
    check("ns1/*.svc.cluster.local", 1);
    check("ns1/web.ns1.svc.cluster.local", 0);
}
