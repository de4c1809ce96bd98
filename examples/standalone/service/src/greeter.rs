//! A gRPC service written by hand, so that no code has to be generated: a message is its bytes.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BufMut, Bytes};
use http_body_util::BodyExt;
use meshwork::{Body, Client};
use tonic::{
    Request, Response, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::UnaryService,
};

const METHOD: &str = "/greeter.Greeter/Hello";

/// Greets whoever the page names.
#[derive(Clone, Debug)]
pub struct Greeter {
    client: Client,
}

impl Greeter {
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl tonic::codegen::Service<http::Request<Body>> for Greeter {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let hello = Hello(self.client.clone());
        Box::pin(async move {
            if request.uri().path() != METHOD {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            Ok(tonic::server::Grpc::new(Raw).unary(hello, request).await)
        })
    }
}

struct Hello(Client);

impl UnaryService<Bytes> for Hello {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, greeting: Request<Bytes>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let failed = |error: &dyn std::fmt::Display| Status::internal(error.to_string());
            let page = client.get("http://page.example/name").await.map_err(|e| failed(&e))?;
            let name = page.into_body().collect().await.map_err(|e| failed(&e))?.to_bytes();
            Ok(Response::new([greeting.into_inner(), name].concat().into()))
        })
    }
}

/// Calls the greeter.
pub async fn hello(client: Client, origin: &'static str) -> Result<String, Status> {
    let mut grpc = tonic::client::Grpc::with_origin(client, http::Uri::from_static(origin));
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = http::uri::PathAndQuery::from_static(METHOD);
    let answer = grpc.unary(Request::new(Bytes::from_static(b"hello, ")), path, Raw).await?;
    Ok(String::from_utf8_lossy(&answer.into_inner()).into_owned())
}

/// Messages as they are.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
