//! Rules by host, and the most specific one for a name.

use std::{collections::BTreeMap, sync::Arc};

use meshwork_core::Hostname;

use super::{Rule, merge};

/// The rules of one namespace that some clients look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    exact: BTreeMap<Hostname, Vec<Arc<Rule>>>,
    wildcard: BTreeMap<Hostname, Vec<Arc<Rule>>>,
}

impl Pool {
    pub(super) fn insert(&mut self, rule: &Arc<Rule>) {
        let map = if rule.host.is_wildcard() { &mut self.wildcard } else { &mut self.exact };
        merge::insert(map.entry(rule.host.clone()).or_default(), rule);
    }

    /// The rules of the most specific host that matches. Whether these rules are visible to the
    /// client does not count here: a less specific host is not tried.
    pub(super) fn most_specific(&self, service: &Hostname) -> Option<&[Arc<Rule>]> {
        let name = service.as_str();
        let by_name = if service.is_wildcard() { &self.wildcard } else { &self.exact };
        if let Some(rules) = by_name.get(service) {
            return Some(rules);
        }
        let name = if service.is_wildcard() { name.get(1..).unwrap_or_default() } else { name };
        self.wildcard
            .iter()
            .filter(|(host, _)| {
                host.as_str().strip_prefix('*').is_some_and(|tail| name.ends_with(tail))
            })
            // The longest, and of two equally long ones the first.
            .min_by_key(|(host, _)| std::cmp::Reverse(host.as_str().len()))
            .map(|(_, rules)| rules.as_slice())
    }
}
