//! Certificates that configuration names instead of holding.

use std::{collections::HashMap, fmt, sync::Arc};

use zeroize::Zeroizing;

/// Finds the secrets that `credentialName` of a Gateway or a DestinationRule names.
///
/// In a cluster these are Secrets in the workload's own namespace; whoever implements this sees to
/// it that nobody gets a secret of somebody else.
pub trait Secrets: fmt::Debug + Send + Sync + 'static {
    /// The secret of this name; `None` where there is none, which refuses the connection.
    ///
    /// The names of a DestinationRule come as `kubernetes://NAME` and `kubernetes://NAME-cacert`.
    fn secret(&self, name: &str) -> Option<Secret>;

    /// Another number after any secret has changed.
    ///
    /// What was read under another number is read anew with the next handshake; where the number
    /// never changes, as by default, secrets are read anew every second.
    fn version(&self) -> u64 {
        0
    }
}

/// The PEM texts of a secret; those that it does not have are empty.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Secret {
    /// The certificate chain, leaf first (`tls.crt`).
    pub chain: Arc<[u8]>,
    /// Its key (`tls.key`), wiped when dropped.
    pub key: Arc<Zeroizing<Vec<u8>>>,
    /// The authorities that the other side's certificate has to lead to (`ca.crt`).
    pub authorities: Arc<[u8]>,
    /// The certificates that they revoked (`ca.crl`).
    pub revoked: Arc<[u8]>,
}

impl Secret {
    /// A secret with a certificate chain and its key.
    pub fn certificate(chain: impl Into<Arc<[u8]>>, key: Vec<u8>) -> Self {
        let key = Arc::new(Zeroizing::new(key));
        Self { chain: chain.into(), key, ..Self::default() }
    }

    /// Adds authorities.
    #[must_use]
    pub fn authorities(mut self, authorities: impl Into<Arc<[u8]>>) -> Self {
        self.authorities = authorities.into();
        self
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("chain", &self.chain.len())
            .field("authorities", &self.authorities.len())
            .finish_non_exhaustive()
    }
}

/// No secret at all.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn secret(&self, _name: &str) -> Option<Secret> {
        None
    }
}

/// Secrets that are known beforehand.
#[derive(Clone, Debug, Default)]
pub struct StaticSecrets(HashMap<String, Secret>);

impl StaticSecrets {
    /// No secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, secret: Secret) -> Self {
        self.0.insert(name.into(), secret);
        self
    }
}

impl Secrets for StaticSecrets {
    fn secret(&self, name: &str) -> Option<Secret> {
        let name = name.strip_prefix("kubernetes://").unwrap_or(name);
        self.0.get(name).cloned()
    }
}
