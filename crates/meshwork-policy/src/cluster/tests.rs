//! Clusters: transport, endpoints and protocol, by what istiod made of them.

use std::collections::BTreeMap;

use meshwork_core::Labels;
use meshwork_registry::{Proxy, Registry};
use serde_json::{Value, json};

use super::*;
use crate::{
    CertificateAuthority, TlsKind,
    testing::{client, policies_in, registry, rule},
};

#[expect(clippy::needless_pass_by_value, reason = "callers write `json!` in place")]
fn entry(ports: Value, endpoints: Value) -> Value {
    json!({
        "hosts": ["s.example"],
        "location": "MESH_INTERNAL",
        "resolution": "STATIC",
        "ports": ports,
        "endpoints": endpoints,
    })
}

fn http() -> Value {
    json!([{ "number": 80, "name": "http", "protocol": "HTTP" }])
}

struct Mesh {
    registry: Registry,
    config: Value,
    spec: Value,
    client: Proxy,
}

impl Mesh {
    fn new(entry: Value, spec: Value) -> Self {
        Self { registry: registry(entry), config: json!({}), spec, client: client("default") }
    }

    fn cluster(&self, subset: Option<&str>) -> Result<OutboundCluster, NoCluster> {
        self.cluster_with(subset, &())
    }

    fn cluster_with(
        &self,
        subset: Option<&str>,
        servers: &dyn ServerMtls,
    ) -> Result<OutboundCluster, NoCluster> {
        let mut spec = json!({ "host": "s.example" });
        spec.as_object_mut().unwrap().extend(self.spec.as_object().unwrap().clone());
        let policies = policies_in(&[rule(1, "default/rule", spec)], self.config.clone());
        let service = self.registry.service("s.example", "default").unwrap();
        let port = service.port(80).unwrap();
        let endpoints = self.registry.endpoints(service, 80);
        let accounts = service_accounts(&self.registry.identities(service), policies.mesh());
        let destination = Destination {
            client: &self.client,
            service,
            port,
            subset,
            endpoints: &endpoints,
            accounts: &accounts,
        };
        policies.outbound(&destination, servers)
    }
}

/// Address → (priority, locality weight, marked).
fn endpoints(cluster: &OutboundCluster) -> BTreeMap<String, (u32, u32, bool)> {
    cluster
        .endpoints
        .iter()
        .map(|e| (e.address.to_string(), (e.priority, e.locality_weight, e.value.mesh_tls)))
        .collect()
}

fn two() -> Value {
    json!([
        { "address": "10.0.0.1", "serviceAccount": "one", "labels": { "version": "v1" } },
        { "address": "10.0.0.2", "labels": { "version": "v2" } },
    ])
}

#[test]
fn auto_mtls_goes_by_endpoint() {
    let mesh = Mesh::new(entry(http(), two()), json!({ "subsets": [{ "name": "all" }] }));
    let cluster = mesh.cluster(Some("all")).unwrap();
    let Transport::ByEndpoint(tls) = &cluster.policy.transport else { panic!("{cluster:?}") };
    assert_eq!(tls.kind, TlsKind::IstioMutual);
    assert_eq!(tls.sni.as_deref(), Some("outbound_.80_.all_.s.example"));
    assert_eq!(&*tls.subject_alt_names[0], "spiffe://cluster.local/ns/default/sa/one");
    assert_eq!(tls.alpn, ["istio-peer-exchange", "istio"]);
    let marks = endpoints(&cluster);
    assert!(marks["10.0.0.1:80"].2 && !marks["10.0.0.2:80"].2);
}

#[test]
fn auto_mtls_and_peer_authentication() {
    struct Disabled(bool);
    impl ServerMtls for Disabled {
        fn is_disabled_in(&self, _: &str) -> bool {
            self.0
        }
        fn is_disabled_for(&self, _: &str, labels: &Labels, port: u16) -> bool {
            labels.get("version") == Some("v1") && port == 80
        }
    }
    let mesh = Mesh::new(entry(http(), two()), json!({}));
    let cluster = mesh.cluster_with(None, &Disabled(false)).unwrap();
    assert!(matches!(cluster.policy.transport, Transport::ByEndpoint(_)));
    assert!(endpoints(&cluster).values().all(|(_, _, marked)| !marked));
    let cluster = mesh.cluster_with(None, &Disabled(true)).unwrap();
    assert_eq!(cluster.policy.transport, Transport::Plaintext);
}

#[test]
fn tls_of_a_rule_holds_for_every_endpoint() {
    let with = |tls: Value| {
        let mesh = Mesh::new(entry(http(), two()), json!({ "trafficPolicy": { "tls": tls } }));
        let cluster = mesh.cluster(None).unwrap();
        let marked = endpoints(&cluster).values().any(|(_, _, marked)| *marked);
        (cluster.policy.transport, marked)
    };
    assert_eq!(with(json!({ "mode": "DISABLE" })), (Transport::Plaintext, false));
    let (Transport::Tls(tls), true) = with(json!({ "mode": "ISTIO_MUTUAL" })) else {
        panic!("mesh TLS keeps the marks")
    };
    assert_eq!(tls.authority, Some(CertificateAuthority::Mesh));
    let (Transport::Tls(tls), false) = with(json!({ "mode": "SIMPLE" })) else { panic!("TLS") };
    assert!(tls.auto_sni && tls.auto_san_validation);
    assert_eq!(tls.authority, Some(CertificateAuthority::System));
    let (Transport::Tls(tls), _) = with(json!({ "mode": "SIMPLE", "sni": "x" })) else {
        panic!("TLS")
    };
    assert!(!tls.auto_sni && !tls.auto_san_validation);
    let (Transport::Tls(tls), _) = with(json!({ "mode": "SIMPLE", "insecureSkipVerify": true }))
    else {
        panic!("TLS")
    };
    assert!(tls.authority.is_none() && tls.subject_alt_names.is_empty());
    // A secret that a sidecar may not read; and what no admission lets through.
    let credential = with(json!({ "mode": "SIMPLE", "credentialName": "secret" })).0;
    assert_eq!(credential, Transport::Plaintext);
    assert!(matches!(with(json!({ "mode": "MUTUAL" })).0, Transport::Refused(_)));
}

#[test]
fn the_two_readings_of_a_port_without_tls() {
    let spec = |mode: &str| {
        json!({ "trafficPolicy": {
            "tls": { "mode": mode },
            "portLevelSettings": [
                { "port": { "number": 80 }, "loadBalancer": { "simple": "ROUND_ROBIN" } },
            ],
        } })
    };
    for (mode, marked) in [("DISABLE", false), ("SIMPLE", false), ("ISTIO_MUTUAL", true)] {
        let cluster = Mesh::new(entry(http(), two()), spec(mode)).cluster(None).unwrap();
        assert!(matches!(cluster.policy.transport, Transport::ByEndpoint(_)), "{mode}");
        assert_eq!(endpoints(&cluster)["10.0.0.1:80"].2, marked, "{mode}");
    }
}

#[test]
fn subsets_select_endpoints() {
    let spec = json!({ "subsets": [
        { "name": "v1", "labels": { "version": "v1" } },
        { "name": "none", "labels": { "version": "v9" } },
    ] });
    let mesh = Mesh::new(entry(http(), two()), spec);
    let found = endpoints(&mesh.cluster(Some("v1")).unwrap());
    assert_eq!(found.keys().collect::<Vec<_>>(), ["10.0.0.1:80"]);
    assert!(mesh.cluster(Some("none")).unwrap().endpoints.is_empty());
    assert!(matches!(mesh.cluster(Some("v9")), Err(NoCluster::UnknownSubset(_))));
}

fn far_and_near() -> Value {
    json!([
        { "address": "10.0.0.1", "locality": "r1/z1" },
        { "address": "10.0.0.2", "locality": "r2/z1" },
    ])
}

#[test]
fn localities_count_with_outlier_detection() {
    let with = |policy: Value, config: Value| {
        let mut mesh = Mesh::new(entry(http(), far_and_near()), json!({ "trafficPolicy": policy }));
        mesh.client.locality = "r1/z1".parse().unwrap();
        mesh.config = config;
        let cluster = mesh.cluster(None).unwrap();
        let found = endpoints(&cluster);
        (found["10.0.0.2:80"].0, cluster.policy.traffic_policy.load_balancing.locality)
    };
    use meshwork_balance::LocalityRouting::{Ignored, Weighted};
    let random = json!({ "loadBalancer": { "simple": "RANDOM" } });
    assert_eq!(with(random.clone(), json!({})), (0, Ignored));
    assert_eq!(with(json!({ "outlierDetection": {} }), json!({})), (1, Ignored));
    // The mesh's outlier detection ejects and does not rank.
    let default = json!({ "defaultTrafficPolicy": { "outlierDetection": {} } });
    assert_eq!(with(random.clone(), default), (0, Ignored));
    let off = json!({ "localityLbSetting": { "enabled": false } });
    assert_eq!(with(json!({ "outlierDetection": {} }), off), (0, Ignored));
    let distribute = json!({ "loadBalancer": { "localityLbSetting": {
        "distribute": [{ "from": "r1/*", "to": { "r1/*": 80, "r2/*": 20 } }],
    } } });
    assert_eq!(with(distribute, json!({})), (0, Weighted));
    let zones = json!({ "loadBalancer": { "zoneAwareLbSetting": { "enabled": true } } });
    assert_eq!(with(zones, json!({})).0, 1);
}

#[test]
fn upstream_protocols() {
    let with = |protocol: &str, http: Value, gateway: bool| {
        let ports = json!([{ "number": 80, "name": "p", "protocol": protocol }]);
        let spec = json!({ "trafficPolicy": { "connectionPool": { "http": http } } });
        let mut mesh = Mesh::new(entry(ports, two()), spec);
        if gateway {
            mesh.client = Proxy::gateway("default");
        }
        mesh.cluster(None).unwrap().policy.protocol
    };
    use UpstreamProtocol::{Downstream, Http1, Http2};
    let plain = || json!({ "http1MaxPendingRequests": 1 });
    let upgrade = || json!({ "h2UpgradePolicy": "UPGRADE" });
    assert_eq!(with("HTTP", plain(), false), Http1);
    assert_eq!(with("GRPC", plain(), false), Http2);
    assert_eq!(with("", plain(), false), Downstream);
    assert_eq!(with("", plain(), true), Http1);
    assert_eq!(with("HTTP", upgrade(), false), Http2);
    assert_eq!(with("", upgrade(), false), Downstream);
    assert_eq!(with("GRPC", json!({ "useClientProtocol": true }), false), Downstream);
}

#[test]
fn passthrough_and_names() {
    let passthrough = json!({
        "trafficPolicy": { "loadBalancer": { "simple": "PASSTHROUGH" } },
        "subsets": [
            { "name": "v1", "trafficPolicy": { "loadBalancer": { "simple": "ROUND_ROBIN" } } },
        ],
    });
    let mesh = Mesh::new(entry(http(), two()), passthrough);
    let own = mesh.cluster(None).unwrap();
    assert!(matches!(own.policy.discovery, Discovery::OriginalDestination { .. }));
    assert_eq!(own.policy.transport, Transport::Plaintext, "one endpoint has no sidecar");
    assert!(own.endpoints.is_empty());
    let subset = mesh.cluster(Some("v1")).unwrap();
    assert!(matches!(subset.policy.discovery, Discovery::OriginalDestination { .. }));
    assert!(matches!(subset.policy.transport, Transport::Tls(_)));

    let mut names = entry(http(), json!([]));
    names["resolution"] = json!("DNS");
    let spec = json!({ "subsets": [{ "name": "v1", "labels": { "version": "v1" } }] });
    let mesh = Mesh::new(names, spec);
    let cluster = mesh.cluster(None).unwrap();
    let Discovery::StrictDns(lookup) = cluster.policy.discovery else { panic!() };
    assert_eq!((lookup.families, lookup.refresh.as_secs()), (AddressFamilies::V4, 60));
    assert_eq!(&*cluster.endpoints[0].address, "s.example:80");
    assert!(matches!(mesh.cluster(Some("v1")), Err(NoCluster::NoEndpoints(_))));
}

#[test]
fn equal_meanings_compare_equal() {
    let recorded = json!({ "lb_policy": "RING_HASH", "endpoints": [{ "health": "HEALTHY" }] });
    let ours = json!({
        "lb_policy": "RING_HASH",
        "ring_hash_lb_config": { "minimum_ring_size": "1024" },
        "endpoints": [{}],
    });
    assert_eq!(comparable(recorded), comparable(ours));
    let other =
        json!({ "lb_policy": "RING_HASH", "ring_hash_lb_config": { "minimum_ring_size": "64" } });
    assert_ne!(comparable(other), comparable(json!({ "lb_policy": "RING_HASH" })));
}
