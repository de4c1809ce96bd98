//! Certificates from files.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{SvidFuture, SvidSource, SvidSourceError};
use crate::{Svid, TrustBundle, TrustBundles, TrustDomain, X509Context};

/// A certificate chain, its key and the mesh's roots in PEM files, as an agent or cert-manager
/// writes them (Istio's `/var/run/secrets/workload-spiffe-credentials`).
///
/// The files are read again every second: mounted secrets change by swapping a link, which
/// watching single files does not see. While they do not fit together, as between two writes, the
/// former certificate stays in force.
#[derive(Clone, Debug)]
pub struct FileSource {
    chain: PathBuf,
    key: PathBuf,
    roots: PathBuf,
    aliases: Vec<TrustDomain>,
    federated: Vec<(TrustDomain, PathBuf)>,
    interval: Duration,
}

impl FileSource {
    /// How large a file may be, in bytes.
    pub const MAX_LEN: u64 = 1 << 20;

    /// The three files.
    pub fn new(
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        roots: impl Into<PathBuf>,
    ) -> Self {
        Self {
            chain: chain.into(),
            key: key.into(),
            roots: roots.into(),
            aliases: Vec::new(),
            federated: Vec::new(),
            interval: Duration::from_secs(1),
        }
    }

    /// `cert-chain.pem`, `key.pem` and `root-cert.pem` in a folder, Istio's names.
    pub fn in_folder(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        Self::new(
            folder.join("cert-chain.pem"),
            folder.join("key.pem"),
            folder.join("root-cert.pem"),
        )
    }

    /// How often the files are read; every second where nothing is said.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Accepts peers of another name of the trust domain, see [`TrustBundles::alias`].
    #[must_use]
    pub fn alias(mut self, trust_domain: TrustDomain) -> Self {
        self.aliases.push(trust_domain);
        self
    }

    /// Accepts peers of another trust domain, whose roots are in a file of their own.
    #[must_use]
    pub fn federate(mut self, trust_domain: TrustDomain, roots: impl Into<PathBuf>) -> Self {
        self.federated.push((trust_domain, roots.into()));
        self
    }

    fn load(&self) -> Result<X509Context, SvidSourceError> {
        let chain = read(&self.chain)?;
        let key = Zeroizing::new(read(&self.key)?);
        let svid = Svid::from_pem(&chain, &key)
            .map_err(|error| SvidSourceError::new(self.chain.display().to_string(), error))?;
        let own = bundle(svid.id().trust_domain().clone(), &self.roots)?;
        let mut bundles =
            self.aliases.iter().cloned().fold(TrustBundles::new(own), TrustBundles::alias);
        for (trust_domain, path) in &self.federated {
            bundles = bundles.federate(bundle(trust_domain.clone(), path)?);
        }
        Ok(X509Context::new(svid, bundles))
    }
}

impl SvidSource for FileSource {
    fn fetch(&self, _now: OffsetDateTime) -> SvidFuture<'_> {
        Box::pin(std::future::ready(self.load()))
    }

    fn poll_interval(&self) -> Option<Duration> {
        Some(self.interval)
    }
}

fn bundle(trust_domain: TrustDomain, path: &Path) -> Result<TrustBundle, SvidSourceError> {
    TrustBundle::from_pem(trust_domain, &read(path)?)
        .map_err(|error| SvidSourceError::new(path.display().to_string(), error))
}

fn read(path: &Path) -> Result<Vec<u8>, SvidSourceError> {
    let failed =
        |error: &dyn std::fmt::Display| SvidSourceError::new(path.display().to_string(), error);
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(FileSource::MAX_LEN + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| failed(&error))?;
    if bytes.len() as u64 > FileSource::MAX_LEN {
        return Err(failed(&"longer than 1 MiB"));
    }
    Ok(bytes)
}
