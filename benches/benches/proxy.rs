//! A request through the stacks, over a pipe in memory: the client's, the server's, and both; in
//! plaintext and over mutual TLS.

#![allow(clippy::expect_used, reason = "a test fails by it")]

use std::{convert::Infallible, net::Ipv4Addr, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use meshwork::{
    Body, Mesh, Workload,
    tower::{ClusterHandle, ConnectionInfo, Dial, HttpServer, OutboundService, outbound},
};
use meshwork_benches::{
    mtls::{Pair, SERVICE},
    service_entry,
};
use meshwork_transport::MeshConnector;
use tokio::runtime::Runtime;
use tower::Service as _;

/// Which stacks a request passes; the inbound one alone needs no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The outbound stack; the server is hyper's alone.
    Client,
    /// Outbound, a connection, inbound.
    Both,
}

async fn mesh() -> Mesh {
    let me = Workload::new("default", "bench");
    let entry = service_entry("web.example", "10.0.0.1", 80);
    Mesh::builder(me).resource(entry).start().await.expect("a sound configuration")
}

/// An outbound stack whose connections end in a server of this process.
fn client(mesh: &Mesh, side: Side) -> OutboundService {
    let served = mesh.clone();
    let connector = tower::service_fn(move |_: Dial| {
        let mesh = served.clone();
        async move {
            let (near, far) = tokio::io::duplex(64 << 10);
            let connection = Arc::new(ConnectionInfo::new(None, None));
            let never = std::future::pending();
            tokio::spawn(async move {
                let server = HttpServer::new();
                if side == Side::Client {
                    server.serve(far, connection, tower::service_fn(app::<Body>), never).await;
                } else {
                    let stack = mesh.inbound(80).layer(tower::service_fn(app));
                    server.serve(far, connection, stack, never).await;
                }
            });
            Ok::<_, Infallible>(near)
        }
    });
    outbound(mesh.snapshot()).connector(connector).build()
}

async fn app<B>(_: Request<B>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::empty()))
}

fn request() -> Request<Body> {
    Request::get("http://web.example/").body(Body::empty()).expect("a request")
}

/// The same over mutual TLS: the connection is made once, and the request's bytes are encrypted
/// and decrypted on both of its ends.
struct Secured {
    pair: Arc<Pair>,
    mesh: Mesh,
}

impl Secured {
    async fn new() -> Self {
        let builder = Mesh::builder(Workload::new("shop", "bench")).yaml("service", SERVICE);
        let mesh = builder.start().await.expect("a sound configuration");
        Self { pair: Arc::new(Pair::new().await), mesh }
    }

    /// Serves the far end of a connection.
    async fn serve(self: Arc<Self>, far: tokio::io::DuplexStream, side: Side) {
        let accepted = self.pair.accept(far).await;
        let connection = Arc::new(accepted.connection);
        let never = std::future::pending();
        let server = HttpServer::new();
        if side == Side::Client {
            let app = tower::service_fn(app::<Body>);
            server.serve(accepted.io, connection, app, never).await;
        } else {
            let stack = self.mesh.inbound(80).layer(tower::service_fn(app));
            server.serve(accepted.io, connection, stack, never).await;
        }
    }

    /// An outbound stack that speaks mutual TLS.
    fn client(self: &Arc<Self>, side: Side) -> OutboundService {
        let secured = Arc::clone(self);
        let pipes = tower::service_fn(move |_: Dial| {
            let (near, far) = tokio::io::duplex(64 << 10);
            tokio::spawn(Arc::clone(&secured).serve(far, side));
            std::future::ready(Ok::<_, Infallible>(near))
        });
        let connector = MeshConnector::over(pipes, Some(self.pair.client.clone()));
        outbound(self.mesh.snapshot()).connector(connector).build()
    }

    /// A client of hyper's alone, on a connection to the inbound stack.
    async fn sender(self: &Arc<Self>) -> SendRequest<Body> {
        let far = self.pair.pipe.lay();
        tokio::spawn(Arc::clone(self).serve(far, Side::Both));
        let near = self.pair.open(Ipv4Addr::LOCALHOST).await;
        let made = hyper::client::conn::http1::handshake(TokioIo::new(near)).await;
        let (sender, connection) = made.expect("a connection");
        tokio::spawn(connection);
        sender
    }
}

fn mtls(criterion: &mut Criterion, runtime: &Runtime) {
    let secured = Arc::new(runtime.block_on(Secured::new()));
    let request = || {
        let request = Request::get("http://api.example/").body(Body::empty());
        request.expect("a request")
    };
    for (side, name) in [(Side::Client, "client"), (Side::Both, "both")] {
        let mut stack = secured.client(side);
        criterion.bench_function(&format!("proxy/in_process/{name}/mtls"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let Ok(answer) = stack.call(request()).await;
                    assert!(answer.status().is_success());
                    answer.into_body().collect().await.expect("a body")
                })
            });
        });
    }
    let mut sender = runtime.block_on(secured.sender());
    criterion.bench_function("proxy/in_process/server/mtls", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let request = Request::get("/").header("host", "api.example");
                let request = request.body(Body::empty()).expect("a request");
                sender.ready().await.expect("an open connection");
                let answer = sender.send_request(request).await.expect("an answer");
                assert!(answer.status().is_success());
                answer.into_body().collect().await.expect("a body")
            })
        });
    });
}

fn in_process(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    mtls(criterion, &runtime);
    let mesh = runtime.block_on(mesh());
    for (side, name) in [(Side::Client, "client"), (Side::Both, "both")] {
        let mut stack = client(&mesh, side);
        criterion.bench_function(&format!("proxy/in_process/{name}"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let Ok(answer) = stack.call(request()).await;
                    assert!(answer.status().is_success());
                    answer.into_body().collect().await.expect("a body")
                })
            });
        });
    }
    let mut stack = mesh.inbound(80).layer(tower::service_fn(app));
    criterion.bench_function("proxy/in_process/server", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut request = request();
                let connection = Arc::new(ConnectionInfo::new(None, None));
                request.extensions_mut().insert(connection);
                let Ok(answer) = stack.call(request).await;
                assert!(answer.status().is_success());
                answer.into_body().collect().await.expect("a body")
            })
        });
    });
    let running = mesh.clusters().running().iter().map(ClusterHandle::name).count();
    eprintln!("proxy/in_process: {running} clusters beside those of the benchmark");
}

criterion_group!(benches, in_process);
criterion_main!(benches);
