//! The sets of hosts that picks choose from, built anew whenever members or health change.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use meshwork_core::Locality;

use super::member::{Callers, Member};
use crate::{
    Balance, Health, Host, LoadBalancing, LocalityRouting, Picker, Set,
    algorithm::Edf,
    locality::ZoneRouting,
    priority::{Availability, Census, Loads},
};

/// Everything that a pick reads.
#[derive(Debug)]
pub(crate) struct Sets<E> {
    pub(crate) members: Members<E>,
    pub(crate) priorities: Arc<[PrioritySets]>,
    pub(crate) loads: Arc<Loads>,
    pub(crate) hashing: bool,
}

/// The endpoints of a cluster.
pub(crate) type Members<E> = Box<[Arc<Member<E>>]>;

impl<E> Sets<E> {
    /// The same sets with other values for the endpoints, if nothing but these has changed. Turns
    /// go on then as if nothing had happened.
    pub(crate) fn with_values(&self, members: Members<E>) -> Result<Self, Members<E>> {
        let same = self.members.len() == members.len()
            && self.members.iter().zip(&members).all(|(old, new)| new.is_placed_as(old));
        if !same {
            return Err(members);
        }
        Ok(Self {
            members,
            priorities: Arc::clone(&self.priorities),
            loads: Arc::clone(&self.loads),
            hashing: self.hashing,
        })
    }
}

/// The hosts of one priority.
#[derive(Debug, Default)]
pub(crate) struct PrioritySets {
    /// All hosts; built only in panic.
    all: Option<HostSet>,
    healthy: Option<HostSet>,
    degraded: Option<HostSet>,
    healthy_localities: Option<LocalitySets>,
    degraded_localities: Option<LocalitySets>,
}

/// Some hosts, and the algorithm's state over them.
#[derive(Debug)]
pub(crate) struct HostSet {
    pub(crate) hosts: Box<[Host]>,
    /// For each host, which member it is.
    pub(crate) members: Box<[usize]>,
    pub(crate) picker: Box<dyn Picker>,
}

/// Hosts by locality, and how a locality is chosen.
#[derive(Debug)]
pub(crate) struct LocalitySets {
    pub(crate) sets: Box<[HostSet]>,
    pub(crate) choice: LocalityChoice,
}

/// How a locality is chosen.
#[derive(Debug)]
pub(crate) enum LocalityChoice {
    /// In turn, by weight.
    Weighted { weights: Box<[f64]>, turns: Mutex<Edf> },
    /// So that requests stay in the zone.
    ZoneAware { percent: u64, routing: ZoneRouting },
}

impl PrioritySets {
    /// The hosts to choose from: in panic all of them, otherwise those of the availability.
    pub(crate) fn set(&self, availability: Availability) -> Option<&HostSet> {
        self.all.as_ref().or(match availability {
            Availability::Healthy => self.healthy.as_ref(),
            Availability::Degraded => self.degraded.as_ref(),
        })
    }

    /// The localities to choose from; none in panic.
    pub(crate) fn localities(&self, availability: Availability) -> Option<&LocalitySets> {
        match availability {
            _ if self.all.is_some() => None,
            Availability::Healthy => self.healthy_localities.as_ref(),
            Availability::Degraded => self.degraded_localities.as_ref(),
        }
    }

    /// Where turns had got to.
    fn position(&self) -> Option<u64> {
        let set = self.healthy.as_ref().or(self.all.as_ref()).or(self.degraded.as_ref());
        set.map(|set| set.picker.position())
    }

    /// Where turns had got to within the locality of this index.
    fn locality_position(&self, index: usize) -> Option<u64> {
        let sets = &self.healthy_localities.as_ref()?.sets;
        sets.get(index).map(|set| set.picker.position())
    }
}

/// What the sets are built from.
pub(crate) struct Builder<'a> {
    pub(crate) config: &'a LoadBalancing,
    pub(crate) balance: Option<&'a dyn Balance>,
    pub(crate) callers: Option<&'a Callers>,
    pub(crate) seed: u64,
    pub(crate) now: Duration,
}

impl Builder<'_> {
    /// Builds all sets; turns go on from where they were in `previous`.
    pub(crate) fn build<E>(&self, members: Members<E>, previous: Option<&Sets<E>>) -> Sets<E> {
        let len = members.iter().map(|member| member.priority + 1).max().unwrap_or(0);
        let mut by_priority = vec![Vec::new(); len];
        for (index, member) in members.iter().enumerate() {
            if let Some(list) = by_priority.get_mut(member.priority) {
                list.push(index);
            }
        }
        let census: Vec<Census> = by_priority.iter().map(|list| count(&members, list)).collect();
        let loads = Loads::new(&census, self.config.panic_threshold);
        let hashing = self.balance.is_some_and(Balance::is_hashing);
        let priorities = by_priority
            .iter()
            .enumerate()
            .map(|(priority, list)| {
                let panic = loads.panic.get(priority).copied().unwrap_or(false);
                let previous = previous.and_then(|sets| sets.priorities.get(priority));
                self.priority(&members, list, priority, panic, previous)
            })
            .collect();
        Sets { members, priorities, loads: Arc::new(loads), hashing }
    }

    fn priority<E>(
        &self,
        members: &[Arc<Member<E>>],
        list: &[usize],
        priority: usize,
        panic: bool,
        previous: Option<&PrioritySets>,
    ) -> PrioritySets {
        let Some(balance) = self.balance else { return PrioritySets::default() };
        let position = previous.and_then(PrioritySets::position);
        if balance.is_hashing() {
            let usable = |member: &Member<E>| panic || member.health() == Some(Health::Healthy);
            let list = filter(members, list, usable);
            let set = self.set(balance, members, &list, position);
            return if panic {
                PrioritySets { all: set, ..PrioritySets::default() }
            } else {
                PrioritySets { healthy: set, ..PrioritySets::default() }
            };
        }
        if panic {
            let all = self.set(balance, members, list, position);
            return PrioritySets { all, ..PrioritySets::default() };
        }
        let of = |health| filter(members, list, |member| member.health() == Some(health));
        let (healthy, degraded) = (of(Health::Healthy), of(Health::Degraded));
        PrioritySets {
            all: None,
            healthy_localities: self.localities(members, (list, &healthy), priority, previous),
            degraded_localities: self.localities(members, (list, &degraded), priority, None),
            healthy: self.set(balance, members, &healthy, position),
            degraded: self.set(balance, members, &degraded, position),
        }
    }

    fn set<E>(
        &self,
        balance: &dyn Balance,
        members: &[Arc<Member<E>>],
        list: &[usize],
        position: Option<u64>,
    ) -> Option<HostSet> {
        let hosts: Box<[Host]> = list
            .iter()
            .filter_map(|index| members.get(*index))
            .map(|member| member.host())
            .collect();
        if hosts.is_empty() {
            return None;
        }
        let shares = if balance.is_hashing() { self.shares(members, list) } else { Vec::new() };
        let picker = balance.picker(&Set {
            hosts: &hosts,
            shares: &shares,
            now: self.now,
            seed: self.seed,
            position,
        });
        Some(HostSet { hosts, members: list.into(), picker })
    }

    /// The part of each host in all, where weighted localities have their parts first.
    fn shares<E>(&self, members: &[Arc<Member<E>>], list: &[usize]) -> Vec<f64> {
        let list = || list.iter().filter_map(|index| members.get(*index));
        if self.config.locality != LocalityRouting::Weighted {
            let sum: f64 = list().map(|member| f64::from(member.weight)).sum();
            return list().map(|member| f64::from(member.weight) / sum).collect();
        }
        let mut localities: Vec<(&Locality, f64, f64)> = Vec::new();
        for member in list() {
            let weight = f64::from(member.weight);
            match localities.iter_mut().find(|(known, ..)| **known == member.locality) {
                Some((_, _, sum)) => *sum += weight,
                None => {
                    localities.push((&member.locality, f64::from(member.locality_weight), weight));
                }
            }
        }
        let all: f64 = localities.iter().map(|(_, weight, _)| weight).sum();
        list()
            .map(|member| {
                let own = localities.iter().find(|(known, ..)| **known == member.locality);
                own.map_or(0.0, |(_, weight, sum)| {
                    f64::from(member.weight) * (weight / all.max(1.0)) / sum
                })
            })
            .collect()
    }

    fn localities<E>(
        &self,
        members: &[Arc<Member<E>>],
        (all, list): (&[usize], &[usize]),
        priority: usize,
        previous: Option<&PrioritySets>,
    ) -> Option<LocalitySets> {
        let balance = self.balance?;
        let mut groups = by_locality(members, list);
        let choice = match &self.config.locality {
            LocalityRouting::Ignored => return None,
            LocalityRouting::Weighted => {
                let mut weights = Vec::new();
                groups.retain(|(locality, hosts)| {
                    let weight = effective_weight(members, all, locality, hosts);
                    if weight > 0.0 {
                        weights.push(weight);
                    }
                    weight > 0.0
                });
                let weight = |index| weights.get(index).copied().unwrap_or(1.0);
                let turns = Mutex::new(Edf::with_picks(weights.len(), weight, self.seed));
                LocalityChoice::Weighted { weights: weights.into(), turns }
            }
            LocalityRouting::ZoneAware(config) => {
                let callers = self.callers.filter(|_| priority == 0)?;
                let counts: Vec<(Locality, u32)> = groups
                    .iter()
                    .map(|(locality, hosts)| ((*locality).clone(), to_u32(hosts.len())))
                    .collect();
                let routing = ZoneRouting::new(config, &callers.own, &callers.counts, &counts)?;
                LocalityChoice::ZoneAware { percent: u64::from(config.routing_percent), routing }
            }
        };
        let sets: Box<[HostSet]> = groups
            .iter()
            .enumerate()
            .filter_map(|(index, (_, list))| {
                let position = previous.and_then(|previous| previous.locality_position(index));
                self.set(balance, members, list, position)
            })
            .collect();
        (!sets.is_empty()).then_some(LocalitySets { sets, choice })
    }
}

/// A locality's weight, reduced when less than 1/1.4 of its hosts are available.
fn effective_weight<E>(
    members: &[Arc<Member<E>>],
    all: &[usize],
    locality: &Locality,
    available: &[usize],
) -> f64 {
    let own = filter(members, all, |member| member.locality == *locality);
    let census = count(members, &own);
    let total = f64::from(census.hosts.saturating_sub(census.excluded));
    let weight = available.first().and_then(|index| members.get(*index));
    let weight = weight.map_or(0.0, |member| f64::from(member.locality_weight));
    if total > 0.0 { weight * (1.4 * available.len() as f64 / total).min(1.0) } else { 0.0 }
}

fn by_locality<'a, E>(
    members: &'a [Arc<Member<E>>],
    list: &[usize],
) -> Vec<(&'a Locality, Vec<usize>)> {
    let mut groups: Vec<(&Locality, Vec<usize>)> = Vec::new();
    for index in list {
        let Some(member) = members.get(*index) else { continue };
        match groups.iter_mut().find(|(locality, _)| **locality == member.locality) {
            Some((_, group)) => group.push(*index),
            None => groups.push((&member.locality, vec![*index])),
        }
    }
    groups
}

fn filter<E>(
    members: &[Arc<Member<E>>],
    list: &[usize],
    wanted: impl Fn(&Member<E>) -> bool,
) -> Vec<usize> {
    list.iter()
        .copied()
        .filter(|index| members.get(*index).is_some_and(|member| wanted(member)))
        .collect()
}

fn count<E>(members: &[Arc<Member<E>>], list: &[usize]) -> Census {
    let of = |health| to_u32(filter(members, list, |member| member.health() == Some(health)).len());
    Census {
        hosts: to_u32(list.len()),
        healthy: of(Health::Healthy),
        degraded: of(Health::Degraded),
        excluded: to_u32(filter(members, list, |m| m.reported == Health::Draining).len()),
    }
}

fn to_u32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
