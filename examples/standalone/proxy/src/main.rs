//! A small reverse proxy: accept, route by the mesh's rules, forward. It proves itself on loopback
//! and ends.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http::{Request, Response, Uri};
use meshwork::{
    Body, Client, Mesh, Workload,
    tower::{ConnectionInfo, HttpServer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Somebody else's server.
    let backend = TcpListener::bind("127.0.0.1:0").await?;
    let backend_address = backend.local_addr()?;
    tokio::spawn(serve(backend, |request| async move {
        Response::new(Body::from(format!("backend saw {}", request.uri().path())))
    }));

    // The proxy: whatever the Host header says is looked up in the mesh.
    let mesh = Mesh::builder(Workload::new("default", "proxy"))
        .yaml("mesh.yaml", &yaml(backend_address))
        .start()
        .await?;
    let client = mesh.client();
    let front = TcpListener::bind("127.0.0.1:0").await?;
    let front_address = front.local_addr()?;
    tokio::spawn(serve(front, move |request| forward(client.clone(), request)));

    let answer = get(front_address, "shop.example", "/v1/cart").await?;
    println!("{answer}");
    assert!(answer.ends_with("backend saw /cart"), "the VirtualService rewrites the path");
    let unknown = get(front_address, "nobody.example", "/").await?;
    assert!(unknown.starts_with("HTTP/1.1 502"), "REGISTRY_ONLY refuses unknown hosts: {unknown}");
    Ok(())
}

async fn forward(client: Client, mut request: Request<Body>) -> Response<Body> {
    let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let target = format!("http://{}{path}", host.unwrap_or_default());
    let Ok(target) = target.parse::<Uri>() else {
        return Response::builder().status(400).body(Body::empty()).unwrap_or_default();
    };
    *request.uri_mut() = target;
    let Ok(answer) = client.send(request).await;
    answer
}

async fn serve<F, Fut>(listener: TcpListener, handle: F)
where
    F: Fn(Request<Body>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    while let Ok((stream, peer)) = listener.accept().await {
        let handle = handle.clone();
        let service = tower::service_fn(move |request| {
            let answer = handle(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let connection = Arc::new(ConnectionInfo::new(Some(peer), stream.local_addr().ok()));
        tokio::spawn(async move {
            HttpServer::new().serve(stream, connection, service, std::future::pending()).await;
        });
    }
}

async fn get(address: SocketAddr, host: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn yaml(backend: SocketAddr) -> String {
    format!(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: shop}}
spec:
  hosts: [shop.example]
  ports: [{{number: 80, name: http, protocol: HTTP, targetPort: {}}}]
  resolution: STATIC
  endpoints: [{{address: {}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop}}
spec:
  hosts: [shop.example]
  http:
  - match: [{{uri: {{prefix: /v1/}}}}]
    rewrite: {{uri: /}}
    route: [{{destination: {{host: shop.example}}}}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: default}}
spec:
  egress: [{{hosts: [\"./*\"]}}]
  outboundTrafficPolicy: {{mode: REGISTRY_ONLY}}
",
        backend.port(),
        backend.ip()
    )
}
