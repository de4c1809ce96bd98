//! A sidecar of one's own in front of an unmodified server: outbound and inbound, TCP and HTTP.
//!
//! With iptables as Istio's init container sets it (the workload's own connections redirected to
//! port 15001, its peers' to 15006, the proxy's user left out), `-- FOLDER` proxies until ctrl-c,
//! and the kernel says where each connection was meant to go. Without an argument there is no
//! iptables: clients say it themselves, in a PROXY protocol header. All else is the same code; it
//! shows itself on loopback and ends.

use std::{error::Error, io, net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use meshwork::{Captured, Mesh, Workload, tower::Io, transport};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const YAML: &str = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: backend, namespace: shop}
spec:
  hosts: [backend.example]
  addresses: [10.1.0.1]
  ports:
  - {number: 80, name: http, protocol: HTTP, targetPort: WEB}
  - {number: 5432, name: tcp, protocol: TCP, targetPort: DB}
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: web, namespace: shop}
spec:
  workloadSelector: {labels: {app: web}}
  ingress: [{port: {number: 8080, name: http, protocol: HTTP}, defaultEndpoint: '127.0.0.1:WEB'}]
  egress: [{hosts: ['./*']}]
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec: {rules: [{to: [{operation: {methods: [GET]}}]}]}
";

/// Proxies what a listener accepts; without the kernel a PROXY header says the destination.
async fn sidecar(mesh: Mesh, listener: TcpListener, inbound: bool, kernel: bool) -> io::Result<()> {
    let (own, proxy) = (listener.local_addr()?, mesh.tcp_proxy());
    loop {
        let (stream, peer) = listener.accept().await?;
        let proxy = proxy.clone();
        tokio::spawn(async move {
            let (destination, io): (SocketAddr, Box<dyn Io>) = if kernel {
                (transport::original_destination(&stream)?, Box::new(stream))
            } else {
                let header = transport::accept_proxy_header(stream, Duration::from_secs(5)).await;
                let (said, stream) = header.map_err(io::Error::other)?;
                (said.map_or(own, |said| said.destination), Box::new(stream))
            };
            let captured = if inbound { Captured::inbound } else { Captured::outbound };
            match proxy.proxy(captured(io, destination).source(peer).accepted_on(own)).await {
                Ok(passed) if passed.http => println!("{destination}: HTTP"),
                Ok(passed) => println!("{destination}: {} bytes back", passed.received),
                Err(refused) => println!("{destination}: {refused}"),
            }
            Ok::<_, io::Error>(())
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let me = Workload::new("shop", "web-1").label("app", "web");
    if let Some(folder) = std::env::args().nth(1) {
        let mesh = Mesh::builder(me).watch_folder(folder).start().await?;
        for (address, inbound) in [("0.0.0.0:15001", false), ("0.0.0.0:15006", true)] {
            let listener = TcpListener::bind(address).await?;
            tokio::spawn(sidecar(mesh.clone(), listener, inbound, true));
        }
        return Ok(tokio::signal::ctrl_c().await?);
    }
    // The server that knows nothing of a mesh, and a database somewhere.
    let free = || TcpListener::bind("127.0.0.1:0");
    let (web, db) = (free().await?, free().await?);
    let yaml = YAML.replace("WEB", &web.local_addr()?.port().to_string());
    let yaml = yaml.replace("DB", &db.local_addr()?.port().to_string());
    let app = Router::new().route("/", get(async || "unmodified").post(async || "never seen"));
    tokio::spawn(async move { axum::serve(web, app).await });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = db.accept().await {
            stream.write_all(b"database").await?;
        }
        Ok::<_, io::Error>(())
    });
    let mesh = Mesh::builder(me).yaml("mesh.yaml", &yaml).start().await?;
    let (out, into) = (free().await?, free().await?);
    let (outbound, inbound) = (out.local_addr()?, into.local_addr()?);
    tokio::spawn(sidecar(mesh.clone(), out, false, false));
    tokio::spawn(sidecar(mesh.clone(), into, true, false));

    let said = "HTTP/1.1\r\nhost: backend.example\r\nconnection: close\r\n\r\n";
    for (listener, destination, sent, expected) in [
        (inbound, "127.0.0.1 4000 8080", format!("GET / {said}"), "unmodified"),
        (inbound, "127.0.0.1 4000 8080", format!("POST / {said}"), "RBAC: access denied"),
        (outbound, "10.1.0.1 4000 5432", String::new(), "database"),
        (outbound, "10.1.0.1 4000 80", format!("GET / {said}"), "unmodified"),
        (outbound, "10.9.9.9 4000 81", format!("GET / {said}"), ""),
    ] {
        let mut stream = TcpStream::connect(listener).await?;
        stream
            .write_all(format!("PROXY TCP4 127.0.0.1 {destination}\r\n{sent}").as_bytes())
            .await?;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.ends_with(expected), "{destination}: {answer}");
        assert_eq!(answer.is_empty(), expected.is_empty(), "{destination}: {answer}");
    }
    Ok(())
}
