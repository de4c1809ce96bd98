//! The endpoints of a Kubernetes Service out of its EndpointSlices.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

use meshwork_core::{Locality, Namespace};

use super::{Registry, endpoints::Candidate};
use crate::{
    Endpoint, EndpointAddress, Service, TlsMode, Workload, WorkloadKind,
    derive::{Context, SliceFacts, labels},
};

/// Adds what the slices of a service hold, in the order of their names; of an address and port
/// that stands in several, the first counts.
pub(super) fn of_slices(registry: &mut Registry, service: &Service, out: &mut Vec<Candidate>) {
    let key = (service.namespace.clone(), Arc::clone(&service.resource.name));
    let mut seen = HashSet::new();
    let slices: Vec<Arc<SliceFacts>> = registry
        .views
        .slices_of_service
        .group(&key)
        .filter_map(|(name, ())| registry.inputs.slices.get(name).cloned())
        .collect();
    for slice in slices {
        let mut unknown: Option<Arc<Workload>> = None;
        for entry in &slice.addresses {
            let health = entry.health(&service.labels);
            let pod = match &entry.pod {
                // A Pod that has not arrived yet: nothing is known of the endpoint, so that it
                // is left out rather than taken for one without identity.
                Some(pod) => match registry.views.pods.get(pod) {
                    Some(pod) => Some(pod),
                    None => continue,
                },
                None => registry
                    .pods_of(entry.address)
                    .find(|pod| pod.instance.workload.namespace == service.namespace),
            };
            let workload = match pod {
                Some(pod) => Arc::clone(&pod.instance.workload),
                None => bare(registry, &slice, entry.address, &mut unknown),
            };
            for (name, number) in &slice.ports {
                if !seen.insert((entry.address, Arc::clone(name))) {
                    continue;
                }
                let address = EndpointAddress::Ip(entry.address);
                let mut endpoint =
                    Endpoint::new(address, number.unwrap_or_default(), Arc::clone(&workload));
                endpoint.health = health;
                let number = service.port_named(name).map_or(0, |port| port.number);
                let name = Arc::clone(name);
                out.push(Candidate { name, number, endpoint, numbered: false });
            }
        }
    }
}

/// What is known of an address in a slice that is no Pod's; one form for all of a slice that are
/// on one network.
fn bare(
    registry: &mut Registry,
    slice: &SliceFacts,
    address: IpAddr,
    last: &mut Option<Arc<Workload>>,
) -> Arc<Workload> {
    let mut context = Context {
        settings: &registry.settings,
        cluster_network: &registry.views.cluster_network,
        strings: &mut registry.strings,
    };
    let own = BTreeMap::new();
    let network = labels::network(&own, Some(address), &mut context);
    if let Some(last) = last.as_ref().filter(|last| last.network == network) {
        return Arc::clone(last);
    }
    let locality = Locality::default();
    let workload = Arc::new(Workload {
        resource: slice.resource.clone(),
        kind: WorkloadKind::Unknown,
        namespace: Namespace::new(context.strings.get("")),
        name: context.strings.get(""),
        labels: labels::augmented(&own, &locality, "", &network, &mut context),
        locality,
        network,
        cluster: Arc::clone(&registry.settings.cluster),
        node: Arc::default(),
        service_account: None,
        tls_mode: TlsMode::Disabled,
        weight: 1,
    });
    *last = Some(Arc::clone(&workload));
    workload
}
