//! The TLS that a cluster speaks to its endpoints.

use std::sync::Arc;

use meshwork_api::mesh::TlsConfig;
use meshwork_registry::Proxy;

use super::{ClientTls, TlsMode};

/// How connections to the endpoints of a cluster are secured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who connects must treat every case")]
pub enum Transport {
    /// Not at all.
    #[default]
    Plaintext,
    /// TLS to every endpoint.
    Tls(UpstreamTls),
    /// TLS to the endpoints that are marked for it, plaintext to others (auto mTLS).
    ByEndpoint(UpstreamTls),
    /// The settings cannot be used: no connection may be made. Istio's admission refuses them;
    /// istiod itself would go on in plaintext.
    Refused(&'static str),
}

/// TLS with everything decided but the bytes of keys and certificates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UpstreamTls {
    /// Which kind.
    pub kind: TlsKind,
    /// The server name sent; `None`: none, or the request's host where `auto_sni` says so.
    pub sni: Option<Arc<str>>,
    /// The request's host is sent as server name, without its port and unless it is an address.
    pub auto_sni: bool,
    /// The server's certificate has to name the request's host.
    pub auto_san_validation: bool,
    /// The server's certificate has to name one of these, whatever the type of the name. Empty:
    /// whoever is signed by the authority.
    pub subject_alt_names: Box<[Arc<str>]>,
    /// Who has to have signed the server's certificate; `None`: it is not verified.
    pub authority: Option<CertificateAuthority>,
    /// What the client shows.
    pub certificate: Option<Certificate>,
    /// The file with revoked certificates.
    pub crl: Option<Arc<str>>,
    /// Which protocols are offered, unless the request's own protocol decides (mesh TLS).
    pub alpn: &'static [&'static str],
    /// The cipher suites of TLS 1.2 by OpenSSL's names (MeshConfig `tlsDefaults`); empty: all that
    /// are safe. The mesh's own TLS has all of them.
    pub cipher_suites: Box<[Arc<str>]>,
    /// The curves of the key exchange, `P-256` or `X25519` (MeshConfig `tlsDefaults`); empty: all
    /// that are safe. The mesh's own TLS has all of them.
    pub ecdh_curves: Box<[Arc<str>]>,
}

/// Whose TLS it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who connects must treat every kind")]
pub enum TlsKind {
    /// The user's, without a client certificate.
    Simple,
    /// The user's, with one.
    Mutual,
    /// The mesh's.
    IstioMutual,
}

/// Where authorities come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateAuthority {
    /// The mesh's trust bundle.
    Mesh,
    /// The operating system's.
    System,
    /// A file.
    File(Arc<str>),
    /// A secret, `kubernetes://NAME-cacert`.
    Secret(Arc<str>),
}

/// Where the client's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Certificate {
    /// The workload's own.
    Workload,
    /// Files.
    Files {
        /// The chain.
        chain: Arc<str>,
        /// The key.
        key: Arc<str>,
    },
    /// A secret, `kubernetes://NAME`.
    Secret(Arc<str>),
}

/// What decides about the transport beside the rule.
#[derive(Clone)]
pub(crate) struct TlsInput<'a> {
    pub(crate) client: &'a Proxy,
    /// The rule's, resolved for port and subset.
    pub(crate) tls: Option<&'a ClientTls>,
    /// Whether the rule is for some workloads only.
    pub(crate) rule_has_selector: bool,
    /// Whether auto mTLS comes into question for the service.
    pub(crate) auto_mtls: bool,
    pub(crate) mesh_external: bool,
    /// Whether the service comes from a ServiceEntry.
    pub(crate) from_service_entry: bool,
    /// Whether endpoints are the destinations that clients dialled.
    pub(crate) original_destination: bool,
    /// Whether the name of the server is known with each request only (`DYNAMIC_DNS`).
    pub(crate) dynamic: bool,
    /// Whether requests go upstream as explicit HTTP/2.
    pub(crate) http2: bool,
    /// The server name of mesh TLS.
    pub(crate) mesh_sni: Arc<str>,
    /// The name of the cluster.
    pub(crate) cluster: Arc<str>,
    /// The identities of the service.
    pub(crate) accounts: &'a [Arc<str>],
    /// What the mesh says of TLS that is not its own.
    pub(crate) defaults: Option<&'a TlsConfig>,
}

/// Works out the transport of a cluster.
pub(crate) fn transport(input: &TlsInput<'_>) -> Transport {
    let Some(tls) = input.tls else { return input.automatic() };
    match tls.mode {
        TlsMode::Disable => Transport::Plaintext,
        TlsMode::Simple => input.user(tls),
        TlsMode::Mutual | TlsMode::IstioMutual => {
            let files = metadata_certificate(input.client);
            if let (Some(files), false) = (&files, input.mesh_external) {
                let tls = ClientTls {
                    mode: TlsMode::Mutual,
                    subject_alt_names: tls.subject_alt_names.clone(),
                    sni: tls.sni.clone(),
                    insecure_skip_verify: tls.insecure_skip_verify,
                    ..files.clone()
                };
                return input.user(&tls);
            }
            // With certificates of its own the proxy takes the rule for servers beyond the mesh as
            // it is written, without the names that mesh TLS has otherwise.
            let input = &TlsInput {
                accounts: if files.is_some() { &[] } else { input.accounts },
                mesh_sni: if files.is_some() { &input.cluster } else { &input.mesh_sni }.clone(),
                ..input.clone()
            };
            match tls.mode {
                TlsMode::IstioMutual => Transport::Tls(input.mesh(Some(tls))),
                _ => input.user(tls),
            }
        }
    }
}

impl TlsInput<'_> {
    fn automatic(&self) -> Transport {
        if !self.auto_mtls {
            return Transport::Plaintext;
        }
        if let Some(files) = metadata_certificate(self.client) {
            let tls = ClientTls {
                subject_alt_names: self.accounts.into(),
                sni: (!self.dynamic).then(|| Arc::clone(&self.mesh_sni)),
                ..files
            };
            return self.user(&tls);
        }
        let tls = self.mesh(None);
        // Where there is no list of endpoints, there is no switching by endpoint.
        if self.original_destination { Transport::Tls(tls) } else { Transport::ByEndpoint(tls) }
    }

    fn mesh(&self, tls: Option<&ClientTls>) -> UpstreamTls {
        let names = tls.map(|tls| &*tls.subject_alt_names).filter(|names| !names.is_empty());
        let sni = tls.and_then(|tls| tls.sni.clone());
        UpstreamTls {
            kind: TlsKind::IstioMutual,
            auto_sni: self.dynamic && sni.is_none(),
            auto_san_validation: self.dynamic && !tls.is_some_and(|tls| tls.insecure_skip_verify),
            sni: sni.or_else(|| (!self.dynamic).then(|| Arc::clone(&self.mesh_sni))),
            subject_alt_names: names.unwrap_or(self.accounts).into(),
            authority: Some(CertificateAuthority::Mesh),
            certificate: Some(Certificate::Workload),
            crl: None,
            alpn: if self.http2 { &MESH_HTTP2 } else { &MESH },
            cipher_suites: Box::default(),
            ecdh_curves: Box::default(),
        }
    }

    fn user(&self, tls: &ClientTls) -> Transport {
        let credential = tls.credential_name.as_ref();
        let is_secret = credential.is_some_and(|name| !name.starts_with("configmap://"));
        let sidecar = self.client.kind == meshwork_registry::ProxyKind::Sidecar;
        if is_secret && sidecar && !self.rule_has_selector {
            // Not every sidecar may read the secret, and istiod drops the whole block.
            return Transport::Plaintext;
        }
        let certificate = match (tls.mode, credential) {
            (TlsMode::Mutual, Some(name)) => Some(Certificate::Secret(secret(name, ""))),
            (TlsMode::Mutual, None) => match (&tls.client_certificate, &tls.private_key) {
                (Some(chain), Some(key)) => {
                    Some(Certificate::Files { chain: Arc::clone(chain), key: Arc::clone(key) })
                }
                _ => return Transport::Refused("MUTUAL without client certificate or private key"),
            },
            _ => None,
        };
        let authority = match (credential, &tls.ca_certificates) {
            _ if tls.insecure_skip_verify => None,
            (Some(name), _) => Some(CertificateAuthority::Secret(secret(name, "-cacert"))),
            (None, Some(file)) => Some(CertificateAuthority::File(Arc::clone(file))),
            (None, None) => Some(CertificateAuthority::System),
        };
        let default = |of: fn(&TlsConfig) -> &Vec<String>| -> Box<[Arc<str>]> {
            self.defaults.map(of).into_iter().flatten().map(|name| name.as_str().into()).collect()
        };
        let own_names = !tls.subject_alt_names.is_empty();
        let auto_sni = tls.sni.is_none();
        let from_registry = self.from_service_entry && !own_names;
        let names = if from_registry { self.accounts } else { &*tls.subject_alt_names };
        Transport::Tls(UpstreamTls {
            kind: match tls.mode {
                TlsMode::Mutual => TlsKind::Mutual,
                _ => TlsKind::Simple,
            },
            sni: tls.sni.clone(),
            auto_sni,
            // Decided before the names of the ServiceEntry take their place: both hold then.
            auto_san_validation: !tls.insecure_skip_verify
                && (self.dynamic || auto_sni && !own_names),
            subject_alt_names: if authority.is_some() { names.into() } else { Box::default() },
            crl: tls.ca_crl.clone().filter(|_| authority.is_some() && credential.is_none()),
            authority,
            certificate,
            alpn: if self.http2 { &HTTP2 } else { &[] },
            cipher_suites: default(|defaults| &defaults.cipher_suites),
            ecdh_curves: default(|defaults| &defaults.ecdh_curves),
        })
    }
}

/// Certificates that a proxy brings with it by its metadata, as MUTUAL settings.
fn metadata_certificate(client: &Proxy) -> Option<ClientTls> {
    let text = |key: &str| client.metadata.get(key).filter(|text| !text.is_empty()).cloned();
    Some(ClientTls {
        mode: TlsMode::Mutual,
        client_certificate: Some(text("TLS_CLIENT_CERT_CHAIN")?),
        private_key: text("TLS_CLIENT_KEY"),
        ca_certificates: text("TLS_CLIENT_ROOT_CERT"),
        credential_name: None,
        subject_alt_names: Box::default(),
        sni: None,
        insecure_skip_verify: false,
        ca_crl: None,
    })
}

fn secret(name: &str, suffix: &str) -> Arc<str> {
    if name.contains("://") {
        format!("{name}{suffix}").into()
    } else {
        format!("kubernetes://{name}{suffix}").into()
    }
}

const MESH: [&str; 2] = ["istio-peer-exchange", "istio"];
const MESH_HTTP2: [&str; 3] = ["istio-peer-exchange", "istio", "h2"];
const HTTP2: [&str; 1] = ["h2"];
