//! DestinationRules: which one speaks for a destination.

mod index;
mod merge;
mod pool;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use meshwork_api::networking::{self as api, TrafficPolicy};
use meshwork_core::{Hostname, Labels, Namespace, ResourceRef, Selector};

pub use index::DestinationPolicies;

/// One rule, or several for the same host and namespace that became one.
#[derive(Clone, Debug)]
pub struct Rule {
    resource: ResourceRef,
    merged: Vec<ResourceRef>,
    namespace: Namespace,
    host: Hostname,
    export_to: BTreeSet<Arc<str>>,
    selector: Selector,
    /// Made from a policy of the Gateway API; what users wrote goes before it, block by block.
    synthesized: bool,
    subsets: Vec<api::Subset>,
    traffic_policy: Option<TrafficPolicy>,
}

/// A named part of a service's endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subset {
    /// The name that routes use.
    pub name: Arc<str>,
    /// What its endpoints bear; all endpoints when empty.
    pub labels: Labels,
}

impl Subset {
    /// Whether an endpoint with these labels belongs to it.
    pub fn selects(&self, endpoint: &Labels) -> bool {
        self.labels.is_subset_of(endpoint)
    }
}

impl Rule {
    /// The resource, the oldest one where several became one.
    pub const fn resource(&self) -> &ResourceRef {
        &self.resource
    }

    /// The younger resources whose subsets or policy were added.
    pub fn merged(&self) -> &[ResourceRef] {
        &self.merged
    }

    /// The host that it is for, qualified; may be a wildcard.
    pub const fn host(&self) -> &Hostname {
        &self.host
    }

    /// The subsets, the first of each name.
    pub fn subsets(&self) -> impl Iterator<Item = Subset> + '_ {
        self.subsets.iter().map(|subset| Subset {
            name: subset.name.as_str().into(),
            labels: subset.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
        })
    }

    /// Whether it is for some workloads of its namespace only (`workloadSelector`).
    pub fn has_selector(&self) -> bool {
        self.selector.is_given()
    }

    pub(crate) fn traffic_policy(&self) -> Option<&TrafficPolicy> {
        self.traffic_policy.as_ref()
    }

    pub(crate) fn subset(&self, name: &str) -> Option<&api::Subset> {
        self.subsets.iter().find(|subset| subset.name == name)
    }
}
