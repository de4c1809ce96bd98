//! What each resource alone was derived to, and the indexes that lead from one to another.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use meshwork_core::{Hostname, Labels, Namespace, PersistentMap as Tree};

use super::inputs::Name;
use crate::{
    Service,
    derive::{EntryView, Instance, PodView},
    service::Age,
};

/// Derived forms and indexes.
#[derive(Clone, Debug, Default)]
pub(super) struct Views {
    pub(super) pods: Tree<Name, Arc<PodView>>,
    pub(super) workload_entries: Tree<Name, Arc<Instance>>,
    /// Services of Kubernetes without the aliases that lead to them.
    pub(super) services: Tree<Name, Arc<Service>>,
    pub(super) entries: Tree<Name, Arc<EntryView>>,
    /// What declares a host in a namespace, oldest first, without aliases.
    pub(super) declared: Tree<((Hostname, Namespace), Age), Arc<Service>>,
    pub(super) slices_of_service: Tree<(Name, Name), ()>,
    /// Slices that name a Pod.
    pub(super) slices_of_pod: Tree<(Name, Name), ()>,
    /// Slices with an address that they give no Pod for.
    pub(super) slices_of_address: Tree<(IpAddr, Name), ()>,
    pub(super) pods_of_node: Tree<(Arc<str>, Name), ()>,
    /// ServiceEntries that select workloads, by namespace.
    pub(super) selecting: Tree<Name, Labels>,
    /// Names that stand for another service, and what they stand for.
    pub(super) aliases: Tree<Name, (Hostname, Hostname)>,
    /// The aliases of a host, chains resolved.
    pub(super) aliases_of: Arc<BTreeMap<Hostname, Arc<[Hostname]>>>,
    /// The network that the root namespace gives the cluster.
    pub(super) cluster_network: Arc<str>,
}

/// Resolves chains of aliases. Those that run in a circle lead nowhere.
pub(super) fn resolve_aliases(
    aliases: &Tree<Name, (Hostname, Hostname)>,
) -> BTreeMap<Hostname, Arc<[Hostname]>> {
    let direct: BTreeMap<&Hostname, &Hostname> =
        aliases.values().map(|(alias, target)| (alias, target)).collect();
    let mut found: BTreeMap<Hostname, Vec<Hostname>> = BTreeMap::new();
    // In the order of namespaces, then of names: the order in which Istio lists them.
    for (alias, target) in aliases.values() {
        let mut concrete = target;
        let mut steps = 0;
        while let Some(next) = direct.get(concrete) {
            concrete = next;
            steps += 1;
            if steps > direct.len() {
                break;
            }
        }
        if steps <= direct.len() {
            found.entry(concrete.clone()).or_default().push(alias.clone());
        }
    }
    found.into_iter().map(|(concrete, aliases)| (concrete, aliases.into())).collect()
}
