//! Priorities and weights of endpoints, from where the client is.

use std::collections::BTreeMap;

use meshwork_core::{Labels, Locality};

use super::LocalityPattern;
use crate::Endpoint;

/// How the place of the client ranks endpoints (Istio's `localityLbSetting` and
/// `zoneAwareLbSetting` as they work out for one cluster).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LocalityPlan {
    /// All endpoints have priority 0, wherever they run.
    #[default]
    None,
    /// Localities get fixed shares. The first entry whose `from` matches the client decides.
    Distribute(Box<[Distribute]>),
    /// Near endpoints come first and farther ones when near ones fail.
    Failover(Preference),
    /// As failover, but within the client's region all zones have the same priority.
    ZoneAware(Preference),
}

/// Which endpoints come first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Preference {
    /// Labels that an endpoint shares with the client, the most important one first
    /// (`failoverPriority`). Empty: localities are compared alone.
    pub labels: Box<[LabelPriority]>,
    /// Which region stands in for which (`failover`).
    pub regions: Box<[Failover]>,
}

/// An entry of `localityLbSetting.distribute`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Distribute {
    /// The clients that it is for.
    pub from: LocalityPattern,
    /// The share of each group of localities in percent; groups that are not named get nothing.
    pub to: Box<[(LocalityPattern, u32)]>,
}

/// An entry of `failover`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failover {
    /// The region of the client.
    pub from: Box<str>,
    /// The region that is preferred to all others but the client's own.
    pub to: Box<str>,
}

/// An entry of `failoverPriority`: `key` or `key=value`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelPriority {
    /// The label.
    pub key: Box<str>,
    /// The value that endpoints have to bear; `None` for the client's own.
    pub value: Option<Box<str>>,
}

/// Where the client is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its locality.
    pub locality: Locality,
    /// Its labels, the topology ones among them.
    pub labels: Labels,
}

/// The endpoints of one locality and priority.
struct Group<E> {
    locality: Locality,
    priority: usize,
    weight: u32,
    endpoints: Vec<Endpoint<E>>,
}

impl LocalityPlan {
    /// Sets the priority and locality weight of each endpoint, and leaves out those that get
    /// nothing. The endpoints come back in the order of their localities.
    ///
    /// `labels` finds an endpoint's labels, the topology ones among them; it is asked only where
    /// the plan has label priorities.
    pub fn arrange<E>(
        &self,
        client: &Place,
        endpoints: Vec<Endpoint<E>>,
        labels: impl Fn(&E) -> Labels,
    ) -> Vec<Endpoint<E>> {
        let mut groups = group(endpoints);
        match self {
            Self::None => {}
            Self::Distribute(entries) => distribute(&mut groups, &client.locality, entries),
            Self::Failover(preference) => {
                groups = by_labels(groups, client, &preference.labels, labels);
                if preference.labels.is_empty() || !preference.regions.is_empty() {
                    by_locality(&mut groups, &client.locality, &preference.regions);
                }
            }
            Self::ZoneAware(preference) => {
                groups = by_labels(groups, client, &preference.labels, labels);
                by_region(&mut groups, &client.locality, &preference.regions);
            }
        }
        groups.into_iter().flat_map(Group::into_endpoints).collect()
    }
}

impl<E> Group<E> {
    fn new(locality: Locality, priority: usize, endpoints: Vec<Endpoint<E>>) -> Self {
        let weight = endpoints.iter().fold(0_u32, |sum, e| sum.saturating_add(e.weight.max(1)));
        Self { locality, priority, weight, endpoints }
    }

    fn into_endpoints(self) -> impl Iterator<Item = Endpoint<E>> {
        let priority = u32::try_from(self.priority).unwrap_or(u32::MAX);
        self.endpoints.into_iter().map(move |endpoint| Endpoint {
            priority,
            locality_weight: self.weight,
            ..endpoint
        })
    }
}

/// One group for each locality, in the order of the text of their names.
fn group<E>(endpoints: Vec<Endpoint<E>>) -> Vec<Group<E>> {
    let mut groups: BTreeMap<String, Vec<Endpoint<E>>> = BTreeMap::new();
    for endpoint in endpoints {
        groups.entry(endpoint.locality.to_string()).or_default().push(endpoint);
    }
    groups
        .into_values()
        .map(|endpoints| {
            let locality = endpoints.first().map(|e| e.locality.clone()).unwrap_or_default();
            Group::new(locality, 0, endpoints)
        })
        .collect()
}

fn distribute<E>(groups: &mut Vec<Group<E>>, client: &Locality, entries: &[Distribute]) {
    let Some(entry) = entries.iter().find(|entry| entry.from.matches(client)) else { return };
    let mut weights: Vec<Option<u32>> = groups.iter().map(|_| None).collect();
    for (pattern, share) in &entry.to {
        let open = |(group, weight): &(&Group<E>, &mut Option<u32>)| {
            weight.is_none() && pattern.matches(&group.locality)
        };
        let total: f64 = groups
            .iter()
            .zip(&mut weights)
            .filter(open)
            .map(|(group, _)| f64::from(group.weight))
            .sum();
        for (group, weight) in groups.iter().zip(&mut weights).filter(open) {
            let part = f64::from(group.weight) * f64::from(*share) / total;
            // The conversion saturates, and shares are at most 100.
            *weight = Some(if part > 0.0 { part.ceil() as u32 } else { group.weight });
        }
    }
    let mut weights = weights.into_iter();
    groups.retain_mut(|group| match weights.next().flatten() {
        Some(weight) => {
            group.weight = weight;
            true
        }
        None => false,
    });
}

/// Splits groups by how many of the labels their endpoints share with the client.
fn by_labels<E>(
    groups: Vec<Group<E>>,
    client: &Place,
    wanted: &[LabelPriority],
    labels: impl Fn(&E) -> Labels,
) -> Vec<Group<E>> {
    if wanted.is_empty() || client.labels.is_empty() {
        return groups;
    }
    let mut split = Vec::new();
    for group in groups {
        let mut parts: BTreeMap<usize, Vec<Endpoint<E>>> = BTreeMap::new();
        for endpoint in group.endpoints {
            let priority = label_priority(wanted, &client.labels, &labels(&endpoint.value));
            parts.entry(priority).or_default().push(endpoint);
        }
        for (priority, endpoints) in parts {
            split.push(Group::new(group.locality.clone(), priority, endpoints));
        }
    }
    compact(&mut split);
    split
}

/// How far an endpoint is by its labels: 0 when all agree, more the earlier they differ.
fn label_priority(wanted: &[LabelPriority], client: &Labels, endpoint: &Labels) -> usize {
    let mut adjust = 0;
    for (index, label) in wanted.iter().enumerate() {
        // Where a key is named twice, its last value counts for both.
        let fixed =
            wanted.iter().rev().find(|other| other.key == label.key && other.value.is_some());
        let own = match fixed.and_then(|other| other.value.as_deref()) {
            Some(value) => value,
            None => client.get(&label.key).unwrap_or_default(),
        };
        if own == endpoint.get(&label.key).unwrap_or_default() {
            continue;
        }
        // Another network than the client's is worse than anything else, and within it the rest is
        // compared still. A network that is named is a label like others.
        if index == 0 && &*label.key == NETWORK && label.value.is_none() {
            adjust = wanted.len();
            continue;
        }
        return wanted.len() - index + adjust;
    }
    adjust
}

fn by_locality<E>(groups: &mut [Group<E>], client: &Locality, regions: &[Failover]) {
    let failover = regions.iter().find(|failover| *failover.from == *client.region);
    for group in groups.iter_mut() {
        let own = &group.locality;
        let distance = if own.region != client.region {
            match failover {
                Some(failover) if *failover.to != *own.region => 4,
                _ => 3,
            }
        } else if own.zone != client.zone {
            2
        } else {
            usize::from(own.subzone != client.subzone)
        };
        group.priority = group.priority * 5 + distance;
    }
    compact(groups);
}

fn by_region<E>(groups: &mut [Group<E>], client: &Locality, regions: &[Failover]) {
    let failover = regions.iter().find(|failover| *failover.from == *client.region);
    for group in groups.iter_mut() {
        let region = &*group.locality.region;
        let distance = if *region == *client.region {
            0
        } else if failover.is_some_and(|failover| &*failover.to == region) {
            1
        } else {
            2
        };
        group.priority = group.priority * 3 + distance;
    }
    compact(groups);
}

/// Makes priorities count from 0 without gaps.
fn compact<E>(groups: &mut [Group<E>]) {
    let mut used: Vec<usize> = groups.iter().map(|group| group.priority).collect();
    used.sort_unstable();
    used.dedup();
    for group in groups {
        group.priority = used.partition_point(|priority| *priority < group.priority);
    }
}

const NETWORK: &str = "topology.istio.io/network";
