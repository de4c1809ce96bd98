//! Connections that go out: plaintext or TLS, as the cluster's policy says.

mod handshake;
mod sessions;

use std::{
    fmt,
    sync::Arc,
    task::{self, Poll},
};

use futures_util::future::BoxFuture;
use meshwork_identity::{
    ExpectedNames,
    tls::{ServerVerifier, WorkloadCertificate},
};
use meshwork_policy::{Certificate, CertificateAuthority, ProxyProtocol};
use meshwork_tower::{BoxError, Dial, DialProtocol, Io, TcpConnector};
use rustls::{
    ClientConfig,
    client::{ResolvesClientCert, Resumption},
    crypto::CryptoProvider,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::{
    Identity, NoSecrets, ProxiedAddresses, ProxyProtocolVersion, Secrets, Unusable, proxy_header,
    user::{ClientMaterials, Pins, UserCheck, reason, restricted},
};

pub use handshake::TlsHandshake;
use sessions::{Session, Sessions};

/// Connects to endpoints as a sidecar does: a tower `Service<Dial>`.
///
/// The policy of the dial's cluster decides: plaintext, the mesh's mutual TLS (for all endpoints,
/// or for those that are marked for it), or TLS with certificates of the user's. A server of the
/// mesh has to show one of the names that are expected of the service (secure naming).
///
/// Whoever keeps connections has to keep them by policy and identity, as `meshwork-tower`'s pools
/// do: a cluster whose policy changes gets new ones. In the same way a session of mesh TLS is
/// resumed only with the endpoint that it was made with, under the same policy and under the same
/// certificate and roots of the workload; everything else is a full handshake.
#[derive(Clone)]
pub struct MeshConnector<C = TcpConnector> {
    inner: C,
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    identity: Option<Identity>,
    base: Result<ClientConfig, ConnectTlsError>,
    provider: Option<Arc<CryptoProvider>>,
    materials: Arc<ClientMaterials>,
    secrets: Arc<dyn Secrets>,
    sessions: Arc<Sessions>,
    accept_unnamed: bool,
}

/// TLS that cannot be spoken, or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectTlsError {
    /// The cluster's TLS settings forbid every connection.
    #[error("the TLS settings of the cluster are refused: {0}")]
    Refused(&'static str),
    /// Mesh TLS without an identity.
    #[error("the cluster asks for mutual TLS, and the workload has no identity")]
    NoIdentity,
    /// There is no certificate in force.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The server name cannot be sent.
    #[error("`{0}` cannot be a TLS server name")]
    ServerName(String),
    /// The certificate has to be the request's host's, and the host is not known.
    #[error("the server's certificate has to name the request's host, which is not known")]
    NoHost,
    /// Certificates or authorities cannot be used.
    #[error("certificates of the cluster cannot be used: {0}")]
    Material(String),
    /// A session was resumed, and the certificate that proved it has ended since.
    #[error("the server's certificate has expired since its session began")]
    SessionExpired,
    /// The handshake failed; the text says why.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
}

impl MeshConnector {
    /// Connects over TCP, with mutual TLS by `identity`.
    pub fn new(identity: Identity) -> Self {
        Self::over(TcpConnector::new(), Some(identity))
    }

    /// Connects over TCP without an identity: plaintext, and TLS of the user's. Clusters that ask
    /// for mutual TLS are not reached.
    pub fn without_identity() -> Self {
        Self::over(TcpConnector::new(), None)
    }
}

impl<C> MeshConnector<C> {
    /// Speaks TLS over the connections of another connector.
    pub fn over(inner: C, identity: Option<Identity>) -> Self {
        let own = identity.as_ref().map(|identity| Arc::clone(identity.provider()));
        #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
        let provider = own.or_else(|| Some(meshwork_identity::tls::provider()));
        #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
        let provider = own;
        let base = provider.as_ref().map_or(Err(ConnectTlsError::NoIdentity), base);
        Self {
            inner,
            shared: Arc::new(Shared {
                identity,
                base,
                provider,
                materials: Arc::default(),
                secrets: Arc::new(NoSecrets),
                sessions: Arc::default(),
                accept_unnamed: false,
            }),
        }
    }

    /// Where certificates are found that configuration names.
    #[must_use]
    pub fn secrets(mut self, secrets: impl Secrets) -> Self {
        let shared = Arc::make_mut(&mut self.shared);
        // What was loaded from other secrets must not be used any more.
        shared.materials = Arc::default();
        shared.secrets = Arc::new(secrets);
        self
    }

    /// Whether servers are taken of which no name is known, as Istio does: any of an accepted trust
    /// domain then. Off by default.
    #[must_use]
    pub fn accept_unnamed(mut self, accept: bool) -> Self {
        let shared = Arc::make_mut(&mut self.shared);
        // What was taken before is not taken under another rule.
        shared.sessions = Arc::default();
        shared.accept_unnamed = accept;
        self
    }
}

/// What all connections have in common; verifier, certificate and protocols are set for each.
fn base(provider: &Arc<CryptoProvider>) -> Result<ClientConfig, ConnectTlsError> {
    let nobody = UserCheck {
        authorities: None,
        host: None,
        names: Arc::default(),
        pins: Pins::default(),
        mandatory: true,
        provider: Arc::clone(provider),
    };
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| ConnectTlsError::Material(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(nobody.verifier())
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

impl Shared {
    /// What all configurations begin with.
    fn begin(&self, handshake: &TlsHandshake<'_>) -> Result<ClientConfig, ConnectTlsError> {
        let (suites, curves) = (&handshake.tls.cipher_suites, &handshake.tls.ecdh_curves);
        let mut config = match &self.provider {
            Some(provider) if !(suites.is_empty() && curves.is_empty()) => {
                let provider = restricted(suites, curves, provider);
                base(&Arc::new(
                    provider.map_err(|error| ConnectTlsError::Material(error.to_string()))?,
                ))?
            }
            _ => self.base.clone()?,
        };
        config.alpn_protocols =
            handshake.alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config.enable_sni = handshake.sni.is_some();
        Ok(config)
    }

    /// How to connect to a server that the mesh's roots vouch for.
    fn session(
        &self,
        dial: &Dial,
        handshake: &TlsHandshake<'_>,
    ) -> Result<Arc<Session>, ConnectTlsError> {
        let identity = self.identity.as_ref().ok_or(ConnectTlsError::NoIdentity)?;
        let provider = self.provider.as_ref().ok_or(ConnectTlsError::NoIdentity)?;
        identity.usable()?;
        self.sessions.find(dial, identity.live().load(), || {
            let tls = handshake.tls;
            let names = ExpectedNames::new(tls.subject_alt_names.iter().map(|name| &**name));
            let verifier = ServerVerifier::new(identity.live(), Arc::clone(provider), names)
                .accept_unnamed(self.accept_unnamed);
            let mut config = self.begin(handshake)?;
            config.dangerous().set_certificate_verifier(Arc::new(verifier));
            if tls.certificate == Some(Certificate::Workload) {
                config.client_auth_cert_resolver =
                    Arc::new(WorkloadCertificate::new(identity.live()));
            }
            Ok(config)
        })
    }

    /// The configuration of one connection with certificates of the user's.
    async fn config(&self, handshake: &TlsHandshake<'_>) -> Result<ClientConfig, ConnectTlsError> {
        let mut config = self.begin(handshake)?;
        let provider = self.provider.as_ref().ok_or(ConnectTlsError::NoIdentity)?;
        let tls = handshake.tls;
        let material = self
            .materials
            .load(tls, &*self.secrets, provider)
            .await
            .map_err(|error| ConnectTlsError::Material(error.to_string()))?;
        let host = match &handshake.host {
            Some(host) => Some(server_name(host)?),
            // Bytes have no host. Authorities of the user's may vouch without a name, as with
            // Envoy; those of the system vouch for the whole world.
            None if tls.auto_san_validation
                && material.authorities.is_some()
                && (handshake.protocol != DialProtocol::Tcp
                    || tls.authority == Some(CertificateAuthority::System)) =>
            {
                return Err(ConnectTlsError::NoHost);
            }
            None => None,
        };
        config.dangerous().set_certificate_verifier(
            UserCheck {
                authorities: material.authorities.clone(),
                host,
                names: tls.subject_alt_names.iter().cloned().collect(),
                pins: Pins::default(),
                mandatory: true,
                provider: Arc::clone(provider),
            }
            .verifier(),
        );
        match (&material.certificate, &tls.certificate, &self.identity) {
            (Some(certificate), _, _) => {
                config.client_auth_cert_resolver = Arc::new(Single(Arc::clone(certificate)));
            }
            (None, Some(Certificate::Workload), Some(identity)) => {
                identity.usable()?;
                config.client_auth_cert_resolver =
                    Arc::new(WorkloadCertificate::new(identity.live()));
            }
            (None, Some(_), _) => return Err(ConnectTlsError::NoIdentity),
            (None, None, _) => {}
        }
        Ok(config)
    }

    async fn secure(&self, dial: &Dial, mut io: Box<dyn Io>) -> Result<Box<dyn Io>, BoxError> {
        if let Some(version) = dial.policy.as_ref().and_then(|policy| policy.proxy_protocol()) {
            let version = match version {
                ProxyProtocol::V1 => ProxyProtocolVersion::V1,
                _ => ProxyProtocolVersion::V2,
            };
            let client = dial.client.map(|(source, to)| ProxiedAddresses::new(source, to));
            io.write_all(&proxy_header(version, client)).await?;
        }
        let Some(handshake) = TlsHandshake::of(dial)? else { return Ok(io) };
        let mesh = handshake.tls.authority == Some(CertificateAuthority::Mesh);
        let session = if mesh { Some(self.session(dial, &handshake)?) } else { None };
        let config = match &session {
            Some(session) => Arc::clone(&session.config),
            None => Arc::new(self.config(&handshake).await?),
        };
        let name = match &handshake.sni {
            Some(name) => server_name(name)?,
            // Not sent, and not looked at by the verifiers.
            None => ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into()),
        };
        let stream = TlsConnector::from(config)
            .connect(name, io)
            .await
            .map_err(|error| ConnectTlsError::Handshake(reason(&error)))?;
        if let Some(session) = &session {
            session.made(stream.get_ref().1)?;
        }
        Ok(Box::new(stream))
    }
}

fn server_name(name: &str) -> Result<ServerName<'static>, ConnectTlsError> {
    let parsed = ServerName::try_from(name.to_owned());
    parsed.map_err(|_| ConnectTlsError::ServerName(name.escape_default().take(300).collect()))
}

/// One certificate, whatever the server asks for.
#[derive(Debug)]
struct Single(Arc<CertifiedKey>);

impl ResolvesClientCert for Single {
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        schemes: &[rustls::SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.0.key.choose_scheme(schemes).map(|_| Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl<C> Service<Dial> for MeshConnector<C>
where
    C: Service<Dial> + Clone + Send + 'static,
    C::Response: Io,
    C::Error: Into<BoxError>,
    C::Future: Send,
{
    type Response = Box<dyn Io>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Box<dyn Io>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, dial: Dial) -> Self::Future {
        // What cannot be secured is not even connected to.
        if let Err(refused) = TlsHandshake::of(&dial) {
            return Box::pin(std::future::ready(Err(refused.into())));
        }
        let shared = Arc::clone(&self.shared);
        let connecting = self.inner.call(dial.clone());
        Box::pin(async move {
            let io = connecting.await.map_err(Into::into)?;
            shared.secure(&dial, Box::new(io)).await
        })
    }
}

impl<C: fmt::Debug> fmt::Debug for MeshConnector<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshConnector")
            .field("inner", &self.inner)
            .field("identity", &self.shared.identity)
            .finish_non_exhaustive()
    }
}
