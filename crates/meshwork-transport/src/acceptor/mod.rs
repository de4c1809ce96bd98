//! Connections that come in: what they speak, what becomes of them, and TLS where it ends here.

mod alpn;
mod handshake;

use std::{fmt, sync::Arc, time::Duration};

use meshwork_core::FieldPath;
use meshwork_identity::PeerIdentity;
use meshwork_routing::{
    CertificateSource, ConnectionAction, ConnectionDecision, FirstBytes, Inspection, ServerTls,
};
use meshwork_tower::{ClientCertDetails, ConnectionInfo, Io};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    DetectError, DetectionLimits, Identity, NoSecrets, Secrets, Unusable, detect,
    user::{MaterialError, ServerConfigs},
};
use handshake::MeshConfigs;

/// Accepts connections as the sidecar or gateway of a workload does.
///
/// It looks at the first bytes, asks a decision function (`RouteTable::inbound`,
/// `RouteTable::gateway`) what becomes of the connection, and ends TLS where the decision says so.
/// Mesh TLS asks for a client certificate of an accepted trust domain; there is no way back to
/// plaintext for a connection that fails that.
///
/// Sessions of mesh TLS are resumed as long as the workload's certificate and roots are those that
/// they were made under, and no longer than the client's certificate is valid: none outlives the
/// trust it was made under. TLS of the user's is never resumed.
#[derive(Clone)]
pub struct MeshAcceptor {
    shared: Arc<Shared>,
    secrets: Arc<dyn Secrets>,
    settings: Settings,
}

struct Shared {
    identity: Option<Identity>,
    mesh: Option<MeshConfigs>,
    user: ServerConfigs,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    limits: DetectionLimits,
    handshake_timeout: Duration,
    details: ClientCertDetails,
}

/// A connection that was accepted, and what becomes of it.
#[non_exhaustive]
pub struct Accepted {
    /// The bytes, in plaintext where TLS was ended.
    pub io: Box<dyn Io>,
    /// What is known of the connection, the peer's identity included.
    pub connection: ConnectionInfo,
    /// What is done with it.
    pub action: ConnectionAction,
    /// The field that decided.
    pub rule: Option<Arc<FieldPath>>,
    /// Who the peer is, by a certificate that was verified.
    pub peer: Option<PeerIdentity>,
    /// The protocol that TLS agreed on.
    pub protocol: Option<Arc<str>>,
    /// Whether TLS went on from an earlier session, whose certificates were verified then.
    pub resumed: bool,
}

/// A connection that was not accepted. Nothing was sent to it but what TLS itself says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// It did not show what it speaks.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// TLS has to be ended here, and the client does not speak it.
    #[error("mutual TLS is asked for, and the client speaks plaintext")]
    Plaintext,
    /// This workload cannot take part in a handshake.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The workload has no identity at all.
    #[error("mutual TLS is asked for, and the workload has no identity")]
    NoIdentity,
    /// Certificates or settings of the listener cannot be used.
    #[error("the TLS settings of the listener cannot be used: {0}")]
    Settings(String),
    /// The handshake failed; the text says why, for instance which certificate was refused.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
    /// The handshake took too long.
    #[error("the TLS handshake was not done in time")]
    TimedOut,
    /// A session was resumed, and the certificate that proved it has ended since.
    #[error("the client's certificate has expired since its session began")]
    SessionExpired,
    /// The certificate that was verified cannot be read.
    #[error("the client's certificate cannot be read: {0}")]
    Peer(String),
}

impl From<MaterialError> for AcceptError {
    fn from(error: MaterialError) -> Self {
        Self::Settings(error.to_string())
    }
}

impl MeshAcceptor {
    /// An acceptor for a workload with an identity.
    pub fn new(identity: Identity) -> Self {
        Self::build(Some(identity))
    }

    /// An acceptor that has no identity: it takes plaintext, and TLS with certificates of the
    /// user's. Connections that have to be mutual TLS are refused.
    pub fn without_identity() -> Self {
        Self::build(None)
    }

    fn build(identity: Option<Identity>) -> Self {
        let mesh = identity.as_ref().map(MeshConfigs::new);
        Self {
            shared: Arc::new(Shared { identity, mesh, user: ServerConfigs::default() }),
            secrets: Arc::new(NoSecrets),
            settings: Settings {
                limits: DetectionLimits::default(),
                handshake_timeout: Duration::from_secs(15),
                details: ClientCertDetails::SIDECAR,
            },
        }
    }

    /// Where certificates are found that configuration names.
    #[must_use]
    pub fn secrets(mut self, secrets: impl Secrets) -> Self {
        // What was loaded from other secrets must not be used any more.
        let identity = self.shared.identity.clone();
        let mesh = identity.as_ref().map(MeshConfigs::new);
        self.shared = Arc::new(Shared { identity, mesh, user: ServerConfigs::default() });
        self.secrets = Arc::new(secrets);
        self
    }

    /// How far connections are looked into before they are decided.
    #[must_use]
    pub const fn limits(mut self, limits: DetectionLimits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// How long a handshake may take once the hello is there; 15 s by default, as with Istio.
    #[must_use]
    pub const fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// Describes clients in `x-forwarded-client-cert` as gateways do, with the whole certificate.
    #[must_use]
    pub const fn gateway(self) -> Self {
        self.client_cert(ClientCertDetails::GATEWAY)
    }

    /// What is told of clients in `x-forwarded-client-cert`
    /// (`proxyHeaders.setCurrentClientCertDetails`).
    #[must_use]
    pub const fn client_cert(mut self, details: ClientCertDetails) -> Self {
        self.settings.details = details;
        self
    }

    /// Accepts one connection.
    ///
    /// `connection` is what is known beforehand: addresses, the listener's port. `inspection` says
    /// which first bytes are waited for (`RouteTable::inbound_inspection`), and `decide` what
    /// becomes of the connection by what they show. A decision to close or refuse comes back as it
    /// is; whoever holds the socket ends it.
    ///
    /// # Errors
    /// [`AcceptError`]; the connection is closed.
    pub async fn accept<I: Io>(
        &self,
        io: I,
        mut connection: ConnectionInfo,
        inspection: Inspection,
        decide: impl FnOnce(&ConnectionInfo) -> ConnectionDecision,
    ) -> Result<Accepted, AcceptError> {
        let detected = detect(io, inspection, self.settings.limits).await?;
        connection.first_bytes = detected.first;
        if let Some(hello) = detected.hello {
            connection.sni = hello.sni;
            connection.alpn = hello.alpn.into();
        }
        let decision = decide(&connection);
        let closes =
            matches!(decision.action, ConnectionAction::Close(_) | ConnectionAction::Refuse);
        let Some(tls) = decision.tls.as_ref().filter(|_| !closes) else {
            return Ok(Accepted {
                io: Box::new(detected.io),
                connection,
                action: decision.action,
                rule: decision.rule,
                peer: None,
                protocol: None,
                resumed: false,
            });
        };
        if connection.first_bytes != FirstBytes::Tls {
            return Err(AcceptError::Plaintext);
        }
        let ended = self.end_tls(detected.io, tls, &connection).await?;
        connection.tls = true;
        let id = ended.peer.as_ref().and_then(PeerIdentity::spiffe_id);
        connection.peer = id.map(|id| id.as_str().into());
        connection.peer_name = ended.peer.as_ref().filter(|_| id.is_none()).and_then(name_of);
        connection.forwarded_client_cert = ended.forwarded;
        Ok(Accepted {
            io: ended.io,
            connection,
            action: decision.action,
            rule: decision.rule,
            peer: ended.peer,
            protocol: ended.protocol,
            resumed: ended.resumed,
        })
    }

    async fn end_tls<I: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        &self,
        io: I,
        tls: &Arc<ServerTls>,
        connection: &ConnectionInfo,
    ) -> Result<handshake::Ended, AcceptError> {
        let inner = &*self.shared;
        let protocol = alpn::choose(tls.alpn, &connection.alpn);
        let mesh = tls.certificate == CertificateSource::Workload;
        let (config, provider) = if mesh {
            let (Some(identity), Some(mesh)) = (&inner.identity, &inner.mesh) else {
                return Err(AcceptError::NoIdentity);
            };
            identity.usable()?;
            (mesh.config(tls)?, Arc::clone(identity.provider()))
        } else {
            let provider = self.provider().ok_or(AcceptError::NoIdentity)?;
            (inner.user.load(tls, &*self.secrets, &provider).await?, provider)
        };
        let mut config = (*config).clone();
        config.alpn_protocols = protocol.iter().map(|name| name.as_bytes().to_vec()).collect();
        handshake::Handshake {
            config: Arc::new(config),
            provider,
            own: inner.identity.as_ref().filter(|_| mesh),
            details: self.settings.details,
            // Nobody vouches for a client that need not lead to an authority.
            trusted: !tls.accept_untrusted,
            timeout: self.settings.handshake_timeout,
        }
        .run(io)
        .await
    }

    fn provider(&self) -> Option<Arc<rustls::crypto::CryptoProvider>> {
        let own = self.shared.identity.as_ref().map(|identity| Arc::clone(identity.provider()));
        #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
        return own.or_else(|| Some(meshwork_identity::tls::provider()));
        #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
        own
    }
}

/// What a certificate without a SPIFFE identity goes by.
fn name_of(peer: &PeerIdentity) -> Option<Arc<str>> {
    peer.uri().map(Arc::from).or_else(|| peer.dns_names().first().cloned())
}

impl fmt::Debug for MeshAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshAcceptor")
            .field("identity", &self.shared.identity)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("connection", &self.connection)
            .field("action", &self.action)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}
