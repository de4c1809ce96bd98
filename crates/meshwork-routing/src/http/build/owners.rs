//! Which VirtualService has the most specific host for a name.

use hashbrown::HashMap;
use meshwork_core::{HostPattern, Hostname};

use super::prepared::Prepared;

/// The hosts of VirtualServices, each with the first that has it.
#[derive(Default)]
pub(super) struct Owners {
    exact: HashMap<HostPattern, usize>,
    /// Wildcards by their tails, the longest first.
    wildcards: Vec<(HostPattern, usize)>,
}

impl Owners {
    pub(super) fn new<'p>(services: impl IntoIterator<Item = &'p Prepared>) -> Self {
        let mut owners = Self::default();
        let mut wildcards: HashMap<HostPattern, usize> = HashMap::new();
        for (number, service) in services.into_iter().enumerate() {
            for host in &service.hosts {
                let map = if host.is_wildcard() { &mut wildcards } else { &mut owners.exact };
                map.entry(host.clone()).or_insert(number);
            }
        }
        owners.wildcards = wildcards.into_iter().collect();
        owners.wildcards.sort_by(|(a, _), (b, _)| a.cmp_specificity(b));
        owners
    }

    /// The wildcard hosts.
    pub(super) fn wildcards(&self) -> impl Iterator<Item = &HostPattern> {
        self.wildcards.iter().map(|(host, _)| host)
    }

    /// The one that owns `name`: by the same host, else by the longest wildcard over it. Letter
    /// case counts, as in Istio's index.
    pub(super) fn of(&self, name: &Hostname) -> Option<usize> {
        let pattern = name.to_pattern();
        if let Some(owner) = self.exact.get(&pattern) {
            return Some(*owner);
        }
        let over = |host: &HostPattern| pattern.is_subset_of(host);
        self.wildcards.iter().find(|(host, _)| over(host)).map(|(_, owner)| *owner)
    }
}
