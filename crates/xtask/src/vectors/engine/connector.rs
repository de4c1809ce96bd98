//! Connections of the mesh into the in-memory network, with the TLS that a cluster's policy asks
//! for.

use std::{
    future::Ready,
    io,
    sync::Arc,
    task::{Context, Poll},
};

use meshwork_tower::{Dial, DialProtocol};
use meshwork_transport::{ConnectTlsError, TlsHandshake};
use tokio::io::DuplexStream;
use tower_service::Service;

use super::network::{Network, Tls};

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

    /// What the client says and asks, by the connector's own decision.
    fn tls(&self, dial: &Dial) -> Result<Option<Tls>, ConnectTlsError> {
        let Some(TlsHandshake { tls, sni, protocol, host, .. }) = TlsHandshake::of(dial)? else {
            return Ok(None);
        };
        let verified = tls.authority.is_some();
        // Every certificate of a proxy bears its identity here, whoever gave it.
        let client = tls.certificate.as_ref().map(|_| self.identity.to_string());
        Ok(Some(Tls {
            sni: sni.as_deref().map(str::to_owned),
            alpn: match (tls.alpn, protocol) {
                ([], DialProtocol::Http2) => vec!["h2".to_owned()],
                (alpn, _) => alpn.iter().map(|protocol| (*protocol).to_owned()).collect(),
            },
            client,
            expected: if verified { tls.subject_alt_names.to_vec() } else { Vec::new() },
            host: host.filter(|_| verified),
        }))
    }
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
            .map_err(|refused| io::Error::new(io::ErrorKind::InvalidInput, refused))
            .and_then(|tls| self.network.connect(&address, tls.as_ref(), &dial.cluster));
        std::future::ready(connected)
    }
}
