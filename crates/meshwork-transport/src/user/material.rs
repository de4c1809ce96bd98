//! Keys, certificates and authorities, read when they are needed and again when they are old.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use meshwork_policy::{Certificate, CertificateAuthority, UpstreamTls};
use rustls::{crypto::CryptoProvider, sign::CertifiedKey};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, TrustAnchor, pem::PemObject,
};
use tokio::{io::AsyncReadExt as _, time::Instant};
use webpki::{CertRevocationList, OwnedCertRevocationList};
use zeroize::Zeroizing;

use crate::{Secret, Secrets};

/// A certificate, key or authority cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}`: {reason}")]
#[non_exhaustive]
pub(crate) struct MaterialError {
    pub(crate) name: Arc<str>,
    pub(crate) reason: String,
    /// There is no secret of this name.
    pub(crate) missing: bool,
}

pub(crate) fn refused(name: &str, reason: impl fmt::Display) -> MaterialError {
    MaterialError { name: name.into(), reason: reason.to_string(), missing: false }
}

/// Authorities, and what they revoked.
#[derive(Clone, Debug)]
pub(crate) struct Authorities {
    pub(crate) anchors: Arc<[TrustAnchor<'static>]>,
    pub(crate) revoked: Arc<[CertRevocationList<'static>]>,
}

/// What a client's connection needs beside names.
#[derive(Debug)]
pub(crate) struct ClientMaterial {
    pub(crate) certificate: Option<Arc<CertifiedKey>>,
    /// `None`: the server is not verified at all.
    pub(crate) authorities: Option<Authorities>,
}

type ClientKey = (Option<CertificateAuthority>, Option<Certificate>, Option<Arc<str>>);

/// The materials of all clusters with TLS of the user's.
#[derive(Debug, Default)]
pub(crate) struct ClientMaterials(Cache<ClientKey, ClientMaterial>);

impl ClientMaterials {
    pub(crate) async fn load(
        &self,
        tls: &UpstreamTls,
        secrets: &dyn Secrets,
        provider: &CryptoProvider,
    ) -> Result<Arc<ClientMaterial>, MaterialError> {
        let key = (tls.authority.clone(), tls.certificate.clone(), tls.crl.clone());
        let version = secrets.version();
        if let Some(known) = self.0.fresh(&key, version) {
            return Ok(known);
        }
        let certificate = match &tls.certificate {
            None | Some(Certificate::Workload) => None,
            Some(Certificate::Files { chain, key }) => {
                let (chain_pem, key_pem) = (read(chain).await?, read(key).await?);
                Some(certified(chain, &chain_pem, &key_pem, provider)?)
            }
            Some(Certificate::Secret(name)) => {
                let secret = find(secrets, name)?;
                Some(certified(name, &secret.chain, &secret.key, provider)?)
            }
            Some(_) => return Err(refused("certificate", "its kind is not known")),
        };
        let revoked = match &tls.crl {
            Some(path) => read(path).await?,
            None => Zeroizing::default(),
        };
        let authorities = match &tls.authority {
            None => None,
            Some(CertificateAuthority::File(path)) => {
                Some(authorities(path, &read(path).await?, &revoked)?)
            }
            Some(CertificateAuthority::System) => Some(system(&revoked).await?),
            Some(CertificateAuthority::Secret(name)) => {
                let secret = authorities_of(secrets, name)?;
                Some(authorities(name, &secret.authorities, &secret.revoked)?)
            }
            Some(_) => return Err(refused("authority", "its kind is not known")),
        };
        Ok(self.0.keep(key, version, ClientMaterial { certificate, authorities }))
    }
}

/// Values by what they were made from, each good for a second, or until secrets change.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Mutex<HashMap<K, Kept<V>>>);

#[derive(Debug)]
struct Kept<V> {
    when: Instant,
    version: u64,
    value: Arc<V>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn fresh(&self, key: &K, version: u64) -> Option<Arc<V>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.get(key)?;
        let fresh = kept.version == version && kept.when.elapsed() < FRESH;
        fresh.then(|| Arc::clone(&kept.value))
    }

    /// The last good value, which goes on for another second: what replaces it cannot be used.
    pub(crate) fn last(&self, key: &K, version: u64) -> Option<Arc<V>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.get_mut(key)?;
        (kept.when, kept.version) = (Instant::now(), version);
        Some(Arc::clone(&kept.value))
    }

    pub(crate) fn keep(&self, key: K, version: u64, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, kept| kept.when.elapsed() < KEPT);
        let kept = Kept { when: Instant::now(), version, value: Arc::clone(&value) };
        known.insert(key, kept);
        value
    }
}

pub(crate) fn find(secrets: &dyn Secrets, name: &str) -> Result<Secret, MaterialError> {
    let missing = || MaterialError { missing: true, ..refused(name, "there is no such secret") };
    secrets.secret(name).ok_or_else(missing)
}

/// The authorities of a secret: in the one with `-cacert`, else in the one without.
pub(crate) fn authorities_of(secrets: &dyn Secrets, name: &str) -> Result<Secret, MaterialError> {
    let own = secrets.secret(name).filter(|secret| !secret.authorities.is_empty());
    let beside = || find(secrets, name.strip_suffix("-cacert").unwrap_or(name));
    own.map_or_else(beside, Ok)
}

pub(crate) async fn read(path: &str) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
    let mut bytes = Zeroizing::default();
    let file = tokio::fs::File::open(path).await.map_err(|error| refused(path, error))?;
    let limited = file.take(MAX_FILE + 1).read_to_end(&mut bytes).await;
    limited.map_err(|error| refused(path, error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(refused(path, "longer than 4 MiB"));
    }
    Ok(bytes)
}

pub(crate) fn certified(
    name: &str,
    chain: &[u8],
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, MaterialError> {
    let chain = certificates(name, chain)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| refused(name, format!("the private key: {error}")))?;
    let certified = CertifiedKey::from_der(chain, key, provider)
        .map_err(|error| refused(name, format!("certificate and key: {error}")))?;
    Ok(Arc::new(certified))
}

pub(crate) fn authorities(
    name: &str,
    pem: &[u8],
    revoked: &[u8],
) -> Result<Authorities, MaterialError> {
    let anchors: Result<Vec<_>, _> = certificates(name, pem)?
        .iter()
        .map(|root| webpki::anchor_from_trusted_cert(root).map(|anchor| anchor.to_owned()))
        .collect();
    let anchors = anchors.map_err(|error| refused(name, format!("an authority: {error}")))?;
    Ok(Authorities { anchors: anchors.into(), revoked: revocations(name, revoked)? })
}

fn certificates(name: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|error| refused(name, error))?;
    if all.is_empty() { Err(refused(name, "holds no certificate")) } else { Ok(all) }
}

fn revocations(
    name: &str,
    pem: &[u8],
) -> Result<Arc<[CertRevocationList<'static>]>, MaterialError> {
    let lists: Result<Vec<_>, MaterialError> = CertificateRevocationListDer::pem_slice_iter(pem)
        .map(|list| {
            let list = list.map_err(|error| refused(name, error))?;
            OwnedCertRevocationList::from_der(&list)
                .map(CertRevocationList::from)
                .map_err(|error| refused(name, error))
        })
        .collect();
    let lists = lists?;
    if lists.is_empty() && !pem.is_empty() {
        return Err(refused(name, "holds no revocation list"));
    }
    Ok(lists.into())
}

/// The authorities that the operating system trusts; those that cannot be used are passed over.
async fn system(revoked: &[u8]) -> Result<Authorities, MaterialError> {
    for path in SYSTEM_BUNDLES {
        let Ok(pem) = read(path).await else { continue };
        let anchors: Arc<[_]> = CertificateDer::pem_slice_iter(&pem)
            .flatten()
            .filter_map(|root| Some(webpki::anchor_from_trusted_cert(&root).ok()?.to_owned()))
            .collect();
        if !anchors.is_empty() {
            return Ok(Authorities { anchors, revoked: revocations(path, revoked)? });
        }
    }
    Err(refused("the system's authorities", "no bundle is where Linux distributions keep theirs"))
}

/// How long what was read is used without reading it again.
const FRESH: Duration = Duration::from_secs(1);
/// How long what is not used is kept.
const KEPT: Duration = Duration::from_secs(600);
/// How large a file may be, in bytes; a system's bundle has a quarter of a mebibyte.
const MAX_FILE: u64 = 4 << 20;
/// Where distributions keep the bundle.
const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
