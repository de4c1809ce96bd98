//! The mesh's own connector, with what configuration names replaced by what the scenario has.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use meshwork_policy::{Certificate, CertificateAuthority, Transport, UpstreamTls};
use meshwork_tower::{BoxError, Dial, Io};
use meshwork_transport::MeshConnector;
use tower_service::Service;

use super::endpoints::Endpoints;

/// Connects a proxy to endpoints by [`MeshConnector`].
#[derive(Clone)]
pub(in super::super) struct Connector(pub(super) MeshConnector<Endpoints>);

impl Service<Dial> for Connector {
    type Response = Box<dyn Io>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Box<dyn Io>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut dial: Dial) -> Self::Future {
        if let Some(policy) = &mut dial.policy
            && let Transport::Tls(tls) | Transport::ByEndpoint(tls) =
                &mut Arc::make_mut(policy).transport
        {
            replace(tls);
        }
        self.0.call(dial)
    }
}

/// The recording had every file and secret, all of one authority; so there are secrets here.
fn replace(tls: &mut UpstreamTls) {
    let found = || Arc::from("kubernetes://found");
    if let Some(authority @ (CertificateAuthority::System | CertificateAuthority::File(_))) =
        &mut tls.authority
    {
        *authority = CertificateAuthority::Secret(found());
    }
    if let Some(certificate @ Certificate::Files { .. }) = &mut tls.certificate {
        *certificate = Certificate::Secret(found());
    }
    tls.crl = None;
}
