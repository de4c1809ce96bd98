//! One authority for both sides, and one that nobody trusts.

use std::{fs, path::Path};

use base64::Engine as _;
use meshwork_identity::{
    CertificateAuthority, Csr, SpiffeId, SvidFuture, SvidSource, TrustBundle, TrustBundles,
    TrustDomain, WorkloadKey, X509Context,
};
use time::{Duration, OffsetDateTime};

/// An authority of a trust domain.
pub(super) struct Authority {
    authority: CertificateAuthority,
    trust_domain: TrustDomain,
}

impl Authority {
    pub(super) fn new(trust_domain: &str) -> Result<Self, String> {
        let trust_domain: TrustDomain = trust_domain.parse().map_err(text)?;
        let now = OffsetDateTime::now_utc();
        let authority = CertificateAuthority::self_signed(&trust_domain, now, Duration::days(1));
        Ok(Self { authority: authority.map_err(text)?, trust_domain })
    }

    /// The certificate of a workload that trusts this authority and another one.
    pub(super) fn workload(&self, account: &str, other: &Self) -> Result<X509Context, String> {
        let id = format!("spiffe://{}/ns/interop/sa/{account}", self.trust_domain);
        let id: SpiffeId = id.parse().map_err(text)?;
        let key = WorkloadKey::generate().map_err(text)?;
        let request = Csr::from_der(&key.request(&id).map_err(text)?).map_err(text)?;
        let now = OffsetDateTime::now_utc();
        let issued = self.authority.issue(&request, &id, None, now).map_err(text)?;
        let roots = [issued.root, other.authority.root().clone()];
        let bundle = TrustBundle::new(self.trust_domain.clone(), roots);
        let svid = key.into_svid(issued.chain).map_err(text)?;
        Ok(X509Context::new(svid, TrustBundles::new(bundle.map_err(text)?)))
    }

    /// Writes a workload's chain and key, and this authority's root, for Envoy to read.
    pub(super) fn write(&self, folder: &Path, account: &str) -> Result<(), String> {
        let context = self.workload(account, self)?;
        let chain = context.svid.chain().iter().map(|one| pem("CERTIFICATE", one));
        let write = |name: &str, text: String| {
            fs::write(folder.join(name), text).map_err(|error| error.to_string())
        };
        write(&format!("{account}.pem"), chain.collect())?;
        write(&format!("{account}.key"), pem("PRIVATE KEY", context.svid.key().secret_der()))?;
        write("root.pem", pem("CERTIFICATE", self.authority.root()))
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

fn pem(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
