//! A small mesh: one host `app.example`, endpoints on loopback or in memory.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test fails where it does not hold")]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use meshwork_api::read::Reader;
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_core::{Live, Publisher};
use meshwork_registry::Proxy;
use meshwork_tower::{Body, Connect, ConnectionInfo, Dial, HttpServer};

/// A snapshot of what `yaml` says, for a sidecar in `default`.
pub fn compile(yaml: &str) -> Snapshot {
    compile_for(yaml, &Proxy::sidecar("default"))
}

/// The same for another proxy.
pub fn compile_for(yaml: &str, proxy: &Proxy) -> Snapshot {
    let mut store = ConfigStore::default();
    store.apply_all(events_of(&Reader::default(), "test.yaml", yaml.as_bytes()));
    let (snapshot, report) = Snapshot::compile(&store, proxy, None);
    assert_eq!(store.refusals().count(), 0, "{report:?}");
    snapshot
}

pub fn publisher(yaml: &str) -> Publisher<Snapshot> {
    Publisher::new(compile(yaml))
}

pub fn live(yaml: &str) -> Live<Snapshot> {
    publisher(yaml).live()
}

/// `app.example:80` with these endpoints, speaking `protocol`.
pub fn app(protocol: &str, endpoints: &[SocketAddr]) -> String {
    let mut yaml = format!(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: app}}
spec:
  hosts: [app.example]
  ports: [{{number: 80, name: {protocol}, protocol: {protocol}}}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints:
"
    );
    for endpoint in endpoints {
        let (ip, port) = (endpoint.ip(), endpoint.port());
        yaml.push_str(&format!("  - {{address: {ip}, ports: {{{protocol}: {port}}}}}\n"));
    }
    yaml
}

/// A VirtualService for `app.example` with these `http` entries (YAML, indented by two).
pub fn routes(http: &str) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: app}}
spec:
  hosts: [app.example]
  http:
{http}"
    )
}

pub type Handler = Arc<
    dyn Fn(usize, Request<Body>) -> futures_util::future::BoxFuture<'static, Response<Body>>
        + Send
        + Sync,
>;

/// A handler out of a closure that gets the number of the request, from 0.
pub fn handler<F, A>(answer: F) -> Handler
where
    F: Fn(usize, Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    Arc::new(move |number, request| Box::pin(answer(number, request)))
}

/// What an endpoint does; it counts its requests.
#[derive(Clone)]
pub struct Backend {
    handler: Handler,
    pub requests: Arc<AtomicUsize>,
    pub connections: Arc<AtomicUsize>,
}

impl Backend {
    pub fn new(handler: Handler) -> Self {
        Self { handler, requests: Arc::default(), connections: Arc::default() }
    }

    pub fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub async fn serve(self, io: impl meshwork_tower::Io) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let stack = tower::service_fn(move |request: Request<Body>| {
            let number = self.requests.fetch_add(1, Ordering::SeqCst);
            let answer = (self.handler)(number, request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let info = Arc::new(ConnectionInfo::new(None, None));
        HttpServer::new().serve(io, info, stack, std::future::pending()).await;
    }

    /// Listens on loopback.
    pub async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let backend = self.clone();
        tokio::spawn(async move {
            while let Ok((io, _)) = listener.accept().await {
                tokio::spawn(backend.clone().serve(io));
            }
        });
        address
    }

    /// Every address leads here, in memory.
    pub fn connector(&self) -> impl Connect {
        let backend = self.clone();
        tower::service_fn(move |_: Dial| {
            let (client, server) = tokio::io::duplex(64 * 1024);
            tokio::spawn(backend.clone().serve(server));
            std::future::ready(Ok::<_, Infallible>(client))
        })
    }
}

pub async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn get(path: &str) -> Request<Body> {
    Request::get(format!("http://app.example{path}")).body(Body::empty()).unwrap()
}

pub fn post(path: &str, body: &'static str) -> Request<Body> {
    let uri = format!("http://app.example{path}");
    Request::post(uri).body(Body::from(Bytes::from_static(body.as_bytes()))).unwrap()
}

/// A list that closures fill.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
