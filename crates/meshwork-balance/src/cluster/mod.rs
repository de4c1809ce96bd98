//! The endpoints of one destination, and picking from them.

mod member;
mod select;
mod sets;
mod status;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use meshwork_core::Locality;

use self::{
    member::{Callers, Member},
    sets::{Builder, Members, Sets},
};
use crate::{
    Breaker, ClusterConfig, Context, Endpoint, HostId, Outcome, OutlierDetection, Pick,
    host::HostState, outlier::may_eject,
};

pub use status::EndpointStatus;

pub(crate) use member::Member as ClusterMember;

/// The endpoints of one destination with their state, shared by all requests to it.
///
/// Cloning gives another handle to the same cluster. [`pick`](Self::pick) takes `&self`, does not
/// allocate and can be called from any number of threads; updates and ejections build new sets
/// beside the old ones and swap them in.
pub struct Cluster<E>(Arc<Inner<E>>);

/// No endpoint can take the request: Envoy's `no healthy upstream`, 503 with the flag `UH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no healthy upstream")]
pub struct NoHealthyUpstream;

pub(crate) struct Inner<E> {
    config: ClusterConfig,
    seed: u64,
    breaker: Arc<Breaker>,
    sets: ArcSwap<Sets<E>>,
    ids: AtomicU64,
    writer: Mutex<Writer<E>>,
}

struct Writer<E> {
    next_tick: Duration,
    callers: Option<Callers>,
    /// Addresses that the application dialled itself.
    dialled: HashMap<Arc<str>, Arc<Member<E>>>,
}

impl<E> Cluster<E> {
    /// A cluster without endpoints. `seed` spreads the first turns of different clients; `now` is
    /// the time on the caller's clock, on which all other times are given too.
    pub fn new(config: ClusterConfig, seed: u64, now: Duration) -> Self {
        let interval = config.outlier_detection.as_ref().map_or(Duration::MAX, |o| o.interval);
        let inner = Inner {
            seed,
            breaker: Arc::new(Breaker::new(config.circuit_breakers.clone())),
            sets: ArcSwap::from_pointee(
                Builder::new(&config, None, seed, now).build(Box::new([]), None),
            ),
            ids: AtomicU64::new(0),
            writer: Mutex::new(Writer {
                next_tick: now.saturating_add(interval),
                callers: None,
                dialled: HashMap::new(),
            }),
            config,
        };
        Self(Arc::new(inner))
    }

    /// What the cluster was made with.
    pub fn config(&self) -> &ClusterConfig {
        &self.0.config
    }

    /// The circuit breakers.
    pub fn breaker(&self) -> &Arc<Breaker> {
        &self.0.breaker
    }

    /// Replaces the endpoints. The state of an endpoint whose address stays (requests under way,
    /// error counts, ejection, age) is kept. Of several endpoints with one address the first
    /// counts.
    pub fn update(&self, endpoints: impl IntoIterator<Item = Endpoint<E>>, now: Duration) {
        let inner = &*self.0;
        let writer = inner.writer();
        let sets = inner.sets.load_full();
        let mut known: HashMap<&str, &Arc<HostState>> =
            sets.members.iter().map(|m| (&*m.state.address, &m.state)).collect();
        let mut seen = hashbrown::HashSet::new();
        let mut members = Vec::new();
        for endpoint in endpoints {
            if !seen.insert(Arc::clone(&endpoint.address)) {
                continue;
            }
            let state = match known.remove(&*endpoint.address) {
                Some(state) => Arc::clone(state),
                None => inner.host(endpoint.address, now),
            };
            members.push(Arc::new(Member {
                value: endpoint.value,
                state,
                weight: endpoint.weight.max(1),
                reported: endpoint.health,
                locality: endpoint.locality,
                // No more priorities than anyone has use for, so that a large number costs nothing.
                priority: usize::try_from(endpoint.priority.min(MAX_PRIORITY)).unwrap_or(0),
                locality_weight: endpoint.locality_weight,
            }));
        }
        match sets.with_values(members.into()) {
            Ok(same) => inner.sets.store(Arc::new(same)),
            Err(members) => inner.publish(&writer, members, &sets, now),
        }
    }

    /// Tells where the callers of this cluster are, this client among them, and where this client
    /// is itself. Zone-aware routing needs it.
    pub fn update_callers(&self, own: Locality, callers: Vec<(Locality, u32)>, now: Duration) {
        let mut writer = self.0.writer();
        writer.callers = Some(Callers { own, counts: callers });
        let sets = self.0.sets.load_full();
        self.0.publish(&writer, sets.members.clone(), &sets, now);
    }

    /// Picks an endpoint for one attempt.
    ///
    /// # Errors
    /// No endpoint can take the request.
    pub fn pick(&self, cx: &Context<'_>) -> Result<Pick<E>, NoHealthyUpstream> {
        let sets = self.0.sets.load();
        let (index, priority) = sets.select(cx).ok_or(NoHealthyUpstream)?;
        let member = sets.members.get(index).ok_or(NoHealthyUpstream)?;
        Ok(Pick::new(Arc::clone(&self.0), Arc::clone(member), priority))
    }

    /// The endpoint at an address that the application dialled itself (Istio's `PASSTHROUGH`):
    /// one of the cluster's or, made by `value`, one that is kept until a [`sweep`](Self::sweep)
    /// finds it unused.
    pub fn pick_address(&self, address: &str, value: impl FnOnce() -> E, now: Duration) -> Pick<E> {
        let sets = self.0.sets.load();
        let known = sets.members.iter().find(|member| *member.state.address == *address);
        let member = match known {
            Some(member) => Arc::clone(member),
            None => {
                let mut writer = self.0.writer();
                let made = || Member::dialled(value(), self.0.host(Arc::from(address), now));
                Arc::clone(writer.dialled.entry(Arc::from(address)).or_insert_with(made))
            }
        };
        Pick::new(Arc::clone(&self.0), member, 0)
    }

    /// Lets ejected endpoints come back whose time is over.
    ///
    /// As in Envoy that is decided at the ticks of `interval`, counted from the cluster's making;
    /// this works off the ticks that are due.
    pub fn sweep(&self, now: Duration) {
        let mut writer = self.0.writer();
        writer.dialled.retain(|_, member| member.state.active.load(Ordering::Relaxed) > 0);
        let Some(outlier) = &self.0.config.outlier_detection else { return };
        let sets = self.0.sets.load_full();
        let mut returned = false;
        while writer.next_tick <= now {
            let tick = writer.next_tick;
            let mut quiet = true;
            for member in &sets.members {
                returned |= member.state.record.tick(outlier, tick);
                quiet &= member.state.record.is_quiet();
            }
            writer.next_tick = next_tick(outlier, tick, quiet.then_some(now));
        }
        if returned {
            self.0.publish(&writer, sets.members.clone(), &sets, now);
        }
    }

    /// When [`sweep`](Self::sweep) has something to do next; `None` where it never has.
    pub fn next_sweep(&self) -> Option<Duration> {
        self.0.config.outlier_detection.as_ref().map(|_| self.0.writer().next_tick)
    }

    /// The endpoints and how they are doing.
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        self.0.sets.load().members.iter().map(|member| EndpointStatus::new(member)).collect()
    }
}

impl<E> Inner<E> {
    /// Counts what came of a request, and ejects the host where that is due.
    pub(crate) fn observe(&self, host: &HostState, outcome: Outcome, now: Duration) {
        let Some(outlier) = &self.config.outlier_detection else { return };
        for trigger in host.record.count(outlier, outcome).into_iter().flatten() {
            let writer = self.writer();
            if host.record.is_ejected() {
                continue;
            }
            host.record.reset(trigger);
            let sets = self.sets.load_full();
            let ejected = sets.members.iter().filter(|m| m.state.record.is_ejected()).count();
            // A host that has left the cluster meanwhile is nobody's concern.
            if sets.members.iter().any(|member| member.state.id == host.id)
                && may_eject(outlier, ejected, sets.members.len())
            {
                host.record.eject(outlier, now);
                self.publish(&writer, sets.members.clone(), &sets, now);
            }
        }
    }

    fn publish(&self, writer: &Writer<E>, members: Members<E>, previous: &Sets<E>, now: Duration) {
        let builder = Builder::new(&self.config, writer.callers.as_ref(), self.seed, now);
        self.sets.store(Arc::new(builder.build(members, Some(previous))));
    }

    fn host(&self, address: Arc<str>, now: Duration) -> Arc<HostState> {
        let id = HostId(self.ids.fetch_add(1, Ordering::Relaxed));
        Arc::new(HostState::new(id, address, now))
    }

    fn writer(&self) -> MutexGuard<'_, Writer<E>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Builder<'a> {
    fn new(
        config: &'a ClusterConfig,
        callers: Option<&'a Callers>,
        seed: u64,
        now: Duration,
    ) -> Self {
        let config = &config.load_balancing;
        Self { config, balance: config.algorithm.balance(), callers, seed, now }
    }
}

/// The tick after `tick`; where nothing can change, the first one after `now`.
fn next_tick(outlier: &OutlierDetection, tick: Duration, now: Option<Duration>) -> Duration {
    let interval = outlier.interval.max(Duration::from_millis(1));
    let late = now.map_or(Duration::ZERO, |now| now.saturating_sub(tick));
    let skipped = u32::try_from(late.as_nanos() / interval.as_nanos()).unwrap_or(u32::MAX);
    tick.saturating_add(interval.saturating_mul(skipped.saturating_add(1)))
}

impl<E> Clone for Cluster<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> fmt::Debug for Cluster<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("config", &self.0.config)
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}

/// Envoy's own limit of priorities in endpoint discovery.
const MAX_PRIORITY: u32 = 128;
