//! The TLS that a listener ends, as data for whoever holds the keys.

use std::{fmt, sync::Arc};

use meshwork_api::{
    mesh::{TlsConfig, TlsProtocol as DefaultVersion},
    networking::{ServerTlsMode, ServerTlsSettings, TlsProtocol},
};

/// How a listener ends TLS: `servers[].tls` of a Gateway, or the mesh's own TLS of an inbound port.
///
/// Whoever accepts the connection turns this into a TLS configuration; the certificates are named,
/// not held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServerTls {
    /// Whether and how clients show a certificate.
    pub client: ClientCertificate,
    /// Where the server's certificate comes from.
    pub certificate: CertificateSource,
    /// Names of which a client certificate has to bear one (`subjectAltNames`); empty for any.
    pub subject_alt_names: Arc<[Arc<str>]>,
    /// `verifyCertificateSpki`: base64 of the SHA-256 of the client's key. Only set where Istio
    /// enforces it (a credential and a mutual mode).
    pub verify_spki: Arc<[Arc<str>]>,
    /// `verifyCertificateHash`: hex of the SHA-256 of the client's certificate; as above.
    pub verify_hash: Arc<[Arc<str>]>,
    /// `insecureSkipVerify`: client certificates of unknown issuers are taken too.
    pub accept_untrusted: bool,
    /// The lowest version.
    pub min_version: TlsVersion,
    /// The highest version.
    pub max_version: TlsVersion,
    /// Cipher suites of TLS 1.2 in OpenSSL's names; empty for the defaults.
    pub cipher_suites: Arc<[Arc<str>]>,
    /// Key exchange groups by Envoy's names (`ecdhCurves`: `X25519`, `P-256`), best first; empty
    /// for the defaults.
    pub ecdh_curves: Arc<[Arc<str>]>,
    /// The protocols offered, best first.
    pub alpn: &'static [&'static str],
}

/// What is asked of the client in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a handshake asks, insists, or does neither")]
pub enum ClientCertificate {
    /// None is asked for (`SIMPLE`).
    NotAsked,
    /// Asked for, and verified when there is one (`OPTIONAL_MUTUAL`).
    Optional,
    /// Required and verified (`MUTUAL`, `ISTIO_MUTUAL`).
    Required,
}

/// Where certificate, key and the roots for clients come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateSource {
    /// The workload's own certificate and the mesh's roots (`ISTIO_MUTUAL`, inbound).
    Workload,
    /// Secrets in the namespace of the gateway's workload.
    Credentials {
        /// `credentialNames`, or `credentialName` alone: up to one RSA and one ECDSA pair.
        names: Arc<[Arc<str>]>,
        /// `caCertCredentialName`; without it the roots are in `<first name>-cacert`, or in the
        /// first secret itself.
        roots: Option<Arc<str>>,
    },
    /// Files of the gateway.
    Files {
        /// Pairs of certificate chain and key (`tlsCertificates`, or `serverCertificate` and
        /// `privateKey`).
        pairs: Arc<[(Arc<str>, Arc<str>)]>,
        /// `caCertificates`.
        roots: Option<Arc<str>>,
        /// `caCrl`.
        revoked: Option<Arc<str>>,
    },
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the versions that Istio's API names")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TlsVersion {
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// What Istio offers where HTTP is spoken.
const ALPN_HTTP: &[&str] = &["h2", "http/1.1"];
/// What Istio offers where bytes are forwarded over the mesh's TLS.
const ALPN_TCP: &[&str] = &["istio-peer-exchange", "h2", "http/1.1"];

impl ServerTls {
    /// The mesh's mutual TLS of an inbound port: the workload's certificate, a client certificate
    /// of the mesh required. `http` says whether requests are routed behind it.
    pub fn mesh(http: bool) -> Self {
        Self {
            client: ClientCertificate::Required,
            certificate: CertificateSource::Workload,
            subject_alt_names: Arc::default(),
            verify_spki: Arc::default(),
            verify_hash: Arc::default(),
            accept_untrusted: false,
            min_version: TlsVersion::Tls12,
            max_version: TlsVersion::Tls13,
            cipher_suites: Arc::default(),
            ecdh_curves: Arc::default(),
            alpn: if http { ALPN_HTTP } else { ALPN_TCP },
        }
    }

    /// The TLS that a Gateway's server ends; `None` for the passthrough modes.
    ///
    /// `http` says whether requests are routed behind it. Versions and cipher suites count for
    /// `SIMPLE`, `MUTUAL` and `OPTIONAL_MUTUAL` only, as in Istio; what the server does not say,
    /// `defaults` (`meshConfig.tlsDefaults`) may.
    pub(crate) fn of_server(
        settings: &ServerTlsSettings,
        http: bool,
        defaults: Option<&TlsConfig>,
    ) -> Option<Self> {
        let client = match settings.mode {
            ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough => return None,
            ServerTlsMode::Simple => ClientCertificate::NotAsked,
            ServerTlsMode::OptionalMutual => ClientCertificate::Optional,
            // A number that Istio does not know was refused at admission; it asks for most.
            ServerTlsMode::Mutual | ServerTlsMode::IstioMutual | ServerTlsMode::Unknown(_) => {
                ClientCertificate::Required
            }
        };
        let istio = settings.mode == ServerTlsMode::IstioMutual;
        let names: Arc<[Arc<str>]> = if settings.credential_names.is_empty() {
            text(&settings.credential_name).into_iter().collect()
        } else {
            shared(&settings.credential_names)
        };
        let mut tls = Self {
            client,
            subject_alt_names: shared(&settings.subject_alt_names),
            accept_untrusted: settings.insecure_skip_verify == Some(true),
            alpn: if istio && !http { ALPN_TCP } else { ALPN_HTTP },
            ..Self::mesh(http)
        };
        if istio {
            return Some(tls);
        }
        if names.is_empty() {
            tls.certificate = files(settings);
        } else {
            tls.certificate = CertificateSource::Credentials {
                names,
                roots: text(&settings.ca_cert_credential_name),
            };
            if client != ClientCertificate::NotAsked {
                tls.verify_spki = shared(&settings.verify_certificate_spki);
                tls.verify_hash = shared(&settings.verify_certificate_hash);
            }
        }
        let lowest = defaults.and_then(|defaults| default_version(defaults.min_protocol_version));
        tls.min_version =
            version(settings.min_protocol_version).or(lowest).unwrap_or(TlsVersion::Tls12);
        tls.max_version = version(settings.max_protocol_version).unwrap_or(TlsVersion::Tls13);
        let or_default = |own: &[String], of: fn(&TlsConfig) -> &[String]| match defaults {
            Some(defaults) if own.is_empty() => shared(of(defaults)),
            _ => shared(own),
        };
        tls.cipher_suites = or_default(&settings.cipher_suites, |tls| &tls.cipher_suites);
        tls.ecdh_curves = or_default(&settings.ecdh_curves, |tls| &tls.ecdh_curves);
        Some(tls)
    }
}

fn files(settings: &ServerTlsSettings) -> CertificateSource {
    let pairs: Arc<[_]> = if settings.tls_certificates.is_empty() {
        [(settings.server_certificate.as_str().into(), settings.private_key.as_str().into())].into()
    } else {
        settings
            .tls_certificates
            .iter()
            .map(|pair| (pair.server_certificate.as_str().into(), pair.private_key.as_str().into()))
            .collect()
    };
    CertificateSource::Files {
        pairs,
        roots: text(&settings.ca_certificates),
        revoked: text(&settings.ca_crl),
    }
}

fn version(version: TlsProtocol) -> Option<TlsVersion> {
    match version {
        TlsProtocol::Tlsv10 => Some(TlsVersion::Tls10),
        TlsProtocol::Tlsv11 => Some(TlsVersion::Tls11),
        TlsProtocol::Tlsv12 => Some(TlsVersion::Tls12),
        TlsProtocol::Tlsv13 => Some(TlsVersion::Tls13),
        TlsProtocol::TlsAuto | TlsProtocol::Unknown(_) => None,
    }
}

fn default_version(version: DefaultVersion) -> Option<TlsVersion> {
    match version {
        DefaultVersion::Tlsv12 => Some(TlsVersion::Tls12),
        DefaultVersion::Tlsv13 => Some(TlsVersion::Tls13),
        DefaultVersion::TlsAuto | DefaultVersion::Unknown(_) => None,
    }
}

fn text(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| text.into())
}

fn shared(texts: &[String]) -> Arc<[Arc<str>]> {
    texts.iter().map(|text| Arc::from(text.as_str())).collect()
}
