//! A hyper service behind the mesh, and hyper's way of calling it.
//!
//! The server stays hyper's: its connections come from `Mesh::listener`, which decides about them
//! as a sidecar does, and its service is wrapped by `Mesh::inbound`, which decides about requests.
//! The client takes the place of hyper's. With `--serve` it runs on port 8080 until ctrl-c; an
//! identity (see `axum_service`) makes all of it mutual TLS.

use std::{convert::Infallible, error::Error};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use meshwork::{Body, Mesh, MeshListener, Workload, response_flags};
use tower::{Service as _, service_fn};

/// The service: what it is given has passed the policies.
async fn echo(request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => error.to_string().into(),
    };
    Ok(Response::new(Full::new(body)))
}

/// hyper's accept loop, on a listener of the mesh.
async fn serve(mesh: Mesh, port: u16, mut listener: MeshListener) {
    while let Some(io) = listener.accept().await {
        let peer = io.peer().clone();
        let stack = mesh.inbound(port).layer(service_fn(echo));
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            // Whose connection it is, for the policies and for the service.
            request.extensions_mut().insert(peer.clone());
            stack.clone().call(request)
        });
        tokio::spawn(async move {
            let server = Builder::new(TokioExecutor::new());
            if let Err(error) = server.serve_connection(TokioIo::new(io), service).await {
                eprintln!("a connection ended: {error}");
            }
        });
    }
}

/// What a cluster would hold: the Service with its endpoints, a route, a policy.
const YAML: &str = "
apiVersion: v1
kind: Service
metadata: {name: echo}
spec: {clusterIP: 10.96.0.1, selector: {app: echo}, ports: [{name: http, port: 80, targetPort: PORT}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: echo-1, labels: {kubernetes.io/service-name: echo}}
addressType: IPv4
ports: [{name: http, port: PORT}]
endpoints: [{addresses: [127.0.0.1], conditions: {ready: true}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo}
spec:
  hosts: [echo]
  http: [{timeout: 2s, retries: {attempts: 2}, route: [{destination: {host: echo}}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-admin}
spec:
  action: DENY
  selector: {matchLabels: {app: echo}}
  rules: [{to: [{operation: {paths: [/admin/*]}}]}]
";

async fn call(mesh: &Mesh, path: &str) -> Result<Response<Body>, Box<dyn Error + Send + Sync>> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://echo{path}"))
        .body(Full::new(Bytes::from_static(b"hello")))?;
    // It never fails: what goes wrong is an answer, as from a sidecar.
    let Ok(answer) = mesh.client().send(request).await;
    println!("POST {path}: {} {}", answer.status(), response_flags(&answer));
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let runs_on = std::env::args().any(|argument| argument == "--serve");
    let socket = tokio::net::TcpListener::bind(("127.0.0.1", if runs_on { 8080 } else { 0 }));
    let socket = socket.await?;
    let port = socket.local_addr()?.port();
    let me = Workload::new("default", "echo-1").label("app", "echo");
    let yaml = YAML.replace("PORT", &port.to_string());
    let mesh = Mesh::builder(me).yaml("mesh.yaml", &yaml).start().await?;
    tokio::spawn(serve(mesh.clone(), port, mesh.listen_on(socket)?));

    let answer = call(&mesh, "/").await?;
    assert_eq!(answer.into_body().collect().await?.to_bytes(), "hello");
    let refused = call(&mesh, "/admin/keys").await?;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "the server's policy");

    if runs_on {
        println!("curl -d hello http://127.0.0.1:{port}/");
        tokio::signal::ctrl_c().await?;
    }
    mesh.shutdown();
    Ok(())
}
