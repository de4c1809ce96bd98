//! Where a workload's certificate comes from.

mod authority;
#[cfg(feature = "file")]
mod file;

use std::{fmt, future::Future, pin::Pin, time::Duration};

use time::OffsetDateTime;

use crate::X509Context;

pub use authority::{AuthoritySource, CertificateService, CreateCertificateError};
#[cfg(feature = "file")]
pub use file::FileSource;

/// Gives a workload its certificate and its roots: an authority in this process, files, a control
/// plane, an agent.
///
/// Whoever runs a source asks it when [`Rotation`](crate::Rotation) says so, and goes on with the
/// former certificate while it fails.
///
/// ```
/// use meshwork_identity::{SvidFuture, SvidSource, X509Context};
/// use time::OffsetDateTime;
///
/// /// A certificate that never changes.
/// #[derive(Debug)]
/// struct Fixed(X509Context);
///
/// impl SvidSource for Fixed {
///     fn fetch(&self, _now: OffsetDateTime) -> SvidFuture<'_> {
///         Box::pin(std::future::ready(Ok(self.0.clone())))
///     }
/// }
/// ```
pub trait SvidSource: fmt::Debug + Send + Sync + 'static {
    /// Asks for a certificate at `now`. A key should serve for one certificate only.
    ///
    /// The caller bounds the time that this may take.
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_>;

    /// How often to look for a certificate that was replaced from outside, as files are; `None`
    /// where only a renewal that is due brings a new one.
    fn poll_interval(&self) -> Option<Duration> {
        None
    }
}

impl<S: SvidSource + ?Sized> SvidSource for Box<S> {
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_> {
        (**self).fetch(now)
    }

    fn poll_interval(&self) -> Option<Duration> {
        (**self).poll_interval()
    }
}

/// A certificate that is on its way.
pub type SvidFuture<'a> =
    Pin<Box<dyn Future<Output = Result<X509Context, SvidSourceError>> + Send + 'a>>;

/// A source gave no certificate this time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}: {reason}")]
#[non_exhaustive]
pub struct SvidSourceError {
    /// Which source.
    pub source_name: String,
    /// Why it gave none.
    pub reason: String,
}

impl SvidSourceError {
    /// An error of the source with this name.
    pub fn new(source_name: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { source_name: source_name.into(), reason: reason.to_string() }
    }
}
