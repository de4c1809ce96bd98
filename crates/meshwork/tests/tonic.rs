//! tonic's server on a listener of the mesh, and its clients over the mesh's client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf as _, BufMut as _};
use common::{STRICT, WEB_ONLY, api, authority, client, id};
use http::uri::PathAndQuery;
use meshwork::{Client, Mesh, Peer};
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{Service, http},
    server::{self, NamedService, UnaryService},
    transport::Server,
};

/// Text as it is.
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
        String::from_utf8(bytes.to_vec()).map(Some).map_err(|e| Status::internal(e.to_string()))
    }
}

/// Says who called, as a generated server does it.
#[derive(Clone, Debug)]
struct Greeter;

impl NamedService for Greeter {
    const NAME: &'static str = "test.Greeter";
}

impl UnaryService<String> for Greeter {
    type Response = String;
    type Future = std::future::Ready<Result<Response<String>, Status>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let peer = request.extensions().get::<Peer>().cloned();
        let caller = peer.as_ref().and_then(Peer::identity).unwrap_or("nobody").to_owned();
        std::future::ready(match request.into_inner().as_str() {
            "fail" => Err(Status::data_loss("as asked")),
            name => Ok(Response::new(format!("hello {name}, {caller}"))),
        })
    }
}

impl Service<http::Request<Body>> for Greeter {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(server::Grpc::new(Text).unary(Greeter, request).await) })
    }
}

/// What a generated client does, over the mesh's client in place of a `Channel`.
async fn greet(client: Client, name: &str) -> Result<String, Status> {
    let origin = "http://api.example".parse().unwrap();
    let mut grpc = Grpc::with_origin(client, origin);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static("/test.Greeter/Hello");
    let answer = grpc.unary(Request::new(name.to_owned()), path, Text).await?;
    Ok(answer.into_inner())
}

async fn serve(mesh: &Mesh) -> SocketAddr {
    let listener = mesh.listener("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().layer(mesh.inbound(address.port())).add_service(Greeter);
    tokio::spawn(async move { server.serve_with_incoming(listener).await.unwrap() });
    address
}

#[tokio::test]
async fn grpc_goes_both_ways_over_mutual_tls() {
    let authority = authority();
    let builder = api(&authority).yaml("strict", STRICT).yaml("web-only", WEB_ONLY);
    let mesh = builder.start().await.unwrap();
    let address = serve(&mesh).await;
    let web = client(&authority, "web", ("GRPC", address)).await;
    let greeting = greet(web.client(), "mesh").await.unwrap();
    assert_eq!(greeting, format!("hello mesh, {}", id("web")));
    // The application's own errors arrive as they are, in trailers.
    let failed = greet(web.client(), "fail").await.unwrap_err();
    assert_eq!((failed.code(), failed.message()), (Code::DataLoss, "as asked"));
    // A refusal is one of gRPC.
    let stranger = client(&authority, "stranger", ("GRPC", address)).await;
    let refused = greet(stranger.client(), "mesh").await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::PermissionDenied, "RBAC: access denied")
    );
    // What cannot be reached is unavailable.
    let nowhere = client(&authority, "web", ("GRPC", "127.0.0.1:1".parse().unwrap())).await;
    let unreachable = greet(nowhere.client(), "mesh").await.unwrap_err();
    assert_eq!(unreachable.code(), Code::Unavailable, "{unreachable}");
}

#[tokio::test]
async fn the_server_ends_with_the_mesh() {
    let mesh = api(&authority()).start().await.unwrap();
    let listener = mesh.listener("127.0.0.1:0").await.unwrap();
    let serving =
        tokio::spawn(Server::builder().add_service(Greeter).serve_with_incoming(listener));
    mesh.shutdown();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), serving);
    ended.await.unwrap().unwrap().unwrap();
}
