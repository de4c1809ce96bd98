//! Clusters beside those of services: the workload's own ports, and hosts that nobody knows.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails where it does not hold"
)]

use std::{
    future::{Ready, ready},
    io,
    sync::{Arc, Mutex},
    task::{self, Poll},
    time::Duration,
};

use http::Request;
use meshwork_api::{mesh::MeshConfig, read::Reader};
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_core::Publisher;
use meshwork_policy::Transport;
use meshwork_registry::Proxy;
use meshwork_tower::{Body, Clusters, Dial, TcpConnector, outbound};
use tokio::io::DuplexStream;
use tower::ServiceExt as _;

/// What a workload at 10.1.0.1 with the port 8080 sees.
fn compile(mesh: &str, more: &str) -> Snapshot {
    let yaml = format!(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: own}}
spec:
  hosts: [own.example]
  ports: [{{number: 80, name: http, protocol: HTTP, targetPort: 8080}}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{{address: 10.1.0.1}}]
---
{more}"
    );
    let mesh: MeshConfig = serde_json::from_str(mesh).unwrap();
    let mut store = ConfigStore::new(mesh);
    store.apply_all(events_of(&Reader::default(), "test.yaml", yaml.as_bytes()));
    assert_eq!(store.refusals().count(), 0, "{yaml}");
    let mut proxy = Proxy::sidecar("default");
    proxy.addresses = vec!["10.1.0.1".parse().unwrap()];
    Snapshot::compile(&store, &proxy, None).0
}

const SIDECAR: &str = "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: own}
spec:
  egress: [{hosts: ['*/*']}]
  inboundConnectionPool:
    tcp: {connectTimeout: 3s, maxConnections: 4}
    http: {maxRequestsPerConnection: 5, idleTimeout: 6s}
";

#[test]
fn own_ports_have_the_limits_of_the_sidecar() {
    let clusters = Clusters::new(TcpConnector::new());
    let (with, without) = (compile("{}", SIDECAR), compile("{}", ""));
    let name = "inbound|8080||";
    let before = clusters.cluster(&without, name).unwrap();
    let limited = clusters.cluster(&with, name).unwrap();
    let options = limited.options();
    assert_eq!(options.connect_timeout, Duration::from_secs(3));
    assert_eq!(options.pool.max_requests_per_connection, Some(5));
    assert_eq!(options.pool.idle_timeout, Duration::from_secs(6));
    let limits = &limited.policy().unwrap().traffic_policy.connection_pool.circuit_breakers;
    assert_eq!(limits.max_connections, 4);
    assert_ne!(before.options(), options);
    // The same policy keeps what runs.
    let again = clusters.cluster(&compile("{}", SIDECAR), name).unwrap();
    assert!(Arc::ptr_eq(again.breaker(), limited.breaker()));
    assert!(clusters.cluster(&with, "inbound|8081||").is_none());
}

#[test]
fn own_ports_may_be_reached_at_the_loopback_address() {
    let clusters = Clusters::new(TcpConnector::new());
    let addresses = |mesh: &str| -> Vec<String> {
        let cluster = clusters.cluster(&compile(mesh, ""), "inbound|8080||").unwrap();
        cluster.endpoints().iter().map(|endpoint| endpoint.address.to_string()).collect()
    };
    assert!(addresses("{}").is_empty(), "it is the one that was dialled");
    let local = r#"{"inboundTrafficPolicy":{"mode":"LOCALHOST"}}"#;
    assert_eq!(addresses(local), ["127.0.0.1:8080"]);
}

/// Connects nowhere, and tells how it was asked to.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Dial>>>);

impl tower::Service<Dial> for Recorder {
    type Response = DuplexStream;
    type Error = io::Error;
    type Future = Ready<io::Result<DuplexStream>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, dial: Dial) -> Self::Future {
        self.0.lock().unwrap().push(dial);
        ready(Err(io::ErrorKind::ConnectionRefused.into()))
    }
}

#[tokio::test]
async fn hosts_that_are_looked_up_get_the_meshs_tls() {
    let mesh = |more: &str| {
        format!(r#"{{"outboundTrafficPolicy":{{"mode":"ALLOW_ANY_DYNAMIC_DNS"{more}}}}}"#)
    };
    for (more, tls) in [("", false), (r#","tls":{"mode":"SIMPLE"}"#, true)] {
        let recorder = Recorder::default();
        let live = Publisher::new(compile(&mesh(more), "")).live();
        let client = outbound(live).connector(recorder.clone()).build();
        let request = Request::get("http://unknown.example/").body(Body::empty()).unwrap();
        assert_eq!(client.oneshot(request).await.unwrap().status(), 503);
        let dials = recorder.0.lock().unwrap();
        let dial = &dials[0];
        assert_eq!(dial.address.to_string(), "unknown.example:80");
        let transport = &dial.policy.as_ref().unwrap().transport;
        assert_eq!(matches!(transport, Transport::Tls(_)), tls, "{transport:?}");
        assert_eq!(dial.host.as_deref(), tls.then_some("unknown.example"));
    }
}
