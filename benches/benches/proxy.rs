//! A request through the stacks, over a pipe in memory: the client's, the server's, and both.

#![allow(clippy::expect_used, reason = "a test fails by it")]

use std::{convert::Infallible, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use meshwork::{
    Body, Mesh, Workload,
    tower::{ClusterHandle, ConnectionInfo, Dial, HttpServer, OutboundService, outbound},
};
use meshwork_benches::service_entry;
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

fn in_process(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
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
                answer.into_body().collect().await.expect("a body")
            })
        });
    });
    let running = mesh.clusters().running().iter().map(ClusterHandle::name).count();
    eprintln!("proxy/in_process: {running} clusters beside those of the benchmark");
}

criterion_group!(benches, in_process);
criterion_main!(benches);
