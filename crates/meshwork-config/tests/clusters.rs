//! Clusters as istiod made them of configurations that no recorded scenario has.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by it")]

use meshwork_api::{mesh::MeshConfig, read::Reader};
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_registry::{Proxy, ProxyKind};
use serde_json::{Value, json};

/// A mesh as a client sees it.
struct World {
    mesh: Value,
    resources: String,
    proxy: Proxy,
}

impl World {
    fn new(resources: &str) -> Self {
        let mut proxy = Proxy::sidecar("default");
        proxy.addresses = vec!["10.9.0.1".parse().unwrap()];
        Self { mesh: json!({}), resources: resources.to_owned(), proxy }
    }

    fn mesh(mut self, mesh: Value) -> Self {
        self.mesh = mesh;
        self
    }

    fn proxy(mut self, change: impl FnOnce(&mut Proxy)) -> Self {
        change(&mut self.proxy);
        self
    }

    fn addresses(self, addresses: &[&str]) -> Self {
        self.proxy(|proxy| proxy.addresses = addresses.iter().map(|a| a.parse().unwrap()).collect())
    }

    fn and(mut self, more: &str) -> Self {
        self.resources.push_str("\n---\n");
        self.resources.push_str(more);
        self
    }

    /// The cluster in the field names of Envoy's message; null where there is none.
    fn cluster(&self, name: &str) -> Value {
        let mesh: MeshConfig = serde_json::from_value(self.mesh.clone()).unwrap();
        let mut store = ConfigStore::new(mesh);
        store.apply_all(events_of(&Reader::default(), "t.yaml", self.resources.as_bytes()));
        assert_eq!(store.refusals().count(), 0, "{}", self.resources);
        let snapshot = Snapshot::compile(&store, &self.proxy, None).0;
        match snapshot.cluster(name) {
            Some(spec) => spec.policy.to_envoy_with(&spec.endpoints),
            None => snapshot.cluster_policy(name).map_or(Value::Null, |policy| policy.to_envoy()),
        }
    }

    fn at(&self, cluster: &str, place: &str) -> Value {
        self.cluster(cluster).pointer(place).cloned().unwrap_or_default()
    }
}

fn entry(spec: &str) -> World {
    World::new(&format!(
        "{{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: e}}, spec: {{hosts: [a.com], location: MESH_INTERNAL, {spec}}}}}"
    ))
}

fn rule(spec: &str) -> String {
    format!(
        "{{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {{name: r}}, spec: {{host: a.com, {spec}}}}}"
    )
}

const HTTP: &str = "ports: [{number: 80, name: http, protocol: HTTP}]";
const DNS: &str = "resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]";

#[test]
fn names_whose_localities_all_go_without_are_a_cluster_without_endpoints() {
    let distribute = rule(
        "trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: '*', to: {r9: 100}}]}}}",
    );
    let world = entry(&format!("{DNS}, endpoints: [{{address: b.com, locality: r1}}]"));
    let cluster = world.and(&distribute).cluster("outbound|80||a.com");
    assert_eq!((&cluster["type"], &cluster["endpoints"]), (&json!("STRICT_DNS"), &json!([])));
    // Where there was none to begin with, there is no cluster.
    let nobody = format!("{DNS}, workloadSelector: {{labels: {{app: none}}}}");
    assert_eq!(entry(&nobody).and(&distribute).cluster("outbound|80||a.com"), Value::Null);
}

#[test]
fn a_name_itself_is_in_the_clients_cluster() {
    let local =
        json!({ "serviceSettings": [{ "settings": { "clusterLocal": true }, "hosts": ["*"] }] });
    let world = entry(DNS).mesh(local);
    assert_eq!(world.at("outbound|80||a.com", "/endpoints/0/address"), "a.com:80");
    let other = world.proxy(|proxy| proxy.cluster = "other".into());
    assert_eq!(other.cluster("outbound|80||a.com"), Value::Null);
}

#[test]
fn families_of_names() {
    let family = |world: World| world.at("outbound|80||a.com", "/dns_lookup_family");
    assert_eq!(family(entry(DNS)), "V4_ONLY");
    assert_eq!(family(entry(DNS).addresses(&["fd00::1"])), "V6_ONLY");
    // Without Istio's support of both families, which is off, IPv4 alone counts.
    assert_eq!(family(entry(DNS).addresses(&["10.0.0.1", "fd00::1"])), "V4_ONLY");
}

#[test]
fn what_remains_of_names_where_the_client_dials_itself() {
    let passthrough =
        rule("trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}, subsets: [{name: s}]");
    let world = entry(DNS).and(&passthrough);
    let own = world.cluster("outbound|80||a.com");
    assert_eq!(
        (&own["type"], &own["dns_lookup_family"]),
        (&json!("ORIGINAL_DST"), &json!("V4_ONLY"))
    );
    let subset = world.cluster("outbound|80|s|a.com");
    assert_eq!(
        (&subset["type"], &subset["dns_lookup_family"]),
        (&json!("ORIGINAL_DST"), &Value::Null)
    );
}

#[test]
fn the_port_that_replaces_the_dialled_one_at_gateways() {
    let none =
        "resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]";
    let passthrough =
        rule("trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}, subsets: [{name: s}]");
    let port = "/original_dst_lb_config/upstream_port_override";
    let world = entry(none).and(&passthrough);
    assert_eq!(world.at("outbound|80||a.com", port), 8080);
    // There the cluster is one of known addresses until its balancer is looked at, a subset's not.
    let gateway = world.proxy(|proxy| proxy.kind = ProxyKind::Gateway);
    assert_eq!(gateway.at("outbound|80||a.com", port), Value::Null);
    assert_eq!(gateway.at("outbound|80|s|a.com", port), 8080);
}

#[test]
fn gateways_pass_nothing_through() {
    let world = entry(HTTP);
    for name in ["PassthroughCluster", "InboundPassthroughCluster"] {
        assert_eq!(world.at(name, "/type"), "ORIGINAL_DST");
    }
    let gateway = world.proxy(|proxy| proxy.kind = ProxyKind::Gateway);
    for name in ["PassthroughCluster", "InboundPassthroughCluster"] {
        assert_eq!(gateway.cluster(name), Value::Null);
    }
    assert_eq!(gateway.at("BlackHoleCluster", "/type"), "STATIC");
}

#[test]
fn the_cluster_of_unknown_names() {
    const NAME: &str = "AllowAnyDynamicDNSCluster";
    const HTTP_OPTIONS: &str =
        "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    assert_eq!(entry(HTTP).cluster(NAME), Value::Null);
    let mode = "ALLOW_ANY_DYNAMIC_DNS";
    let world = entry(HTTP).mesh(json!({ "outboundTrafficPolicy": { "mode": mode } }));
    let cluster = world.cluster(NAME);
    assert_eq!(cluster["type"], "DYNAMIC_FORWARD_PROXY");
    assert_eq!(cluster["common_lb_config"], Value::Null);
    let idle = format!("{HTTP_OPTIONS}/common_http_protocol_options/idle_timeout");
    assert_eq!(cluster.pointer(&idle), Some(&json!("300s")));
    let tls = json!({ "outboundTrafficPolicy": { "mode": mode, "tls": { "mode": "SIMPLE" } } });
    let cluster = entry(HTTP).mesh(tls).cluster(NAME);
    assert_eq!(cluster["tls"]["ca"], "file-root:system");
    assert_eq!(cluster.pointer(&idle), None);
    let sni = format!("{HTTP_OPTIONS}/upstream_http_protocol_options/auto_sni");
    assert_eq!(cluster.pointer(&sni), Some(&json!(true)));
}

#[test]
fn names_asked_for_by_requests_have_no_panic_and_no_identities() {
    let spec = "resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}], subjectAltNames: [x]";
    let world = entry(spec);
    let world = World { resources: world.resources.replace("a.com", "'*.a.com'"), ..world };
    let cluster = world.cluster("outbound|80||*.a.com");
    assert_eq!(cluster["type"], "DYNAMIC_FORWARD_PROXY");
    assert_eq!(cluster["common_lb_config"], Value::Null);
    assert_eq!(cluster["tls_matches"][0]["subject_alt_names"], Value::Null);
    let own = world.proxy(|proxy| {
        proxy.metadata.insert("TLS_CLIENT_CERT_CHAIN".into(), "/c".into());
        proxy.metadata.insert("TLS_CLIENT_KEY".into(), "/k".into());
    });
    let tls = own.at("outbound|80||*.a.com", "/tls");
    assert_eq!((&tls["certificate"][0], &tls["sni"]), (&json!("file-cert:/c~/k"), &Value::Null));
}

#[test]
fn the_case_of_header_names() {
    let keep = json!({ "defaultConfig": { "proxyHeaders": { "preserveHttp1HeaderCase": true } } });
    let upgrade = json!({ "h2UpgradePolicy": "UPGRADE" });
    let options =
        "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    let name = "/header_key_format/stateful_formatter/name";
    let of = |mesh: &Value, protocol: &str, config: &str| {
        let ports = format!("ports: [{{number: 80, name: p, protocol: {protocol}}}]");
        let world = entry(&ports).mesh(mesh.clone());
        world.at("outbound|80||a.com", &format!("{options}{config}"))
    };
    let http1 = format!("/explicit_http_config/http_protocol_options{name}");
    let downstream = format!("/use_downstream_protocol_config/http_protocol_options{name}");
    assert_eq!(of(&keep, "HTTP", &http1), "preserve_case");
    assert_eq!(of(&keep, "''", &downstream), "preserve_case");
    assert_eq!(of(&keep, "TCP", ""), Value::Null);
    assert_eq!(of(&keep, "GRPC", &http1), Value::Null);
    // What has settings for HTTP/1.1 is not made HTTP/2.
    let http2 = "/explicit_http_config/http2_protocol_options";
    assert_eq!(of(&upgrade, "HTTP", http2), json!({}));
    let mut both = keep.clone();
    both.as_object_mut().unwrap().extend(upgrade.as_object().unwrap().clone());
    assert_eq!(of(&both, "HTTP", http2), Value::Null);
    // The proxy's own configuration goes before the mesh's.
    let own = entry(HTTP).mesh(keep).proxy(|proxy| {
        proxy.metadata.insert("PROXY_CONFIG".into(), "{}".into());
    });
    assert_eq!(own.at("outbound|80||a.com", options), Value::Null);
}

#[test]
fn services_that_keep_sessions() {
    let place = "/common_lb_config/override_host_status/statuses/1";
    for label in ["istio.io/persistent-session", "istio.io/persistent-session-header"] {
        let world = entry(&format!("resolution: STATIC, {HTTP}"));
        let labelled = format!("metadata: {{name: e, labels: {{{label}: x}}}}");
        let resources = world.resources.replace("metadata: {name: e}", &labelled);
        let world = World { resources, ..world }.and(&rule("subsets: [{name: s}]"));
        assert_eq!(world.at("outbound|80||a.com", place), "DRAINING");
        assert_eq!(world.at("outbound|80|s|a.com", place), Value::Null);
    }
}

#[test]
fn networks_that_a_proxy_asks_for() {
    let spec = format!(
        "resolution: STATIC, {HTTP}, endpoints: [{{address: 10.0.0.1}}, {{address: 10.0.0.2, network: n1}}, {{address: 10.0.0.3, network: n2}}]"
    );
    let seen = |view: &str| {
        let world = entry(&spec).proxy(|proxy| {
            proxy.metadata.insert("REQUESTED_NETWORK_VIEW".into(), view.into());
        });
        let endpoints = world.at("outbound|80||a.com", "/endpoints");
        let addresses = endpoints.as_array().unwrap().iter();
        addresses.map(|e| e["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen("n1"), ["10.0.0.1:80", "10.0.0.2:80"]);
    assert_eq!(seen("n1,n2").len(), 3);
    assert_eq!(seen("").len(), 3);
}

#[test]
fn local_endpoints_are_in_the_clients_cluster() {
    let local = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.0.0.1, internalTrafficPolicy: Local, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [10.1.0.1]}]
";
    let name = "outbound|80||web.default.svc.cluster.local";
    let world = World::new(local);
    assert_eq!(world.at(name, "/endpoints/0/address"), "10.1.0.1:80");
    let other = world.proxy(|proxy| proxy.cluster = "other".into());
    assert_eq!(other.at(name, "/endpoints"), json!([]));
}

#[test]
fn certificates_that_a_proxy_brings_leave_rules_for_other_meshes_alone() {
    let mutual = rule("trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}");
    let spec = format!("{HTTP}, subjectAltNames: [x]");
    let world = entry(&spec).and(&mutual).proxy(|proxy| {
        proxy.metadata.insert("TLS_CLIENT_CERT_CHAIN".into(), "/c".into());
        proxy.metadata.insert("TLS_CLIENT_KEY".into(), "/k".into());
    });
    let name = "outbound|80||a.com";
    assert_eq!(world.at(name, "/tls/certificate/0"), "file-cert:/c~/k");
    let resources = world.resources.replace("MESH_INTERNAL", "MESH_EXTERNAL");
    let outside = World { resources, ..world };
    let tls = outside.at(name, "/tls");
    assert_eq!((&tls["certificate"][0], &tls["sni"]), (&json!("default"), &json!(name)));
    assert_eq!(tls["subject_alt_names"], Value::Null);
}

/// A Pod of a service on port 8080, which is port 80 of the service.
fn server(more: &str) -> World {
    World::new(
        "
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.1
  ports: [{name: http, port: 80, targetPort: 8080}, {name: dns, port: 53, protocol: UDP}]
  selector: {app: web}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
status: {phase: Running, podIP: 10.9.0.1, conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: r}
spec:
  host: web
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 7}}
    portLevelSettings: [{port: {number: 8080}, connectionPool: {tcp: {maxConnections: 9}}}]
",
    )
    .and(more)
    .proxy(|proxy| proxy.labels = [("app", "web")].into_iter().collect())
}

fn sidecar(spec: &str) -> String {
    format!(
        "{{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {{name: s}}, spec: {{{spec}}}}}"
    )
}

const LIMIT: &str = "/circuit_breakers/thresholds/0/max_connections";

#[test]
fn a_servers_rule_counts_where_the_server_sees_its_service() {
    let name = "inbound|8080||";
    assert_eq!(server("").at(name, LIMIT), 7);
    assert_eq!(server("").at(name, "/from"), "default/destination-rule/r");
    // A ServiceEntry of another world leads to the workload: its rule counts without a trace.
    let external = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e}
spec: {hosts: [a.com], ports: [{number: 81, name: http}], resolution: STATIC, endpoints: [{address: 10.9.0.1}]}
";
    let limited = rule("trafficPolicy: {connectionPool: {tcp: {maxConnections: 3}}}");
    let limited = limited.replace("{name: r}", "{name: outside}");
    let outside = server(external).and(&limited);
    assert_eq!(outside.at("inbound|81||", LIMIT), 3);
    assert_eq!(outside.at("inbound|81||", "/from"), Value::Null);
    let blind = server(&sidecar("egress: [{hosts: [other/*]}]"));
    assert_eq!(blind.at(name, LIMIT), u32::MAX);
    assert_eq!(server("").at("inbound|53||", "/type"), "ORIGINAL_DST");
    assert_eq!(server("").cluster("inbound|9999||"), Value::Null);
}

#[test]
fn ports_that_a_sidecar_declares() {
    let with = |port: &str, endpoint: &str| {
        server(&sidecar(&format!("ingress: [{{port: {port}, defaultEndpoint: '{endpoint}'}}]")))
    };
    let http2 = "{number: 8080, protocol: HTTP2, name: h}";
    let name = "inbound|8080||";
    // The declared port speaks, and is the one that a rule's ports are about.
    let world = with(http2, "127.0.0.1:9000");
    assert_eq!(world.at(name, LIMIT), 9);
    let cluster = world.cluster(name);
    let options = &cluster["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
    assert_eq!(options["explicit_http_config"]["http2_protocol_options"], json!({}));
    assert_eq!(
        (&cluster["type"], &cluster["lb_policy"]),
        (&json!("STATIC"), &json!("ROUND_ROBIN"))
    );
    assert_eq!(cluster["endpoints"], json!([{ "address": "127.0.0.1:9000" }]));
    assert_eq!(cluster["upstream_bind_config"], Value::Null);
    assert_eq!(cluster["cleanup_interval"], Value::Null);
    let source = "/upstream_bind_config/source_address/address";
    let own = with(http2, "0.0.0.0:9000");
    assert_eq!(own.at(name, "/endpoints/0/address"), "10.9.0.1:9000");
    assert_eq!(own.at(name, source), "127.0.0.6");
    let unix = with(http2, "unix:///x/y");
    assert_eq!(unix.at(name, "/endpoints/0/address"), "unix:///x/y");
    assert_eq!(unix.at(name, source), "127.0.0.6");
    // A port that no service has, has no rule; those of services are left out.
    let alone = with("{number: 9001, protocol: TCP, name: t}", "127.0.0.1:9001");
    assert_eq!(alone.at("inbound|9001||", LIMIT), u32::MAX);
    assert_eq!(alone.cluster(name), Value::Null);
}

#[test]
fn addresses_that_connections_to_the_workload_come_from() {
    let bind = |addresses: &[&str], name: &str| {
        server("").addresses(addresses).at(name, "/upstream_bind_config")
    };
    let v4 = json!({ "address": "127.0.0.6", "port_value": 0 });
    let v6 = json!({ "address": "::6", "port_value": 0 });
    let passthrough = "InboundPassthroughCluster";
    assert_eq!(bind(&["10.9.0.1"], passthrough), json!({ "source_address": v4 }));
    assert_eq!(bind(&["fd00::1"], passthrough), json!({ "source_address": v6 }));
    let both = ["10.9.0.1", "fd00::1"];
    let extra = json!({ "source_address": v4, "extra_source_addresses": [{ "address": v6 }] });
    assert_eq!(bind(&both, passthrough), extra);
    assert_eq!(bind(&both, "inbound|8080||"), json!({ "source_address": v4 }));
    assert_eq!(bind(&["fd00::1"], "inbound|8080||"), json!({ "source_address": v6 }));
    let localhost = json!({ "inboundTrafficPolicy": { "mode": "LOCALHOST" } });
    // What a `Sidecar` declares goes where that says.
    let declared = sidecar("ingress: [{port: {number: 8080, protocol: HTTP, name: h}}]");
    let declared = server(&declared).mesh(localhost.clone());
    assert_eq!(declared.at("inbound|8080||", "/type"), "ORIGINAL_DST");
    let local = server("").mesh(localhost);
    assert_eq!(local.at("inbound|8080||", "/endpoints/0/address"), "127.0.0.1:8080");
}
