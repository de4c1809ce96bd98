//! The authority of a scenario: everybody's certificates, made when they are asked for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use base64::Engine as _;
use meshwork_identity::{
    CertificateAuthority, Csr, SpiffeId, SvidFuture, SvidSource, TrustBundle, TrustBundles,
    TrustDomain, WorkloadKey, X509Context,
};
use meshwork_transport::{Secret, Secrets};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::{crypto::CryptoProvider, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

/// Signs for workloads as the mesh's authority does, and for everybody else by its root.
pub(super) struct Authority {
    mesh: CertificateAuthority,
    anybody: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    pub(super) provider: Arc<CryptoProvider>,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Authority {
    /// A root, and an authority of the mesh below it.
    pub(super) fn new() -> Result<Self, String> {
        let root_key = key()?;
        let root_params = authority();
        let root = root_params.self_signed(&root_key).map_err(text)?.der().clone();
        let anybody = Issuer::new(root_params, root_key);
        let mesh_key = key()?;
        let signing = authority().signed_by(&mesh_key, &anybody).map_err(text)?;
        let mesh = CertificateAuthority::with_signing_certificate(
            vec![signing.der().clone()],
            &PrivatePkcs8KeyDer::from(mesh_key.serialize_der()),
            root.clone(),
        );
        Ok(Self {
            mesh: mesh.map_err(text)?,
            anybody,
            root,
            provider: meshwork_identity::tls::provider(),
            made: Mutex::default(),
        })
    }

    /// The certificate of a workload, with whom it trusts.
    pub(super) fn workload(&self, id: &str, aliases: &[String]) -> Result<X509Context, String> {
        let id: SpiffeId = id.parse().map_err(text)?;
        let key = WorkloadKey::generate().map_err(text)?;
        let request = Csr::from_der(&key.request(&id).map_err(text)?).map_err(text)?;
        let now = OffsetDateTime::now_utc();
        let issued = self.mesh.issue(&request, &id, None, now).map_err(text)?;
        let svid = key.into_svid(issued.chain).map_err(text)?;
        let bundle = TrustBundle::new(id.trust_domain().clone(), vec![issued.root]);
        let mut bundles = TrustBundles::new(bundle.map_err(text)?);
        for alias in aliases {
            bundles = bundles.alias(alias.parse::<TrustDomain>().map_err(text)?);
        }
        Ok(X509Context::new(svid, bundles))
    }

    /// A certificate with these names, URIs and hosts, comma-separated.
    pub(super) fn certified(&self, names: &str) -> Result<Arc<CertifiedKey>, String> {
        let made = || self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made().get(names) {
            return Ok(Arc::clone(known));
        }
        let (chain, key) = match names.parse::<SpiffeId>() {
            Ok(_) => {
                let context = self.workload(names, &[])?;
                (context.svid.chain().to_vec(), context.svid.key().clone_key())
            }
            Err(_) => self.leaf(names)?,
        };
        let certified = CertifiedKey::from_der(chain, key, &self.provider).map_err(text)?;
        let certified = Arc::new(certified);
        made().insert(names.to_owned(), Arc::clone(&certified));
        Ok(certified)
    }

    fn leaf(
        &self,
        names: &str,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = if name.contains("://") {
                SanType::URI(name.try_into().map_err(text)?)
            } else {
                SanType::DnsName(name.try_into().map_err(text)?)
            };
            params.subject_alt_names.push(name);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.is_ca = IsCa::ExplicitNoCa;
        let key = key()?;
        let leaf = params.signed_by(&key, &self.anybody).map_err(text)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((vec![leaf.der().clone()], key))
    }

    /// What every name of a secret or file stands for: a certificate, and this authority.
    pub(super) fn secret(&self, names: &str) -> Result<AnySecret, String> {
        let (chain, key) = match names.parse::<SpiffeId>() {
            Ok(_) => {
                let context = self.workload(names, &[])?;
                (context.svid.chain().to_vec(), context.svid.key().clone_key())
            }
            Err(_) => self.leaf(names)?,
        };
        let chain: String = chain.iter().map(|one| pem("CERTIFICATE", one)).collect();
        let key = pem("PRIVATE KEY", key.secret_der());
        let secret = Secret::certificate(chain.into_bytes(), key.into_bytes())
            .authorities(pem("CERTIFICATE", &self.root).into_bytes());
        Ok(AnySecret(secret))
    }
}

fn key() -> Result<KeyPair, String> {
    KeyPair::generate().map_err(text)
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "vectors");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - Duration::hours(1), now + Duration::days(1));
    params
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The same secret, whatever its name.
#[derive(Clone, Debug)]
pub(super) struct AnySecret(Secret);

impl Secrets for AnySecret {
    fn secret(&self, _name: &str) -> Option<Secret> {
        Some(self.0.clone())
    }
}

/// A certificate that is there from the start.
#[derive(Debug)]
pub(super) struct Fixed(pub(super) X509Context);

impl SvidSource for Fixed {
    fn fetch(&self, _now: OffsetDateTime) -> SvidFuture<'_> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}
