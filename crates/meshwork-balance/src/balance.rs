//! The contract of a balancing algorithm.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use crate::{Host, Randomness};

/// An algorithm: from a set of hosts it builds the state that picks from them.
///
/// A cluster keeps several sets (one for each priority and health, and for each locality where
/// these count) and builds a [`Picker`] for each of them whenever its members or their health
/// change. Choosing among priorities and localities is the cluster's business.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use meshwork_balance::*;
///
/// /// Always the host with the fewest requests under way.
/// #[derive(Debug)]
/// struct LeastLoaded;
///
/// impl Balance for LeastLoaded {
///     fn picker(&self, _set: &Set<'_>) -> Box<dyn Picker> {
///         Box::new(Self)
///     }
/// }
///
/// impl Picker for LeastLoaded {
///     fn pick(&self, hosts: &[Host], _choice: &mut Choice<'_>) -> Option<usize> {
///         (0..hosts.len()).min_by_key(|index| hosts.get(*index).map(Host::active_requests))
///     }
/// }
///
/// let load_balancing = LoadBalancing {
///     algorithm: Algorithm::Custom(CustomBalance::new(Arc::new(LeastLoaded))),
///     ..LoadBalancing::default()
/// };
/// let config = ClusterConfig { load_balancing, ..ClusterConfig::default() };
/// let cluster = Cluster::new(config, 0, Duration::ZERO);
/// cluster.update([Endpoint::new("10.0.0.1:80", 1), Endpoint::new("10.0.0.2:80", 2)], Duration::ZERO);
/// let cx = Context::new(Duration::ZERO, 0);
/// let first = cluster.pick(&cx)?;
/// let second = cluster.pick(&cx)?;
/// assert_eq!((*first.endpoint(), *second.endpoint()), (1, 2));
/// # Ok::<(), NoHealthyUpstream>(())
/// ```
pub trait Balance: fmt::Debug + Send + Sync {
    /// Builds the state for one set. Called when configuration or health changes, never for a
    /// request.
    fn picker(&self, set: &Set<'_>) -> Box<dyn Picker>;

    /// Whether the request's hash decides everything: then there is one set for each priority
    /// (its healthy hosts, or all in panic), and the hash chooses the priority too.
    fn is_hashing(&self) -> bool {
        false
    }
}

/// The state of an algorithm over one set of hosts. It is shared by all threads.
pub trait Picker: fmt::Debug + Send + Sync {
    /// Chooses an index into `hosts`, which are those that the picker was built from.
    /// Must not allocate.
    fn pick(&self, hosts: &[Host], choice: &mut Choice<'_>) -> Option<usize>;

    /// What the next picker of the same set should go on from.
    fn position(&self) -> u64 {
        0
    }
}

/// The hosts a picker is built from.
#[derive(Clone, Copy, Debug)]
pub struct Set<'a> {
    /// The hosts, in the order in which they were configured.
    pub hosts: &'a [Host],
    /// The share of each host: its weight, times its locality's where localities are weighted,
    /// so that all shares make 1. Empty for algorithms that are not hashing.
    pub shares: &'a [f64],
    /// The time on the caller's clock.
    pub now: Duration,
    /// A random number that stays the same for the life of the cluster.
    pub seed: u64,
    /// [`Picker::position`] of the picker that this one replaces.
    pub position: Option<u64>,
}

/// The circumstances of one choice.
#[derive(Debug)]
pub struct Choice<'a> {
    /// The time on the caller's clock.
    pub now: Duration,
    /// The request's hash; a random number where the request has none.
    pub hash: u64,
    /// How many hosts were rejected during this pick because they had been tried before.
    pub attempt: u32,
    /// The random number by which the priority was chosen.
    pub draw: u64,
    /// More random numbers.
    pub random: &'a mut Randomness,
}

/// An algorithm of the caller's, as configuration.
///
/// Two are equal when they share one algorithm value, which is what keeps a cluster's state when
/// configuration is compiled again.
#[derive(Clone, Debug)]
pub struct CustomBalance(Arc<dyn Balance>);

impl CustomBalance {
    /// Wraps an algorithm.
    pub fn new(balance: Arc<dyn Balance>) -> Self {
        Self(balance)
    }

    pub(crate) fn balance(&self) -> &dyn Balance {
        &*self.0
    }
}

impl PartialEq for CustomBalance {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for CustomBalance {}

impl Hash for CustomBalance {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).cast::<()>().hash(state);
    }
}
