//! The server's side of a handshake.

use std::{sync::Arc, time::Duration};

use meshwork_identity::{
    PeerIdentity, Purpose,
    tls::{ClientVerifier, WorkloadCertificate},
};
use meshwork_routing::{ServerTls, TlsVersion};
use meshwork_tower::Io;
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    version::{TLS12, TLS13},
};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::AcceptError;
use crate::{Identity, forwarded_client_cert, user, user::reason};

/// The configurations of mesh TLS: one for all connections, whichever certificate is in force.
pub(super) struct MeshConfigs {
    all: Result<Arc<ServerConfig>, String>,
    tls13: Result<Arc<ServerConfig>, String>,
}

impl MeshConfigs {
    pub(super) fn new(identity: &Identity) -> Self {
        let build = |versions: &[&'static rustls::SupportedProtocolVersion]| {
            let provider = Arc::clone(identity.provider());
            let verifier = ClientVerifier::new(identity.live(), Arc::clone(&provider));
            let mut config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(versions)
                .map_err(|error| error.to_string())?
                .with_client_cert_verifier(Arc::new(verifier))
                .with_cert_resolver(Arc::new(WorkloadCertificate::new(identity.live())));
            user::without_resumption(&mut config);
            Ok(Arc::new(config))
        };
        Self { all: build(&[&TLS13, &TLS12]), tls13: build(&[&TLS13]) }
    }

    pub(super) fn config(&self, tls: &ServerTls) -> Result<Arc<ServerConfig>, AcceptError> {
        let config = if tls.min_version == TlsVersion::Tls13 { &self.tls13 } else { &self.all };
        config.clone().map_err(AcceptError::Settings)
    }
}

/// One handshake.
pub(super) struct Handshake<'a> {
    pub(super) config: Arc<ServerConfig>,
    pub(super) provider: Arc<CryptoProvider>,
    /// The workload's identity, where it is its certificate that was shown.
    pub(super) own: Option<&'a Identity>,
    pub(super) gateway: bool,
    /// Whether the client's certificate was verified.
    pub(super) trusted: bool,
    pub(super) timeout: Duration,
}

/// A connection whose TLS ends here.
pub(super) struct Ended {
    pub(super) io: Box<dyn Io>,
    pub(super) peer: Option<PeerIdentity>,
    pub(super) protocol: Option<Arc<str>>,
    pub(super) forwarded: Option<Arc<str>>,
}

impl Handshake<'_> {
    pub(super) async fn run<I: Io>(self, io: I) -> Result<Ended, AcceptError> {
        let accepting = TlsAcceptor::from(self.config).accept(io);
        let stream = match timeout(self.timeout, accepting).await {
            Ok(stream) => stream.map_err(|error| AcceptError::Handshake(reason(&error)))?,
            Err(_) => return Err(AcceptError::TimedOut),
        };
        let (_, session) = stream.get_ref();
        let text = |bytes: &[u8]| Arc::from(String::from_utf8_lossy(bytes));
        let protocol = session.alpn_protocol().map(text);
        let leaf = session.peer_certificates().and_then(|chain| chain.first());
        let mut peer = None;
        let mut forwarded = None;
        if let Some(leaf) = leaf.filter(|_| self.trusted) {
            match PeerIdentity::from_certificate(leaf, Purpose::Client) {
                Ok(identity) => peer = Some(identity),
                // Without a name a certificate of the user's is good for XFCC, not for identity.
                Err(error) if self.own.is_some() => {
                    return Err(AcceptError::Peer(error.to_string()));
                }
                Err(_) => {}
            }
            let live = self.own.map(|own| own.live().load());
            let own = live.as_ref().and_then(|live| (**live).as_ref());
            let own = own.map(|identity| identity.context().svid.id().as_str());
            forwarded = forwarded_client_cert(own, leaf, self.gateway, &self.provider);
        }
        Ok(Ended { io: Box::new(stream), peer, protocol, forwarded: forwarded.map(Arc::from) })
    }
}
