//! An axum service and a tonic service behind the mesh, calling each other. It proves itself on
//! loopback and ends.

mod greeter;

use std::net::SocketAddr;

use axum::{Router, extract::State, routing::get};
use http_body_util::BodyExt;
use meshwork::{Client, Mesh, Workload};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let page = TcpListener::bind("127.0.0.1:0").await?;
    let greeter = TcpListener::bind("127.0.0.1:0").await?;
    let yaml = yaml(page.local_addr()?, greeter.local_addr()?);

    let page_mesh = mesh("page", &yaml).await?;
    let router = Router::new()
        .route("/", get(greet))
        .route("/name", get(|| async { "mesh" }))
        .with_state(page_mesh.client());
    tokio::spawn(page_mesh.serve(page, router));

    let greeter_mesh = mesh("greeter", &yaml).await?;
    let service = greeter::Greeter::new(greeter_mesh.client());
    tokio::spawn(greeter_mesh.serve(greeter, service));

    // page (HTTP) → greeter (gRPC) → page (HTTP)
    let answer = page_mesh.client().get("http://page.example/").await?;
    let body = answer.into_body().collect().await?.to_bytes();
    println!("{}", String::from_utf8_lossy(&body));
    assert_eq!(&body[..], b"hello, mesh");
    Ok(())
}

async fn mesh(name: &str, yaml: &str) -> Result<Mesh, meshwork::StartError> {
    let me = Workload::new("default", format!("{name}-1")).label("app", name);
    Mesh::builder(me).yaml("mesh.yaml", yaml).start().await
}

/// Asks the greeter, over gRPC, through the mesh.
async fn greet(State(client): State<Client>) -> String {
    match greeter::hello(client, "http://greeter.example").await {
        Ok(greeting) => greeting,
        Err(status) => format!("no greeting: {status}"),
    }
}

fn yaml(page: SocketAddr, greeter: SocketAddr) -> String {
    let entry = |name: &str, protocol: &str, address: SocketAddr| {
        format!(
            "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}}}
spec:
  hosts: [{name}.example]
  ports: [{{number: 80, name: port, protocol: {protocol}, targetPort: {}}}]
  resolution: STATIC
  endpoints: [{{address: {}}}]
---",
            address.port(),
            address.ip()
        )
    };
    entry("page", "HTTP", page) + &entry("greeter", "GRPC", greeter)
}
