//! The identity of this process: a source that is asked in time, and what it gave last.

mod options;
mod task;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use meshwork_core::Publisher;
use meshwork_identity::{
    CertificateState, Rotation, SpiffeId, SvidSource, SvidSourceError,
    tls::{LiveIdentity, TlsIdentity, TlsIdentityError, VerifyError},
};
use rustls::crypto::CryptoProvider;
use time::OffsetDateTime;
use tokio::{sync::watch, task::AbortHandle};

pub use options::IdentityOptions;

/// The workload's certificate, kept fresh: shared by the connector and the acceptor.
///
/// A task asks the [`SvidSource`] when it is time. While renewing fails, the certificate that is
/// there goes on serving until it ends; then connections are refused with that reason. Handshakes
/// read what is in force when they begin, so a rotation fails none.
///
/// Clones are the same identity; the task ends with the last one.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// What the task and the readers share.
struct Shared {
    publisher: Publisher<Option<TlsIdentity>>,
    rotation: Mutex<Rotation>,
    status: watch::Sender<IdentityStatus>,
    provider: Arc<CryptoProvider>,
}

/// How an identity stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityStatus {
    /// How many certificates came so far.
    pub generation: u64,
    /// When the certificate in force ends.
    pub not_after: Option<OffsetDateTime>,
    /// Why the last attempt brought none; `None` where it brought one.
    pub failure: Option<Arc<str>>,
}

/// A certificate that was offered and is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The source gave none.
    #[error(transparent)]
    Source(#[from] SvidSourceError),
    /// The source did not answer in time.
    #[error("the source did not answer within {0} s")]
    TimedOut(u64),
    /// It is the one that is in force, although a new one was due.
    #[error("the source gave the certificate that is in force already")]
    Unchanged,
    /// The TLS library does not take it.
    #[error(transparent)]
    Tls(#[from] TlsIdentityError),
    /// Peers that trust the same roots would refuse it.
    #[error("peers would refuse the certificate: {0}")]
    Refused(#[from] VerifyError),
    /// It is somebody else's.
    #[error("the certificate is that of `{found}`, not of `{expected}`")]
    Other {
        /// Whose it is.
        found: SpiffeId,
        /// Whose it should be.
        expected: SpiffeId,
    },
}

/// Why no handshake can be made now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// No certificate came yet.
    #[error("the workload has no certificate yet: {0}")]
    Missing(Arc<str>),
    /// The certificate has ended and could not be renewed.
    #[error("the workload's certificate has expired: {0}")]
    Expired(Arc<str>),
}

impl Identity {
    /// Starts with Istio's schedule and the default provider; waits for the first certificate.
    ///
    /// # Errors
    /// Where none came within 10 s: the last reason.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub async fn start(source: impl SvidSource) -> Result<Self, IdentityError> {
        Self::start_with(source, IdentityOptions::default()).await
    }

    /// Starts with other options; waits for the first certificate.
    ///
    /// # Errors
    /// Where none came within [`IdentityOptions::start_timeout`]: the last reason.
    pub async fn start_with(
        source: impl SvidSource,
        options: IdentityOptions,
    ) -> Result<Self, IdentityError> {
        let (identity, failure) = Self::spawn(source, options, true).await;
        match failure {
            Some(error) => Err(error),
            None => Ok(identity),
        }
    }

    /// Starts without waiting: until the first certificate comes, mutual TLS is refused.
    pub async fn start_detached(source: impl SvidSource, options: IdentityOptions) -> Self {
        Self::spawn(source, options, false).await.0
    }

    async fn spawn(
        source: impl SvidSource,
        options: IdentityOptions,
        wait: bool,
    ) -> (Self, Option<IdentityError>) {
        let shared = Arc::new(Shared {
            publisher: Publisher::new(None),
            rotation: Mutex::new(options.rotation.clone()),
            status: watch::Sender::default(),
            provider: Arc::clone(&options.provider),
        });
        let first = if wait { task::first(&source, &shared, &options).await } else { None };
        let running = task::run(source, Arc::downgrade(&shared), options);
        let task = tokio::spawn(running).abort_handle();
        (Self(Arc::new(Inner { shared, task })), first)
    }

    /// What handshakes read.
    pub fn live(&self) -> LiveIdentity {
        self.0.shared.publisher.live()
    }

    /// The cryptography that handshakes use.
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.0.shared.provider
    }

    /// How the certificate stands now.
    pub fn state(&self) -> CertificateState {
        self.0.shared.rotation().state(OffsetDateTime::now_utc())
    }

    /// How it stands, to be awaited: it changes with every attempt to renew.
    pub fn status(&self) -> watch::Receiver<IdentityStatus> {
        self.0.shared.status.subscribe()
    }

    /// Whether handshakes can be made now.
    ///
    /// # Errors
    /// [`Unusable`] says why not.
    pub fn usable(&self) -> Result<(), Unusable> {
        let reason = || {
            let failure = self.0.shared.status.borrow().failure.clone();
            failure.unwrap_or_else(|| "it was not renewed".into())
        };
        match self.state() {
            CertificateState::Missing => Err(Unusable::Missing(reason())),
            CertificateState::Expired => Err(Unusable::Expired(reason())),
            _ => Ok(()),
        }
    }
}

impl Shared {
    fn rotation(&self) -> MutexGuard<'_, Rotation> {
        self.rotation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.0.shared.publisher.current();
        let id = (*current).as_ref().map(|identity| identity.context().svid.id());
        f.debug_struct("Identity").field("id", &id).field("state", &self.state()).finish()
    }
}
