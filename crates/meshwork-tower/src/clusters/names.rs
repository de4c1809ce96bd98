//! Clusters whose endpoints are names: every address of a name is an endpoint (`STRICT_DNS`).

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use meshwork_balance::Endpoint as Member;
use meshwork_policy::{AddressFamilies, NameLookup};
use tokio::{sync::Notify, task::AbortHandle, time::timeout};

use super::{ClusterHandle, Upstream};
use crate::{DialAddress, Resolved, connect::SharedResolver};

/// Keeps a cluster's endpoints to what its names stand for, until it is dropped.
///
/// A name whose first answer is still awaited is an endpoint itself: the connector looks it up
/// with each connection. When no answer comes later on, the last one stays.
pub(super) struct NameFollower {
    followed: Arc<Followed>,
    task: AbortHandle,
}

struct Followed {
    cluster: ClusterHandle,
    lookup: NameLookup,
    state: Mutex<State>,
    /// There are names that were never asked for.
    renamed: Notify,
}

/// What the configuration and the resolver said last.
#[derive(Default)]
struct State {
    members: Vec<Member<Upstream>>,
    answers: HashMap<Arc<str>, Vec<IpAddr>>,
}

impl NameFollower {
    /// Begins; `None` outside of a runtime.
    pub(super) fn start(
        cluster: ClusterHandle,
        lookup: NameLookup,
        resolver: SharedResolver,
    ) -> Option<Self> {
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let (state, renamed) = Default::default();
        let followed = Arc::new(Followed { cluster, lookup, state, renamed });
        let task = runtime.spawn(Arc::clone(&followed).follow(resolver)).abort_handle();
        Some(Self { followed, task })
    }

    /// Replaces what the configuration says.
    pub(super) fn update(&self, members: Vec<Member<Upstream>>) {
        let mut state = self.followed.state();
        let before = state.names();
        state.members = members;
        let names = state.names();
        state.answers.retain(|name, _| names.contains(name));
        self.followed.apply(&state);
        if !names.is_subset(&before) {
            self.followed.renamed.notify_one();
        }
    }
}

impl Drop for NameFollower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Followed {
    async fn follow(self: Arc<Self>, resolver: SharedResolver) {
        self.renamed.notified().await;
        loop {
            let names = self.state().names();
            let asked = names.iter().map(|name| timeout(PATIENCE, resolver.resolve(name)));
            let answers = join_all(asked).await.into_iter().map(|answer| answer?);
            let valid_for = self.take(names.into_iter().zip(answers));
            tokio::select! {
                () = tokio::time::sleep(valid_for) => {}
                () = self.renamed.notified() => {}
            }
        }
    }

    /// Takes answers in, and says when to ask again.
    fn take(&self, answers: impl Iterator<Item = (Arc<str>, io::Result<Resolved>)>) -> Duration {
        let mut soonest = self.lookup.refresh;
        let mut changed = false;
        let mut state = self.state();
        // The configuration may have changed meanwhile.
        let wanted = state.names();
        for (name, answer) in answers.filter(|(name, _)| wanted.contains(name)) {
            match answer {
                Ok(Resolved { addresses, valid_for }) => {
                    soonest = soonest.min(valid_for.unwrap_or(soonest));
                    let addresses = self.wanted(addresses);
                    changed |= state.answers.get(&name) != Some(&addresses);
                    state.answers.insert(name, addresses);
                }
                Err(error) => {
                    let cluster = self.cluster.name();
                    tracing::warn!(%cluster, %name, %error, "a name was not resolved");
                }
            }
        }
        if changed {
            self.apply(&state);
        }
        soonest.max(SHORTEST)
    }

    /// The addresses that count, in an order of their own: resolvers turn theirs with each answer.
    fn wanted(&self, mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        addresses.retain(|address| match self.lookup.families {
            AddressFamilies::V4 => address.is_ipv4(),
            AddressFamilies::V6 => address.is_ipv6(),
            _ => true,
        });
        addresses.sort_unstable();
        addresses
    }

    fn apply(&self, state: &State) {
        self.cluster.update(state.endpoints());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn names(&self) -> BTreeSet<Arc<str>> {
        let names = self.members.iter().filter_map(|member| match member.value.address() {
            DialAddress::Name(name, _) => Some(Arc::clone(name)),
            _ => None,
        });
        names.collect()
    }

    /// The members with addresses in the place of names; each address once.
    fn endpoints(&self) -> Vec<Member<Upstream>> {
        let mut taken: HashSet<SocketAddr> = self.members.iter().filter_map(ip).collect();
        let mut endpoints = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let DialAddress::Name(name, port) = member.value.address() else {
                endpoints.push(member.clone());
                continue;
            };
            let Some(answer) = self.answers.get(name) else {
                endpoints.push(member.clone());
                continue;
            };
            for address in answer {
                let address = SocketAddr::new(*address, *port);
                if taken.insert(address) {
                    endpoints.push(Member {
                        address: address.to_string().into(),
                        value: member.value.at(address.into()),
                        ..member.clone()
                    });
                }
            }
        }
        endpoints
    }
}

fn ip(member: &Member<Upstream>) -> Option<SocketAddr> {
    match member.value.address() {
        DialAddress::Ip(address) => Some(*address),
        _ => None,
    }
}

/// How long an answer is waited for; the names of a cluster are asked for together.
const PATIENCE: Duration = Duration::from_secs(10);

/// The least time between two look-ups.
const SHORTEST: Duration = Duration::from_secs(1);
