//! A stack whose type is not written out.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use meshwork_tower::{Body, BoxError};
use tower_service::Service;

pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

trait Serve: Send + Sync {
    fn serve(&mut self, request: Request<Body>) -> Answer;
    fn again(&self) -> Box<dyn Serve>;
}

impl<S, R> Serve for S
where
    S: Service<Request<Body>, Response = Response<R>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    R: hyper::body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn serve(&mut self, request: Request<Body>) -> Answer {
        let answer = self.call(request);
        Box::pin(async move { Ok(answer.await?.map(Body::new)) })
    }

    fn again(&self) -> Box<dyn Serve> {
        Box::new(self.clone())
    }
}

/// A finished stack of meshwork-tower; all of them are always ready.
pub(super) struct Stack(Box<dyn Serve>);

impl Stack {
    pub(super) fn new<S, R>(stack: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<R>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: hyper::body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        Self(Box::new(stack))
    }
}

impl Clone for Stack {
    fn clone(&self) -> Self {
        Self(self.0.again())
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for Stack {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        self.0.serve(request)
    }
}
