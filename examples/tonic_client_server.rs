//! A gRPC service and its client with tonic, behind the mesh.
//!
//! tonic's server takes its connections from `Mesh::listener` and bears `Mesh::inbound` as a layer;
//! `Mesh::client` takes the place of a `Channel`, for generated clients too (`with_origin`). Here
//! messages are texts and the service is written by hand.

use std::{convert::Infallible, error::Error};

use bytes::{Buf as _, BufMut as _};
use meshwork::{Client, Mesh, Workload};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::server::NamedService;
use tonic::{Code, Request, Response, Status, body::Body, transport::Server};

/// Texts as messages.
#[derive(Clone, Copy, Debug, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;
    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;
    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.into()).map(Some).map_err(|e| Status::internal(e.to_string()))
    }
}

async fn hello(name: Request<String>) -> Result<Response<String>, Status> {
    Ok(Response::new(format!("hello, {}", name.into_inner())))
}

#[derive(Clone, Debug)]
struct Greeter;

impl NamedService for Greeter {
    const NAME: &'static str = "demo.Greeter";
}

impl Service<http::Request<Body>> for Greeter {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let hello = tower::service_fn(hello);
        Box::pin(async move { Ok(tonic::server::Grpc::new(Text).unary(hello, request).await) })
    }
}

async fn call(client: Client, method: &'static str, name: &str) -> Result<String, Status> {
    let mut grpc =
        tonic::client::Grpc::with_origin(client, http::Uri::from_static("http://greeter.example"));
    let path = http::uri::PathAndQuery::from_static(method);
    Ok(grpc.unary(Request::new(name.to_owned()), path, Text).await?.into_inner())
}

const YAML: &str = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: greeter}
spec:
  hosts: [greeter.example]
  ports: [{number: 80, name: grpc, protocol: GRPC, targetPort: PORT}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: greeter}
spec:
  hosts: [greeter.example]
  http:
  - {match: [{uri: {exact: /demo.Greeter/Hello}}], route: [{destination: {host: greeter.example}}]}
  - fault: {abort: {grpcStatus: RESOURCE_EXHAUSTED, percentage: {value: 100}}}
    route: [{destination: {host: greeter.example}}]
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = socket.local_addr()?.port();
    let yaml = YAML.replace("PORT", &port.to_string());
    let me = Workload::new("default", "greeter-1");
    let mesh = Mesh::builder(me).yaml("mesh.yaml", &yaml).start().await?;
    let server = Server::builder().layer(mesh.inbound(port)).add_service(Greeter);
    tokio::spawn(server.serve_with_incoming(mesh.listen_on(socket)?));

    let greeting = call(mesh.client(), "/demo.Greeter/Hello", "mesh").await?;
    assert_eq!(greeting, "hello, mesh");
    let refused = call(mesh.client(), "/demo.Greeter/Goodbye", "mesh").await.err();
    println!("{greeting}; {refused:?}");
    assert_eq!(refused.map(|status| status.code()), Some(Code::ResourceExhausted));
    Ok(())
}
