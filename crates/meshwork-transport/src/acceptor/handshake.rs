//! The server's side of a handshake.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use meshwork_identity::{
    PeerIdentity, Purpose,
    tls::{ClientVerifier, TlsIdentity, WorkloadCertificate, valid_until},
};
use meshwork_routing::{ServerTls, TlsVersion};
use meshwork_tower::{ClientCertDetails, Io};
use rustls::{
    HandshakeKind, ServerConfig, SupportedProtocolVersion,
    crypto::CryptoProvider,
    server::ServerSessionMemoryCache,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::AcceptError;
use crate::{
    Identity, forwarded_client_cert,
    user::{reason, with_suites},
};

/// The configurations of mesh TLS, for all connections.
pub(super) struct MeshConfigs {
    identity: Identity,
    current: Mutex<Option<Generation>>,
}

/// The configurations beside one certificate of the workload and its roots.
///
/// INVARIANT: a session is kept with the generation that it began in. What was trusted then and is
/// not any more, or not in the same way, is never resumed.
struct Generation {
    /// Held, so that no other value comes to its address.
    of: Arc<Option<TlsIdentity>>,
    /// By lowest version and cipher suites, as MeshConfig `meshMTLS` has them and had them.
    configs: Vec<(Settings, Result<Arc<ServerConfig>, String>)>,
}

type Settings = (TlsVersion, Arc<[Arc<str>]>);

impl Generation {
    fn config(
        &mut self,
        identity: &Identity,
        tls: &ServerTls,
    ) -> Result<Arc<ServerConfig>, String> {
        let settings = (tls.min_version, Arc::clone(&tls.cipher_suites));
        if let Some((_, known)) = self.configs.iter().find(|(known, _)| *known == settings) {
            return known.clone();
        }
        if self.configs.len() >= MOST_SETTINGS {
            drop(self.configs.remove(0));
        }
        let config = build(identity, tls);
        self.configs.push((settings, config.clone()));
        config
    }
}

fn build(identity: &Identity, tls: &ServerTls) -> Result<Arc<ServerConfig>, String> {
    let versions: &[&'static SupportedProtocolVersion] = match tls.min_version {
        TlsVersion::Tls13 => &[&TLS13],
        _ => &[&TLS13, &TLS12],
    };
    let provider = with_suites(tls, identity.provider()).map_err(|error| error.to_string())?;
    let provider = Arc::new(provider);
    let verifier = ClientVerifier::new(identity.live(), Arc::clone(&provider));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(WorkloadCertificate::new(identity.live())));
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    Ok(Arc::new(config))
}

impl MeshConfigs {
    pub(super) fn new(identity: &Identity) -> Self {
        Self { identity: identity.clone(), current: Mutex::default() }
    }

    pub(super) fn config(&self, tls: &ServerTls) -> Result<Arc<ServerConfig>, AcceptError> {
        let live = self.identity.live().load();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = current.take().filter(|generation| Arc::ptr_eq(&generation.of, &live));
        let new = || Generation { of: live, configs: Vec::new() };
        let generation = current.insert(kept.unwrap_or_else(new));
        generation.config(&self.identity, tls).map_err(AcceptError::Settings)
    }
}

/// One handshake.
pub(super) struct Handshake<'a> {
    pub(super) config: Arc<ServerConfig>,
    pub(super) provider: Arc<CryptoProvider>,
    /// The workload's identity, where it is its certificate that was shown.
    pub(super) own: Option<&'a Identity>,
    pub(super) details: ClientCertDetails,
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
    /// Whether an earlier session was resumed.
    pub(super) resumed: bool,
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
        let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        let chain = session.peer_certificates().unwrap_or_default();
        let leaf = chain.first();
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
            if resumed && !holds(peer.as_ref(), chain, UnixTime::now()) {
                return Err(AcceptError::SessionExpired);
            }
            let live = self.own.map(|own| own.live().load());
            let own = live.as_ref().and_then(|live| (**live).as_ref());
            let own = own.map(|identity| identity.context().svid.id().as_str());
            forwarded = forwarded_client_cert(own, chain, self.details, &self.provider);
        }
        let forwarded = forwarded.map(Arc::from);
        Ok(Ended { io: Box::new(stream), peer, protocol, forwarded, resumed })
    }
}

/// Whether what the client proved when its session began holds at `now`.
fn holds(peer: Option<&PeerIdentity>, chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
    let Some((_, intermediates)) = chain.split_first() else { return false };
    let leaf = peer.and_then(|peer| u64::try_from(peer.not_after()).ok()).unwrap_or(0);
    let until = valid_until(intermediates).unwrap_or(0).min(leaf);
    now.as_secs() <= until
}

/// How many sessions are kept: pooled connections live long, and each handshake leaves two.
const SESSIONS: usize = 1024;

/// How many settings of the mesh are kept beside one certificate: there is one, and the one before
/// while it changes.
const MOST_SETTINGS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, SanType};
    use time::OffsetDateTime;

    fn until(seconds: i64) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.subject_alt_names =
            vec![SanType::URI("spiffe://cluster.local/ns/a/sa/b".try_into().unwrap())];
        params.not_before = OffsetDateTime::UNIX_EPOCH;
        params.not_after = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn a_session_holds_as_long_as_the_first_certificate_to_end() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let leaf = until(1_000);
        let peer = PeerIdentity::from_certificate(&leaf, Purpose::Client).unwrap();
        let alone = [leaf.clone()];
        assert!(holds(Some(&peer), &alone, at(1_000)));
        assert!(!holds(Some(&peer), &alone, at(1_001)));
        let below = [leaf.clone(), until(500)];
        assert!(holds(Some(&peer), &below, at(500)));
        assert!(!holds(Some(&peer), &below, at(501)));
        assert!(!holds(Some(&peer), &[], at(1)), "nobody proved anything");
        assert!(!holds(None, &alone, at(1)), "nobody is known");
        let broken = [leaf, CertificateDer::from(vec![1, 2, 3])];
        assert!(!holds(Some(&peer), &broken, at(1)));
    }
}
