//! Plain connections.

use std::{io, task, time::Duration};

use futures_util::future::BoxFuture;
use meshwork_policy::ClusterPolicy;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Dial, DialAddress, Io};

/// Connects in plaintext: TCP, or a Unix domain socket; names are looked up by the system.
///
/// Whatever TLS the cluster's policy asks for is not spoken; that is the connector's business
/// that stands in front of this one.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TcpConnector {}

impl TcpConnector {
    /// A plain connector.
    pub const fn new() -> Self {
        Self {}
    }
}

impl Service<Dial> for TcpConnector {
    type Response = Box<dyn Io>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Box<dyn Io>>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, dial: Dial) -> Self::Future {
        Box::pin(async move {
            if let DialAddress::Unix(path) = &dial.address {
                return unix(path).await;
            }
            Ok(Box::new(connect(&dial).await?) as Box<dyn Io>)
        })
    }
}

async fn connect(dial: &Dial) -> io::Result<TcpStream> {
    let stream = match &dial.address {
        DialAddress::Ip(address) => TcpStream::connect(address).await?,
        DialAddress::Name(name, port) => TcpStream::connect((&**name, *port)).await?,
        DialAddress::Unix(_) => return Err(io::ErrorKind::InvalidInput.into()),
    };
    stream.set_nodelay(true)?;
    if let Some(keepalive) = dial.policy.as_deref().and_then(keepalive) {
        SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    }
    Ok(stream)
}

/// `tcp.tcpKeepalive` of the cluster; what it leaves open is the system's choice.
fn keepalive(policy: &ClusterPolicy) -> Option<TcpKeepalive> {
    let wanted = policy.traffic_policy.connection_pool.tcp_keepalive.as_ref()?;
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let mut keepalive = TcpKeepalive::new();
    if let Some(time) = wanted.time {
        keepalive = keepalive.with_time(seconds(time));
    }
    // Where a system has no such setting, its own choice stands.
    #[cfg(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "linux",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "windows"
    ))]
    if let Some(interval) = wanted.interval {
        keepalive = keepalive.with_interval(seconds(interval));
    }
    #[cfg(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "linux",
        target_os = "macos",
        target_os = "netbsd"
    ))]
    if let Some(probes) = wanted.probes {
        keepalive = keepalive.with_retries(probes);
    }
    Some(keepalive)
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> io::Result<Box<dyn Io>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path) -> io::Result<Box<dyn Io>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "no Unix domain sockets on this system"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Arc;

    use meshwork_api::{mesh::MeshConfig, read::Reader};
    use meshwork_config::{ConfigStore, Snapshot, events_of};
    use meshwork_registry::Proxy;

    use super::*;

    /// A connection that a rule with this connection pool makes.
    #[expect(clippy::unwrap_used, reason = "a test fails by it")]
    async fn connected(mesh: &str, pool: &str) -> TcpStream {
        let yaml = format!(
            "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: app}}
spec:
  hosts: [app.example]
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints: [{{address: 127.0.0.1}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: app}}
spec: {{host: app.example, trafficPolicy: {{connectionPool: {{tcp: {{{pool}}}}}}}}}
"
        );
        let mesh: MeshConfig = serde_json::from_str(mesh).unwrap();
        let mut store = ConfigStore::new(mesh);
        store.apply_all(events_of(&Reader::default(), "test", yaml.as_bytes()));
        assert_eq!(store.refusals().count(), 0, "{yaml}");
        let (snapshot, _) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
        let cluster = snapshot.cluster("outbound|80||app.example").unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut dial = Dial::new(listener.local_addr().unwrap(), cluster.name().clone());
        dial.policy = Some(Arc::clone(&cluster.policy));
        connect(&dial).await.unwrap()
    }

    #[tokio::test]
    async fn keepalive_is_the_rules_and_the_meshs() {
        let none = connected("{}", "connectTimeout: 1s").await;
        assert!(!SockRef::from(&none).keepalive().unwrap());
        let plain = connected("{}", "tcpKeepalive: {}").await;
        assert!(SockRef::from(&plain).keepalive().unwrap());
        let mesh = r#"{"tcpKeepalive":{"time":"70s","interval":"8s","probes":3}}"#;
        for (mesh, pool, expected) in [
            ("{}", "tcpKeepalive: {time: 50s, interval: 6s, probes: 2}", (50, 6, 2)),
            (mesh, "connectTimeout: 1s", (70, 8, 3)),
            (mesh, "tcpKeepalive: {probes: 4}", (70, 8, 4)),
        ] {
            let stream = connected(mesh, pool).await;
            let socket = SockRef::from(&stream);
            assert!(socket.keepalive().unwrap(), "{pool}");
            let seconds = |time: io::Result<Duration>| time.unwrap().as_secs();
            let found = (
                seconds(socket.tcp_keepalive_time()),
                seconds(socket.tcp_keepalive_interval()),
                socket.tcp_keepalive_retries().unwrap(),
            );
            assert_eq!(found, expected, "{pool}");
        }
    }
}
