//! TLS that a gateway ends with certificates of the user's.

use std::sync::Arc;

use meshwork_routing::{CertificateSource, ClientCertificate, ServerTls, TlsVersion};
use rustls::{
    CipherSuite, NamedGroup, ServerConfig, SupportedProtocolVersion,
    crypto::CryptoProvider,
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use zeroize::Zeroizing;

use super::{
    MaterialError, Pins, UserCheck,
    material::{Authorities, Cache, authorities, authorities_of, certified, find, read, refused},
};
use crate::Secrets;

/// The configurations of all servers with TLS of the user's.
#[derive(Debug, Default)]
pub(crate) struct ServerConfigs(Cache<Arc<ServerTls>, ServerConfig>);

impl ServerConfigs {
    /// The configuration of a server, without protocols.
    ///
    /// Files and secrets that cannot be used leave the last good ones in force; a secret that is
    /// gone does not.
    pub(crate) async fn load(
        &self,
        tls: &Arc<ServerTls>,
        secrets: &dyn Secrets,
        provider: &CryptoProvider,
    ) -> Result<Arc<ServerConfig>, MaterialError> {
        let version = secrets.version();
        if let Some(known) = self.0.fresh(tls, version) {
            return Ok(known);
        }
        let (certificates, roots) = match load(tls, secrets, provider).await {
            Ok(loaded) => loaded,
            Err(error) => {
                let last = if error.missing { None } else { self.0.last(tls, version) };
                let Some(last) = last else { return Err(error) };
                tracing::warn!(%error, "the last good certificates of a server stay in force");
                return Ok(last);
            }
        };
        let provider = Arc::new(with_suites(tls, provider)?);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(tls)?)
            .map_err(|error| refused("TLS versions and cipher suites", error))?;
        let builder = if tls.client == ClientCertificate::NotAsked {
            builder.with_no_client_auth()
        } else {
            // Without authorities nobody's certificate is one, unless anybody's is.
            let authorities = match roots {
                _ if tls.accept_untrusted => None,
                Some(roots) => Some(roots),
                None => return Err(refused("client certificates", "no authority is given")),
            };
            builder.with_client_cert_verifier(
                UserCheck {
                    authorities,
                    host: None,
                    names: Arc::clone(&tls.subject_alt_names),
                    pins: Pins {
                        spki: Arc::clone(&tls.verify_spki),
                        hash: Arc::clone(&tls.verify_hash),
                    },
                    mandatory: tls.client == ClientCertificate::Required,
                    provider,
                }
                .verifier(),
            )
        };
        let mut config = builder.with_cert_resolver(Arc::new(Certificates(certificates)));
        without_resumption(&mut config);
        Ok(self.0.keep(Arc::clone(tls), version, config))
    }
}

/// Every handshake verifies the client anew: a session would outlive a change of the authorities.
fn without_resumption(config: &mut ServerConfig) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
}

type Loaded = (Vec<Arc<CertifiedKey>>, Option<Authorities>);

async fn load(
    tls: &ServerTls,
    secrets: &dyn Secrets,
    provider: &CryptoProvider,
) -> Result<Loaded, MaterialError> {
    let asked = tls.client != ClientCertificate::NotAsked && !tls.accept_untrusted;
    let mut certificates = Vec::new();
    let mut roots = None;
    match &tls.certificate {
        CertificateSource::Credentials { names, roots: named } => {
            for name in names.iter() {
                let secret = find(secrets, name)?;
                certificates.push(certified(name, &secret.chain, &secret.key, provider)?);
            }
            let first = names.first().map(|name| format!("{name}-cacert"));
            if let (true, Some(name)) = (asked, named.as_deref().or(first.as_deref())) {
                let secret = authorities_of(secrets, name)?;
                roots = Some(authorities(name, &secret.authorities, &secret.revoked)?);
            }
        }
        CertificateSource::Files { pairs, roots: path, revoked } => {
            for (chain, key) in pairs.iter() {
                let (chain_pem, key_pem) = (read(chain).await?, read(key).await?);
                certificates.push(certified(chain, &chain_pem, &key_pem, provider)?);
            }
            if let (true, Some(path)) = (asked, path) {
                let revoked = match revoked {
                    Some(revoked) => read(revoked).await?,
                    None => Zeroizing::default(),
                };
                roots = Some(authorities(path, &read(path).await?, &revoked)?);
            }
        }
        _ => return Err(refused("certificate", "its source is not one of files or secrets")),
    }
    if certificates.is_empty() {
        return Err(refused("certificate", "there is none"));
    }
    Ok((certificates, roots))
}

/// The pair whose key the client understands.
#[derive(Debug)]
struct Certificates(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let schemes = hello.signature_schemes();
        let fits = |certified: &&Arc<CertifiedKey>| certified.key.choose_scheme(schemes).is_some();
        self.0.iter().find(fits).or(self.0.first()).cloned()
    }
}

fn versions(tls: &ServerTls) -> Result<Vec<&'static SupportedProtocolVersion>, MaterialError> {
    let within = |version| (tls.min_version..=tls.max_version).contains(&version);
    let versions: Vec<_> = [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)]
        .into_iter()
        .filter_map(|(version, spoken)| within(version).then_some(spoken))
        .collect();
    if versions.is_empty() {
        return Err(refused("TLS versions", "neither TLS 1.2 nor TLS 1.3 is among them"));
    }
    Ok(versions)
}

/// A provider with the cipher suites and curves that a listener asks for.
pub(crate) fn with_suites(
    tls: &ServerTls,
    provider: &CryptoProvider,
) -> Result<CryptoProvider, MaterialError> {
    let provider = restricted(&tls.cipher_suites, &tls.ecdh_curves, provider)?;
    let old = provider.cipher_suites.iter().any(|suite| suite.tls13().is_none());
    if !old && tls.max_version < TlsVersion::Tls13 {
        return Err(refused("cipher suites", "none of them is supported"));
    }
    Ok(provider)
}

/// A provider with these cipher suites of TLS 1.2, beside all of TLS 1.3, and these curves; all
/// that it has where a list is empty.
pub(crate) fn restricted(
    cipher_suites: &[Arc<str>],
    ecdh_curves: &[Arc<str>],
    provider: &CryptoProvider,
) -> Result<CryptoProvider, MaterialError> {
    let mut provider = provider.clone();
    if !cipher_suites.is_empty() {
        let wanted = openssl_suites(cipher_suites);
        provider
            .cipher_suites
            .retain(|suite| suite.tls13().is_some() || wanted.contains(&suite.suite()));
    }
    if !ecdh_curves.is_empty() {
        let known = std::mem::take(&mut provider.kx_groups);
        let named = ecdh_curves.iter().filter_map(|name| curve(name));
        provider.kx_groups = named
            .filter_map(|wanted| known.iter().find(|group| group.name() == wanted).copied())
            .collect();
        if provider.kx_groups.is_empty() {
            return Err(refused("ECDH curves", "none of them is supported"));
        }
    }
    Ok(provider)
}

/// A key exchange group by the name that Envoy knows it by.
fn curve(name: &str) -> Option<NamedGroup> {
    Some(match name {
        "X25519" => NamedGroup::X25519,
        "P-256" => NamedGroup::secp256r1,
        "P-384" => NamedGroup::secp384r1,
        "P-521" => NamedGroup::secp521r1,
        "X25519MLKEM768" => NamedGroup::X25519MLKEM768,
        _ => return None,
    })
}

/// Cipher suites of TLS 1.2 by OpenSSL's names; those that are not known are passed over.
fn openssl_suites(names: &[Arc<str>]) -> Vec<CipherSuite> {
    use CipherSuite as S;
    let known = [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        ("ECDHE-RSA-AES128-GCM-SHA256", S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        ("ECDHE-RSA-AES256-GCM-SHA384", S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
        ("ECDHE-RSA-CHACHA20-POLY1305", S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    ];
    let find = |name: &Arc<str>| known.iter().find(|(known, _)| *known == &**name);
    names.iter().filter_map(|name| find(name).map(|(_, suite)| *suite)).collect()
}
