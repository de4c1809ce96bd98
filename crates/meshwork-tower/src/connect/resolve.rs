//! The seam behind which names are looked up.

use std::{fmt, io, net::IpAddr, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

/// Looks names up for clusters whose endpoints are names (`resolution: DNS`).
///
/// ```
/// use std::{io, net::IpAddr};
/// use futures_util::future::BoxFuture;
/// use meshwork_tower::{Resolve, Resolved};
///
/// /// Every name is this machine.
/// struct Here;
///
/// impl Resolve for Here {
///     fn resolve(&self, _name: &str) -> BoxFuture<'static, io::Result<Resolved>> {
///         Box::pin(async { Ok(Resolved::new([IpAddr::from([127, 0, 0, 1])])) })
///     }
/// }
/// ```
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a name, of both families.
    ///
    /// An answer without addresses says that the name has none: its endpoints are taken away. On
    /// an error the last answer stays, as where nothing is answered within 10 s.
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Resolved>>;
}

/// What a name stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The addresses.
    pub addresses: Vec<IpAddr>,
    /// For how long they hold (a record's TTL); less than a second counts as one. `None` where
    /// nobody says: the name is asked for again after MeshConfig `dnsRefreshRate`.
    pub valid_for: Option<Duration>,
}

impl Resolved {
    /// Addresses that hold for a time that nobody says.
    pub fn new(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self { addresses: addresses.into_iter().collect(), valid_for: None }
    }

    /// The same, for as long as `time`.
    #[must_use]
    pub const fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }
}

/// The system's resolver. It does not tell for how long an answer holds.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemResolver {}

impl SystemResolver {
    /// The system's resolver.
    pub const fn new() -> Self {
        Self {}
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Resolved>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(Resolved::new(found.map(|address| address.ip())))
        })
    }
}

/// A resolver behind a pointer.
#[derive(Clone)]
pub(crate) struct SharedResolver(Arc<dyn Resolve>);

impl SharedResolver {
    pub(crate) fn new(resolver: impl Resolve) -> Self {
        Self(Arc::new(resolver))
    }

    pub(crate) fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Resolved>> {
        self.0.resolve(name)
    }
}

impl fmt::Debug for SharedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedResolver").finish_non_exhaustive()
    }
}
