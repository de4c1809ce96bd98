//! Services out of Kubernetes Services and ServiceEntries.

use meshwork_core::Protocol;

use crate::{Proxy, Resolution, TargetPort, TrafficDistribution, fixture::world};

#[test]
fn a_kubernetes_service() {
    let world = world(
        "
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web}
  annotations:
    networking.istio.io/exportTo: ., ns2
    alpha.istio.io/kubernetes-serviceaccounts: a,b
spec:
  clusterIP: 10.0.0.1
  clusterIPs: [10.0.0.1, '2001:db8::1']
  selector: {app: web}
  internalTrafficPolicy: Local
  trafficDistribution: PreferClose
  ports:
  - {name: http-web, port: 80, targetPort: 8080}
  - {name: web, port: 81, targetPort: named, appProtocol: kubernetes.io/h2c}
  - {name: other, port: 82}
  - {name: dns, port: 53, protocol: UDP}
",
    );
    let service = world.service("web.ns1.svc.cluster.local");
    let ports: Vec<_> = service
        .ports
        .iter()
        .map(|port| (port.number, port.protocol, port.target.clone()))
        .collect();
    assert_eq!(
        ports,
        [
            (80, Protocol::Http, TargetPort::Number(8080)),
            (81, Protocol::Http2, TargetPort::Name("named".into())),
            (82, Protocol::Auto, TargetPort::Number(82)),
            (53, Protocol::Udp, TargetPort::Number(53)),
        ]
    );
    assert!(service.port(53).is_none(), "nothing is built for UDP");
    assert_eq!(service.resolution, Resolution::ClientSideLb);
    assert_eq!(service.traffic_distribution, TrafficDistribution::PreferSameZone);
    assert!(service.node_local);
    assert!(service.visibility.visible_to("ns2") && !service.visibility.visible_to("ns3"));
    assert_eq!(
        service.subject_alt_names.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["spiffe://cluster.local/ns/ns1/sa/a", "spiffe://cluster.local/ns/ns1/sa/b"]
    );
    let addresses = |proxy: &Proxy| {
        service.addresses_for(proxy).map(|range| range.to_string()).collect::<Vec<_>>()
    };
    let mut proxy = Proxy::sidecar("ns1");
    assert_eq!(addresses(&proxy), ["10.0.0.1"], "a proxy without addresses is one of IPv4");
    proxy.addresses = vec!["2001:db8::9".parse().unwrap()];
    assert_eq!(addresses(&proxy), ["2001:db8::1"]);
    assert_eq!(world.registry.by_address("10.0.0.1".parse().unwrap()).count(), 1);
}

#[test]
fn kinds_of_kubernetes_services() {
    let check = |spec: &str, resolution, addresses: usize| {
        let yaml = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{{spec}, ports: [{{port: 80}}]}}}}"
        );
        let world = world(&yaml);
        let service = world.service("s.ns1.svc.cluster.local");
        assert_eq!(
            (service.resolution, service.addresses.len()),
            (resolution, addresses),
            "{spec}"
        );
    };
    check("clusterIP: 10.0.0.1", Resolution::ClientSideLb, 1);
    check("clusterIP: ''", Resolution::ClientSideLb, 0);
    check("clusterIP: None", Resolution::Passthrough, 0);
    check("clusterIP: None, clusterIPs: [None]", Resolution::Passthrough, 0);
    check("type: ExternalName, externalName: a.com", Resolution::Alias, 0);
    check("type: ExternalName, externalName: ''", Resolution::ClientSideLb, 0);
}

#[test]
fn resolutions_and_addresses_of_entries() {
    let check = |spec: &str, resolution, addresses: &[&str]| {
        let yaml = format!(
            "{{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: e}}, spec: {{hosts: [a.com], {spec}}}}}"
        );
        let world = world(&yaml);
        let service = world.service("a.com");
        let found: Vec<_> = service.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(
            (service.resolution, &found[..]),
            (resolution, &addresses.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{spec}"
        );
    };
    check("resolution: NONE", Resolution::Passthrough, &[]);
    check("ports: []", Resolution::Passthrough, &[]);
    check("resolution: STATIC, addresses: [10.0.0.1/32]", Resolution::ClientSideLb, &["10.0.0.1"]);
    check("resolution: DNS, addresses: [10.0.0.0/24, nonsense]", Resolution::Dns, &["10.0.0.0/24"]);
    check("resolution: DNS_ROUND_ROBIN, addresses: [0.0.0.0]", Resolution::DnsRoundRobin, &[]);
    check("resolution: DYNAMIC_DNS", Resolution::DynamicDns, &[]);
}

#[test]
fn an_entry_whose_addresses_cannot_be_read_declares_nothing() {
    let world = world(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e}
spec: {hosts: [a.com], addresses: [nonsense], resolution: DNS}
",
    );
    assert_eq!(world.registry.services().count(), 0);
}

#[test]
fn target_ports_of_entries() {
    let check = |resolution: &str, target, passthrough| {
        let yaml = format!(
            "{{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: e}}, spec: {{hosts: [a.com], resolution: {resolution}, ports: [{{number: 80, name: http, protocol: HTTP, targetPort: 8080}}]}}}}"
        );
        let world = world(&yaml);
        let port = world.service("a.com").ports[0].clone();
        assert_eq!((port.target, port.passthrough_target), (target, passthrough));
    };
    check("STATIC", TargetPort::Number(8080), None);
    check("NONE", TargetPort::Number(8080), Some(8080));
}

#[test]
fn allocated_addresses_count_for_proxies_that_capture_dns() {
    let entry = |spec: &str, label: &str| {
        format!(
            "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: e
  labels: {{networking.istio.io/enable-autoallocate-ip: '{label}'}}
spec: {{hosts: [a.com, b.com], {spec}}}
status:
  addresses:
  - {{value: 240.240.0.1, host: a.com}}
  - {{value: '2001:2::1', host: a.com}}
  - {{value: 240.240.0.2, host: b.com}}
"
        )
    };
    let check = |spec: &str, label: &str, capture: bool, want: &[&str]| {
        let world = world(&entry(spec, label));
        let mut proxy = Proxy::sidecar("ns1");
        proxy.dns_capture = capture;
        let service = world.service("a.com");
        let found: Vec<_> = service.addresses_for(&proxy).map(|range| range.to_string()).collect();
        assert_eq!(found, want, "{spec} {label} {capture}");
    };
    check("resolution: STATIC", "true", true, &["240.240.0.1"]);
    check("resolution: STATIC", "true", false, &[]);
    check("resolution: STATIC", "False", true, &[]);
    check("resolution: NONE", "true", true, &[]);
    check("resolution: STATIC, addresses: [10.0.0.1]", "true", true, &["10.0.0.1"]);
}

#[test]
fn one_host_in_one_namespace() {
    let world = world(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: old}
spec: {hosts: [web.ns1.svc.cluster.local], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {hosts: [x.com], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {hosts: [x.com], resolution: STATIC}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}
",
    );
    let resolution = |host: &str| world.registry.service(host, "ns1").unwrap().resolution;
    assert_eq!(
        resolution("web.ns1.svc.cluster.local"),
        Resolution::ClientSideLb,
        "Kubernetes first"
    );
    assert_eq!(resolution("x.com"), Resolution::ClientSideLb, "then the name of the entry");
    assert!(world.registry.service("x.com", "ns2").is_none());
}

#[test]
fn the_namespaces_distribution_is_a_default() {
    let check = |service: &str, namespace: &str, want| {
        let world = world(&format!(
            "
apiVersion: v1
kind: Namespace
metadata: {{name: ns1, annotations: {{networking.istio.io/traffic-distribution: '{namespace}'}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: s, annotations: {{networking.istio.io/traffic-distribution: '{service}'}}}}
spec: {{ports: [{{port: 80}}]}}
"
        ));
        let service = world.service("s.ns1.svc.cluster.local");
        assert_eq!(service.traffic_distribution, want);
    };
    check("", "PreferClose", TrafficDistribution::PreferSameZone);
    check("prefersamenode", "PreferClose", TrafficDistribution::PreferSameNode);
    check("any", "PreferClose", TrafficDistribution::Any);
    check("", "", TrafficDistribution::Any);
}

#[test]
fn aliases_lead_through_chains_and_not_in_circles() {
    let alias = |name: &str, target: &str| {
        format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{type: ExternalName, externalName: {target}.ns1.svc.cluster.local}}
---"
        )
    };
    let world = world(&format!(
        "{}{}{}{}{}
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{clusterIP: 10.0.0.1, ports: [{{port: 80}}]}}
",
        alias("second", "first"),
        alias("first", "web"),
        alias("round", "about"),
        alias("about", "round"),
        alias("other", "elsewhere"),
    ));
    let aliases = |host: &str| {
        let service = world.service(&format!("{host}.ns1.svc.cluster.local"));
        service.aliases.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let want = ["first.ns1.svc.cluster.local", "second.ns1.svc.cluster.local"];
    assert_eq!(aliases("web"), want);
    assert!(aliases("round").is_empty() && aliases("first").is_empty());
}

#[test]
fn visibility_of_entries_is_narrowed_by_the_mesh() {
    let check = |policy: &str, export_to: &str, sees: [bool; 2]| {
        let world = world(&format!(
            "
serviceEntryVisibility: {{{policy}}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: ns1, labels: {{tier: open}}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: e}}
spec: {{hosts: [a.com], exportTo: [{export_to}]}}
"
        ));
        let visibility = &world.service("a.com").visibility;
        let found = ["ns1", "ns2"].map(|namespace| visibility.visible_to(namespace));
        assert_eq!(found, sees, "{policy} / {export_to}");
    };
    let on = "applyToSidecars: true, defaultVisibility";
    check("defaultVisibility: NONE", "", [true, true]);
    check(&format!("{on}: NONE"), "", [false, false]);
    check(&format!("{on}: NAMESPACE"), "", [true, false]);
    check(&format!("{on}: NAMESPACE"), "ns2", [false, false]);
    check(&format!("{on}: NAMESPACE"), "ns2, ns1", [true, false]);
    check(&format!("{on}: PUBLIC"), "ns2", [false, true]);
    check(&format!("{on}: PUBLIC"), "'~'", [false, false]);
    let rule = |selector: &str| {
        format!(
            "{on}: NONE, policies: [{{visibility: PUBLIC, matchingRules: [{{namespaceSelector: {selector}}}]}}]"
        )
    };
    check(&rule("{matchLabels: {tier: open}}"), "", [true, true]);
    check(&rule("{matchLabels: {tier: shut}}"), "", [false, false]);
    check(&rule("{matchExpressions: [{key: tier, operator: Exists}]}"), "", [true, true]);
    check(&rule("{matchExpressions: [{key: tier, operator: Nonsense}]}"), "", [false, false]);
    let tier = |rest: &str| rule(&format!("{{matchExpressions: [{{key: tier, {rest}}}]}}"));
    check(&tier("operator: In, values: [open, wide]"), "", [true, true]);
    check(&tier("operator: In, values: [shut]"), "", [false, false]);
    check(&tier("operator: NotIn, values: [open]"), "", [false, false]);
}

#[test]
fn the_mesh_has_defaults_for_export() {
    let world = world(
        "
defaultServiceExportTo: ['.']
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e}
spec: {hosts: [a.com], exportTo: ['*']}
",
    );
    let seen = |namespace: &str| {
        let namespace = namespace.into();
        world.registry.exported_to(&namespace).map(|s| s.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(seen("ns1"), ["web", "a.com"], "what is private goes first");
    assert_eq!(seen("ns2"), ["a.com"]);
}
