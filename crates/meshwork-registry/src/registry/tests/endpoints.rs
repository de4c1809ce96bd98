//! Endpoints out of slices, Pods, ServiceEntries and WorkloadEntries.

use crate::{Health, TlsMode, fixture::world};

const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.0.0.1, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
";

fn slice(endpoints: &str) -> String {
    format!(
        "{WEB}
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints: {endpoints}
"
    )
}

const HOST: &str = "web.ns1.svc.cluster.local";

#[test]
fn conditions_of_slices() {
    let check = |conditions: &str, cookie: bool, want: Health| {
        let mut yaml = slice(&format!("[{{addresses: [10.1.0.1], conditions: {conditions}}}]"));
        if cookie {
            yaml = yaml
                .replace("{name: web}", "{name: web, labels: {istio.io/persistent-session: c}}");
        }
        let world = world(&yaml);
        let endpoints = world.registry.endpoints(world.service(HOST), 80);
        assert_eq!(endpoints[0].health, want, "{conditions}");
    };
    check("{ready: true}", false, Health::Healthy);
    check("{}", false, Health::Healthy);
    check("{ready: false, terminating: false}", false, Health::Unhealthy);
    check("{ready: false}", false, Health::Terminating);
    check("{ready: false, serving: true, terminating: true}", false, Health::Terminating);
    check("{ready: false, serving: true, terminating: true}", true, Health::Draining);
    check("{ready: false, serving: false, terminating: true}", true, Health::Terminating);
}

#[test]
fn a_service_that_says_nobody_has_no_endpoints_even_beside_everybody() {
    let check = |export: &str, want: &[&str]| {
        let annotation =
            format!("{{name: web, annotations: {{networking.istio.io/exportTo: '{export}'}}}}");
        let yaml = slice("[{addresses: [10.1.0.1]}]").replace("{name: web}", &annotation);
        let world = world(&yaml);
        assert_eq!(world.endpoints(HOST, 80), want, "{export}");
        assert!(world.service(HOST).visibility.is_public());
    };
    check("*", &["10.1.0.1:8080"]);
    check("~,*", &[]);
}

#[test]
fn what_a_pod_tells_of_its_endpoint() {
    let world = world(&format!(
        "{}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  labels: {{app: web, pod-template-hash: abc, security.istio.io/tlsMode: istio}}
  ownerReferences: [{{kind: ReplicaSet, name: web-abc, controller: true}}]
spec: {{nodeName: n1, serviceAccountName: web-sa}}
status: {{podIP: 10.1.0.1}}
---
apiVersion: v1
kind: Node
metadata:
  name: n1
  labels: {{topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1}}
",
        slice("[{addresses: [10.1.0.1], targetRef: {kind: Pod, name: web-1, namespace: ns1}}]")
    ));
    let endpoints = world.registry.endpoints(world.service(HOST), 80);
    let workload = &endpoints[0].workload;
    assert_eq!(workload.locality.to_string(), "r1/z1");
    assert_eq!(workload.service_account.as_deref(), Some("web-sa"));
    assert_eq!(workload.spiffe_id("td").as_deref(), Some("spiffe://td/ns/ns1/sa/web-sa"));
    assert_eq!(
        (workload.tls_mode, &*workload.node, &*workload.name),
        (TlsMode::Istio, "n1", "web")
    );
    let label = |key: &str| workload.labels.get(key).unwrap_or_default();
    assert_eq!(label("topology.kubernetes.io/zone"), "z1");
    assert_eq!(label("topology.istio.io/cluster"), "Kubernetes");
    assert_eq!(label("kubernetes.io/hostname"), "n1");
    assert_eq!(label("app"), "web");
}

#[test]
fn an_endpoint_waits_for_its_pod() {
    let world = world(&slice(
        "[{addresses: [10.1.0.1], targetRef: {kind: Pod, name: web-1, namespace: ns1}}, {addresses: [10.1.0.2]}]",
    ));
    assert_eq!(world.endpoints(HOST, 80), ["10.1.0.2:8080"]);
}

#[test]
fn endpoints_of_entries() {
    let check = |spec: &str, want: &[&str]| {
        let yaml = format!(
            "{{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: e}}, spec: {{hosts: [a.com], ports: [{{number: 80, name: http, protocol: HTTP, targetPort: 8080}}], {spec}}}}}"
        );
        assert_eq!(world(&yaml).endpoints("a.com", 80), want, "{spec}");
    };
    check("resolution: STATIC", &[]);
    check("resolution: STATIC, endpoints: [{address: 10.2.0.1}]", &["10.2.0.1:8080"]);
    check(
        "resolution: STATIC, endpoints: [{address: 10.2.0.1, ports: {http: 9}}]",
        &["10.2.0.1:9"],
    );
    check(
        "resolution: STATIC, endpoints: [{address: 10.2.0.1, ports: {x: 9}}]",
        &["10.2.0.1:8080"],
    );
    check("resolution: STATIC, endpoints: [{address: 'unix:///a/b'}]", &["unix:///a/b:0"]);
    // Istio tells both, and Envoy takes the first.
    check(
        "resolution: STATIC, endpoints: [{address: 10.2.0.1}, {address: 10.2.0.1}]",
        &["10.2.0.1:8080", "10.2.0.1:8080"],
    );
    // Each address of the entry is a service of its own.
    check(
        "resolution: STATIC, addresses: [240.0.0.1, 240.0.0.2], endpoints: [{address: 10.2.0.1}]",
        &["10.2.0.1:8080", "10.2.0.1:8080"],
    );
    check("resolution: DNS", &["a.com:8080"]);
    check(
        "resolution: DNS, endpoints: [{address: b.com}, {address: c.com}]",
        &["b.com:8080", "c.com:8080"],
    );
    check("resolution: DNS_ROUND_ROBIN, endpoints: [{address: b.com}]", &["b.com:8080"]);
    check("resolution: DNS, workloadSelector: {labels: {app: none}}", &[]);
    check("resolution: NONE", &[]);
    check("resolution: DYNAMIC_DNS", &[]);
}

#[test]
fn attributes_of_written_endpoints() {
    let world = world(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e}
spec:
  hosts: [a.com]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints:
  - {address: 10.2.0.1, serviceAccount: sa, locality: r/z/s, weight: 5, network: n1, labels: {v: '1'}}
  - {address: 10.2.0.2, labels: {istio-locality: r.z}}
  - {address: 10.2.0.3, serviceAccount: sa, labels: {security.istio.io/tlsMode: disabled}}
",
    );
    let endpoints = world.registry.endpoints(world.service("a.com"), 80);
    let [first, second, third] = &*endpoints else { panic!() };
    assert_eq!((first.weight(), first.tls_mode(), &**first.network()), (5, TlsMode::Istio, "n1"));
    assert_eq!(first.locality().to_string(), "r/z/s");
    assert_eq!(first.labels().get("topology.kubernetes.io/region"), Some("r"));
    assert_eq!(first.labels().get("topology.istio.io/network"), Some("n1"));
    assert_eq!((second.weight(), second.tls_mode()), (1, TlsMode::Disabled));
    assert_eq!(second.locality().to_string(), "r/z");
    assert_eq!(third.tls_mode(), TlsMode::Disabled, "the label wins");
}

#[test]
fn an_entry_selects_pods_and_workload_entries_of_its_namespace() {
    let check = |resolution: &str, selector: &str, want: &[&str]| {
        let world = world(&format!(
            "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: e}}
spec:
  hosts: [a.com]
  resolution: {resolution}
  ports: [{{number: 80, name: http, protocol: HTTP, targetPort: 8080}}]
  workloadSelector: {{labels: {selector}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: ready, labels: {{app: x}}}}
spec: {{containers: [{{ports: [{{name: http, containerPort: 7070}}]}}]}}
status: {{podIP: 10.1.0.1, phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: unready, labels: {{app: x}}}}
status: {{podIP: 10.1.0.2, phase: Running, conditions: [{{type: Ready, status: 'False'}}]}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: vm, labels: {{app: x}}}}
spec: {{address: 10.2.0.1, labels: {{app: q}}, ports: {{http: 9090}}}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: named, labels: {{app: x}}}}
spec: {{address: vm.example.com}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: elsewhere, namespace: ns2, labels: {{app: x}}}}
spec: {{address: 10.2.0.9}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: ill, labels: {{app: x}}, annotations: {{proxy.istio.io/health-checks-enabled: 'true'}}}}
spec: {{address: 10.2.0.8}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: well, labels: {{app: z}}, annotations: {{proxy.istio.io/health-checks-enabled: 'true'}}}}
spec: {{address: 10.2.0.7}}
status: {{conditions: [{{type: Healthy, status: 'True'}}]}}
"
        ));
        assert_eq!(world.endpoints("a.com", 80), want, "{resolution} {selector}");
    };
    check("STATIC", "{app: x}", &["10.1.0.1:7070", "10.2.0.1:9090"]);
    check("STATIC", "{app: q}", &[]);
    check("STATIC", "{app: z}", &["10.2.0.7:8080"]);
    check("STATIC", "{}", &["10.1.0.1:7070", "10.2.0.1:9090", "10.2.0.7:8080"]);
    check("DNS", "{app: x}", &["10.1.0.1:7070", "vm.example.com:8080", "10.2.0.1:9090"]);
}

#[test]
fn a_kubernetes_service_selects_workload_entries() {
    let check = |target: &str, ports: &str, want: &[&str]| {
        let world = world(&format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{clusterIP: 10.0.0.1, selector: {{app: web}}, ports: [{{name: http, port: 80{target}}}]}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: vm}}
spec: {{address: 10.2.0.1, labels: {{app: web}}, ports: {ports}}}
"
        ));
        assert_eq!(world.endpoints(HOST, 80), want, "{target} {ports}");
    };
    check("", "{}", &["10.2.0.1:80"]);
    check(", targetPort: 8080", "{}", &["10.2.0.1:8080"]);
    check(", targetPort: 8080", "{http: 9}", &["10.2.0.1:9"]);
    check(", targetPort: named", "{named: 9}", &["10.2.0.1:9"]);
    check(", targetPort: named", "{http: 9}", &[]);
}

#[test]
fn endpoints_of_one_host_are_pooled() {
    let entry = |name: &str, resolution: &str, port: &str, address: &str| {
        format!(
            "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}}}
spec:
  hosts: [{HOST}]
  resolution: {resolution}
  ports: [{{number: {}, name: {}, protocol: HTTP}}]
  endpoints: [{{address: {address}}}]
",
            port.split('/').next().unwrap(),
            port.split('/').nth(1).unwrap()
        )
    };
    let kubernetes = world(&format!(
        "{}{}{}",
        slice("[{addresses: [10.1.0.1]}]"),
        entry("a", "STATIC", "8443/http", "10.2.0.1"),
        entry("b", "STATIC", "80/web", "10.2.0.2"),
    ));
    // By the name of the port: a ServiceEntry's port counts where it is called the same.
    assert_eq!(kubernetes.endpoints(HOST, 80), ["10.2.0.1:8443", "10.1.0.1:8080"]);
    let entries = world(&format!(
        "{}{}{}",
        entry("a", "DNS", "80/http", "x.com"),
        entry("b", "STATIC", "80/web", "10.2.0.1"),
        entry("c", "STATIC", "81/http", "10.2.0.2"),
    ));
    // Where names are resolved, by its number.
    assert_eq!(entries.endpoints(HOST, 80), ["x.com:80", "10.2.0.1:80"]);
}

#[test]
fn one_logical_name_has_one_endpoint() {
    let entry = |name: &str, address: &str| {
        format!(
            "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}}}
spec:
  hosts: [a.com]
  resolution: DNS_ROUND_ROBIN
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  endpoints: [{{address: {address}}}]
"
        )
    };
    let world = world(&format!("{}{}", entry("a", "x.com"), entry("b", "y.com")));
    assert_eq!(world.endpoints("a.com", 80), ["x.com:80"]);
}

#[test]
fn the_network_of_an_endpoint() {
    let world = world(&format!(
        "{}
---
apiVersion: v1
kind: Namespace
metadata: {{name: istio-system, labels: {{topology.istio.io/network: n1}}}}
",
        slice("[{addresses: [10.1.0.1]}]")
    ));
    let endpoints = world.registry.endpoints(world.service(HOST), 80);
    assert_eq!(&**endpoints[0].network(), "n1");
}

#[test]
fn addresses_that_clients_dial_are_listed_whatever_their_health() {
    let world = world(
        "
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, ports: [{name: tcp-a, port: 9000}, {name: other, port: 9001}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: tcp-a, port: 9000}]
endpoints:
- {addresses: [10.1.0.1]}
- {addresses: [10.1.0.2], conditions: {ready: false}}
- {addresses: [10.1.0.3], conditions: {ready: false, terminating: false}}
",
    );
    let service = world.service("db.ns1.svc.cluster.local");
    let dialled = world.registry.dialled_addresses(service, 9000);
    let dialled: Vec<_> = dialled.iter().map(ToString::to_string).collect();
    assert_eq!(dialled, ["10.1.0.1", "10.1.0.2", "10.1.0.3"]);
    assert!(world.registry.dialled_addresses(service, 9001).is_empty());
    let used = world.endpoints("db.ns1.svc.cluster.local", 9000);
    assert_eq!(used, ["10.1.0.1:9000", "10.1.0.3:9000"]);
}

#[test]
fn the_last_declaration_of_a_port_decides_what_clients_dial() {
    let service = "
apiVersion: v1
kind: Service
metadata: {name: db, creationTimestamp: \"2026-01-01T00:00:0A\"}
spec: {clusterIP: None, ports: [{name: https, port: 443}, {name: tcp, port: 9000}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: https, port: 443}, {name: tcp, port: 9000}]
endpoints: [{addresses: [10.1.0.1]}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db, creationTimestamp: \"2026-01-01T00:00:0B\"}
spec:
  hosts: [db.ns1.svc.cluster.local]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: STATIC
  endpoints: [{address: 10.2.0.1}]
";
    // The ServiceEntry knows no port of the Service's name; the Service takes both.
    for (ages, expected) in
        [(("1Z", "2Z"), &["10.2.0.1"][..]), (("2Z", "1Z"), &["10.2.0.1", "10.1.0.1"])]
    {
        let world = world(
            &service.replace("0A", &format!("0{}", ages.0)).replace("0B", &format!("0{}", ages.1)),
        );
        let found = world.service("db.ns1.svc.cluster.local");
        let dialled = |port| {
            let addresses = world.registry.dialled_addresses(found, port);
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(dialled(443), expected);
        assert_eq!(dialled(9000), ["10.1.0.1"]);
    }
}
