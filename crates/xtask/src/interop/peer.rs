//! The meshwork peer: a server behind an acceptor, and a client in front of a connector.

use std::{convert::Infallible, future::poll_fn, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use meshwork_api::{mesh::MeshConfig, read::Reader};
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_core::{Live, Publisher};
use meshwork_registry::Proxy;
use meshwork_routing::{ConnectionAction, MtlsMode};
use meshwork_tower::{Body, Clusters, ConnectionInfo, HttpServer, MeshContext, inbound, outbound};
use meshwork_transport::{Identity, MeshAcceptor, MeshConnector};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

/// The port that the workload believes to have.
const PORT: u16 = 8080;

/// What a call came to.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The configuration of the mesh, as `app: meshwork` sees it.
fn snapshot(envoy: SocketAddr) -> Result<Snapshot, String> {
    let (ip, port) = (envoy.ip(), envoy.port());
    let text = format!(
        "
apiVersion: v1
kind: Service
metadata: {{ name: meshwork, namespace: interop }}
spec:
  clusterIP: 10.96.0.1
  selector: {{ app: meshwork }}
  ports: [{{ name: http, port: 80, targetPort: {PORT} }}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{ name: default, namespace: interop }}
spec: {{ mtls: {{ mode: STRICT }} }}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{ name: envoy-may-get, namespace: interop }}
spec:
  rules:
  - from: [{{ source: {{ principals: [cluster.local/ns/interop/sa/envoy] }} }}]
    to: [{{ operation: {{ methods: [GET] }} }}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{ name: envoy, namespace: interop }}
spec:
  hosts: [envoy.interop.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
  - {{ number: 80, name: http, protocol: HTTP, targetPort: {port} }}
  - {{ number: 81, name: http2, protocol: HTTP2, targetPort: {port} }}
  endpoints: [{{ address: {ip}, serviceAccount: envoy }}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{ name: other, namespace: interop }}
spec:
  hosts: [other.interop.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{ number: 80, name: http, protocol: HTTP, targetPort: {port} }}]
  endpoints: [{{ address: {ip}, serviceAccount: somebody-else }}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{ name: plaintext, namespace: interop }}
spec:
  hosts: [plaintext.interop.svc.cluster.local]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{{ number: 80, name: http, protocol: HTTP, targetPort: {port} }}]
  endpoints: [{{ address: {ip} }}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{ name: mutual, namespace: interop }}
spec:
  host: '*.interop.svc.cluster.local'
  trafficPolicy: {{ tls: {{ mode: ISTIO_MUTUAL }} }}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{ name: plaintext, namespace: interop }}
spec:
  host: plaintext.interop.svc.cluster.local
  trafficPolicy: {{ tls: {{ mode: DISABLE }} }}
"
    );
    let mut store = ConfigStore::new(MeshConfig::default());
    store.apply_all(events_of(&Reader::default(), "interop", text.as_bytes()));
    if let Some(refusal) = store.refusals().next() {
        return Err(refusal.report.to_string());
    }
    let mut proxy = Proxy::sidecar("interop");
    proxy.labels = [("app", "meshwork")].into_iter().collect();
    Ok(Snapshot::compile(&store, &proxy, None).0)
}

/// Serves on loopback with an identity, until the runtime ends.
pub(super) async fn serve(identity: Identity) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let snapshot = snapshot(address)?;
    let mode = match snapshot.security.mtls_mode(PORT) {
        meshwork_authn::MtlsMode::Disable => MtlsMode::Disable,
        meshwork_authn::MtlsMode::Permissive => MtlsMode::Permissive,
        meshwork_authn::MtlsMode::Strict => MtlsMode::Strict,
    };
    let publisher = Publisher::new(snapshot);
    let acceptor = MeshAcceptor::new(identity);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(one(stream, acceptor.clone(), publisher.live(), mode));
        }
    });
    Ok(address)
}

async fn one(stream: TcpStream, acceptor: MeshAcceptor, live: Live<Snapshot>, mode: MtlsMode) {
    let mut info = ConnectionInfo::new(stream.peer_addr().ok(), stream.local_addr().ok());
    info.listener_port = Some(PORT);
    let snapshot = live.load();
    let inspection = snapshot.routes.inbound_inspection(PORT, mode);
    let decide = |info: &ConnectionInfo| {
        info.with_attributes(|attributes| {
            snapshot.routes.inbound(PORT, attributes, info.first_bytes, mode)
        })
    };
    let Ok(accepted) = acceptor.accept(stream, info, inspection, decide).await else { return };
    if let ConnectionAction::Http(_) = accepted.action {
        let stack = inbound(live).port(PORT).layer(Tell);
        let connection = Arc::new(accepted.connection);
        HttpServer::new().serve(accepted.io, connection, stack, std::future::pending()).await;
    }
}

/// Tells who called, and how.
#[derive(Clone)]
struct Tell;

impl<B> Service<Request<B>> for Tell {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let peer = MeshContext::of(&request).and_then(|cx| cx.connection.peer.as_deref());
        let mut response = Response::new(Body::from("meshwork"));
        let headers = response.headers_mut();
        if let Some(peer) = peer.and_then(|peer| peer.parse().ok()) {
            headers.insert("x-told-peer", peer);
        }
        if let Ok(version) = format!("{:?}", request.version()).parse() {
            headers.insert("x-told-protocol", version);
        }
        if let Some(element) = request.headers().get("x-forwarded-client-cert") {
            headers.insert("x-told-xfcc", element.clone());
        }
        std::future::ready(Ok(response))
    }
}

/// A meshwork client that knows Envoy's server at an address.
pub(super) fn client(
    envoy: SocketAddr,
    identity: Option<Identity>,
) -> Result<impl Service<Request<Body>, Response = Response<Body>, Error = Infallible>, String> {
    let live = Publisher::new(snapshot(envoy)?).live();
    let connector = match identity {
        Some(identity) => MeshConnector::new(identity),
        None => MeshConnector::without_identity(),
    };
    Ok(outbound(live).clusters(Clusters::new(connector)).build())
}

/// Calls by a stack.
pub(super) async fn call<S, R>(mut stack: S, url: &str) -> Result<Answer, String>
where
    S: Service<Request<Body>, Response = Response<R>, Error = Infallible>,
    R: http_body::Body<Data = Bytes>,
    R::Error: std::fmt::Display,
{
    let request = Request::get(url).body(Body::empty()).map_err(|error| error.to_string())?;
    let called = async {
        let Ok(()) = poll_fn(|cx| stack.poll_ready(cx)).await;
        let Ok(response) = stack.call(request).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    };
    match tokio::time::timeout(Duration::from_secs(10), called).await {
        Ok(answer) => answer,
        Err(_) => Err("no answer within 10 s".to_owned()),
    }
}
