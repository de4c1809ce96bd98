//! Where a proxy is, and which labels it bears, as the registry knows it.

use std::{borrow::Cow, sync::Arc};

use meshwork_core::{Labels, Locality};

use super::Registry;
use crate::{Proxy, derive::labels::NETWORK};

impl Registry {
    /// The proxy as Istio sees it when it ranks endpoints and looks at `workloadSelector`s.
    ///
    /// The labels of its Pod, or of a ServiceEntry's endpoint at its address, take the place of its
    /// own. The locality is the one that labels give; only without any it is the proxy's own.
    /// Labels that tell region, zone, subzone, cluster, node and network are added.
    pub fn placed<'a>(&self, proxy: &'a Proxy) -> Cow<'a, Proxy> {
        let known = self.labels_of(proxy);
        let labels = known.as_ref().unwrap_or(&proxy.labels);
        let locality = locality(labels).unwrap_or_else(|| proxy.locality.clone());
        let labels = augmented(labels, proxy, &locality);
        if labels == proxy.labels && locality == proxy.locality {
            return Cow::Borrowed(proxy);
        }
        Cow::Owned(Proxy { labels, locality, ..proxy.clone() })
    }

    fn labels_of(&self, proxy: &Proxy) -> Option<Labels> {
        if !self.is_of_cluster(proxy) {
            return None;
        }
        // A Pod that is not ready yet is known too.
        let unready = || {
            let pods = self.views.pods.group(&proxy.namespace).map(|(_, pod)| pod);
            pods.into_iter().find(|pod| pod.facts.address.as_ref() == proxy.addresses.first())
        };
        if let Some(pod) = self.pod_of(proxy).or_else(unready)
            && !proxy.addresses.is_empty()
        {
            return Some(pod.instance.workload.labels.clone());
        }
        let views = self.views.entries.group(&proxy.namespace).map(|(_, view)| view);
        let instances = views.flat_map(|view| {
            view.services.first().map(|service| self.instances(view, service)).unwrap_or_default()
        });
        let mut here = instances.filter(|instance| {
            instance.address.ip().is_some_and(|address| proxy.addresses.contains(&address))
        });
        here.next().map(|instance| instance.workload.labels.clone())
    }
}

/// What labels say of the place; `None` where they say nothing.
fn locality(labels: &Labels) -> Option<Locality> {
    let part = |key: &str| labels.get(key).map(Arc::<str>::from);
    let parts = [part(REGION), part(ZONE), part(SUBZONE)];
    if parts.iter().any(Option::is_some) {
        let [region, zone, subzone] = parts.map(Option::unwrap_or_default);
        return Some(Locality { region, zone, subzone });
    }
    let text = labels.get("topology.istio.io/locality").or_else(|| labels.get("istio-locality"))?;
    // Dots are not read as slashes here, other than with endpoints.
    let mut parts = text.split('/');
    let mut next = || parts.next().map(Arc::from).unwrap_or_default();
    (!text.is_empty()).then(|| Locality { region: next(), zone: next(), subzone: next() })
}

fn augmented(labels: &Labels, proxy: &Proxy, locality: &Locality) -> Labels {
    let added = [
        (REGION, &locality.region),
        (ZONE, &locality.zone),
        (SUBZONE, &locality.subzone),
        ("topology.istio.io/cluster", &proxy.cluster),
        ("kubernetes.io/hostname", &proxy.node),
        (NETWORK, &proxy.network),
    ];
    // A network that the labels tell stays.
    let is_told = |key: &str| key == NETWORK && labels.get(key).is_some_and(|own| !own.is_empty());
    let added = added
        .into_iter()
        .filter(|(key, value)| !value.is_empty() && !is_told(key))
        .map(|(key, value)| (key, &**value));
    labels.iter().chain(added).collect()
}

const REGION: &str = "topology.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";
const SUBZONE: &str = "topology.istio.io/subzone";
