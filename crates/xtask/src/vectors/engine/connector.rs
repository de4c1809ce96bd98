//! Connections of the mesh into the in-memory network, with the TLS that a cluster's policy asks
//! for.

use std::{
    future::Ready,
    io,
    sync::Arc,
    task::{Context, Poll},
};

use meshwork_policy::{Transport, UpstreamTls};
use meshwork_tower::{Dial, DialProtocol};
use tokio::io::DuplexStream;
use tower_service::Service;

use super::network::{Network, ServerName, Tls};

/// Connects one proxy to the network.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    network: Network,
    /// The SPIFFE identity of the proxy.
    identity: Arc<str>,
}

impl Connector {
    pub(super) fn new(network: Network, identity: impl Into<Arc<str>>) -> Self {
        Self { network, identity: identity.into() }
    }

    fn tls(&self, dial: &Dial) -> io::Result<Option<Tls>> {
        let Some(policy) = &dial.policy else { return Ok(None) };
        match &policy.transport {
            Transport::Plaintext => Ok(None),
            Transport::Tls(tls) => Ok(Some(self.speak(tls, dial))),
            Transport::ByEndpoint(tls) => Ok(marked(dial).then(|| self.speak(tls, dial))),
            Transport::Refused(why) => Err(io::Error::new(io::ErrorKind::InvalidInput, *why)),
        }
    }

    fn speak(&self, tls: &UpstreamTls, dial: &Dial) -> Tls {
        // Every certificate of a proxy bears its identity here, whoever gave it.
        let client = tls.certificate.as_ref().map(|_| self.identity.to_string());
        let names = tls.subject_alt_names.iter();
        let names = names.map(|name| ServerName::Exact(name.to_string()));
        Tls {
            sni: tls.sni.as_deref().map(str::to_owned),
            alpn: match (tls.alpn, dial.protocol) {
                ([], DialProtocol::Http2) => vec!["h2".to_owned()],
                (alpn, _) => alpn.iter().map(|protocol| (*protocol).to_owned()).collect(),
            },
            client,
            expected: if tls.authority.is_some() { names.collect() } else { Vec::new() },
        }
    }
}

/// Whether the endpoint is one that gets the mesh's TLS.
fn marked(dial: &Dial) -> bool {
    dial.endpoint.as_ref().is_some_and(|endpoint| endpoint.mesh_tls)
}

impl Service<Dial> for Connector {
    type Response = DuplexStream;
    type Error = io::Error;
    type Future = Ready<io::Result<DuplexStream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, dial: Dial) -> Self::Future {
        let address = dial.address.to_string();
        let connected = self
            .tls(&dial)
            .and_then(|tls| self.network.connect(&address, tls.as_ref(), &dial.cluster));
        std::future::ready(connected)
    }
}
