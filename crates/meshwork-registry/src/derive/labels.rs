//! Labels that Istio adds to those of a workload, and the locality that labels give.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use meshwork_api::Map;
use meshwork_core::{Labels, Locality};

use super::Context;
use crate::strings::Strings;

/// The label that gives the network of a workload or, on the root namespace, of a cluster.
pub(crate) const NETWORK: &str = "topology.istio.io/network";

/// Labels as resources write them.
pub(crate) type Written = Map<String, String>;

/// The labels of a workload with those that say where it runs. They take the place of its own,
/// but for the network's.
pub(crate) fn augmented(
    own: &BTreeMap<&str, &str>,
    locality: &Locality,
    node: &str,
    network: &str,
    context: &mut Context<'_>,
) -> Labels {
    let settings = context.settings;
    let mut labels = own.clone();
    let places = [
        ("topology.kubernetes.io/region", &*locality.region),
        ("topology.kubernetes.io/zone", &*locality.zone),
        ("topology.istio.io/subzone", &*locality.subzone),
        ("topology.istio.io/cluster", &*settings.cluster),
        ("kubernetes.io/hostname", node),
    ];
    for (key, value) in places {
        if !value.is_empty() {
            labels.insert(key, value);
        }
    }
    if !network.is_empty() && labels.get(NETWORK).is_none_or(|own| own.is_empty()) {
        labels.insert(NETWORK, network);
    }
    let strings = &mut *context.strings;
    labels.into_iter().map(|(key, value)| (strings.get(key), strings.get(value))).collect()
}

/// The locality that a workload's own labels give, if any. Labels cannot hold `/`, so that `.`
/// stands for it where there is none.
pub(crate) fn locality(own: &BTreeMap<&str, &str>, strings: &mut Strings) -> Option<Locality> {
    let text = own.get("topology.istio.io/locality").or_else(|| own.get("istio-locality"))?;
    if text.is_empty() {
        return None;
    }
    let separator = if text.contains('/') { '/' } else { '.' };
    Some(read(text, separator, strings))
}

/// Reads `region/zone/subzone`; what comes after a third separator is dropped, as Istio does.
pub(crate) fn read(text: &str, separator: char, strings: &mut Strings) -> Locality {
    let mut parts = text.split(separator);
    let mut next = || strings.get(parts.next().unwrap_or_default());
    Locality { region: next(), zone: next(), subzone: next() }
}

/// The network of an address: its own label, else the one of the cluster, else what
/// `meshNetworks` says.
pub(crate) fn network(
    own: &BTreeMap<&str, &str>,
    address: Option<IpAddr>,
    context: &mut Context<'_>,
) -> Arc<str> {
    match own.get(NETWORK) {
        Some(network) if !network.is_empty() => context.strings.get(network),
        _ if !context.cluster_network.is_empty() => Arc::clone(context.cluster_network),
        _ => context.strings.get(context.settings.network_of(address)),
    }
}
