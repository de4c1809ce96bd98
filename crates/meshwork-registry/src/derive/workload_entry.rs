//! WorkloadEntries, and endpoints written into ServiceEntries.

use std::{collections::BTreeMap, sync::Arc};

use meshwork_api::{Object, networking::WorkloadEntry};
use meshwork_core::{Namespace, ResourceRef};

use super::{Context, Instance, labels};
use crate::{EndpointAddress, TlsMode, Workload, WorkloadKind};

/// The instance of a WorkloadEntry, `None` where its health is checked and not known to be good.
/// Labels of the metadata go before those of the spec.
pub(crate) fn instance(
    object: &Object<WorkloadEntry>,
    context: &mut Context<'_>,
) -> Option<Arc<Instance>> {
    if !is_healthy(object) {
        return None;
    }
    let mut own: BTreeMap<&str, &str> = BTreeMap::new();
    for written in [&object.spec.labels, &object.metadata.labels] {
        own.extend(written.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    }
    let meta = &object.metadata;
    let reference = context.strings.reference("WorkloadEntry", meta);
    Some(convert(&object.spec, &own, reference, &meta.name, context))
}

/// The instance of an endpoint that stands in a ServiceEntry at this place.
pub(crate) fn inline(
    spec: &WorkloadEntry,
    entry: &ResourceRef,
    index: usize,
    context: &mut Context<'_>,
) -> Arc<Instance> {
    let own = spec.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let name = format!("{}-{index}", entry.name);
    convert(spec, &own, entry.clone(), &name, context)
}

fn convert(
    spec: &WorkloadEntry,
    own: &BTreeMap<&str, &str>,
    resource: ResourceRef,
    name: &str,
    context: &mut Context<'_>,
) -> Arc<Instance> {
    let address = EndpointAddress::parse(&spec.address);
    let network = match spec.network.as_str() {
        "" => labels::network(own, address.ip(), context),
        network => context.strings.get(network),
    };
    let locality = match spec.locality.as_str() {
        "" => labels::locality(own, context.strings).unwrap_or_default(),
        locality => labels::read(locality, '/', context.strings),
    };
    let tls_mode = match own.get("security.istio.io/tlsMode") {
        Some(mode) => TlsMode::of_label(mode),
        None if !spec.service_account.is_empty() => TlsMode::Istio,
        None => TlsMode::Disabled,
    };
    let workload = Workload {
        namespace: Namespace::new(Arc::clone(&resource.namespace)),
        resource,
        kind: WorkloadKind::WorkloadEntry,
        name: name.into(),
        labels: labels::augmented(own, &locality, "", &network, context),
        locality,
        // A network that only labels or the cluster tell is a label, and no more.
        network: context.strings.get(&spec.network),
        cluster: Arc::clone(&context.settings.cluster),
        node: context.strings.get(""),
        service_account: Some(spec.service_account.as_str())
            .filter(|account| !account.is_empty())
            .map(|account| context.strings.get(account)),
        tls_mode,
        weight: spec.weight.max(1),
    };
    let ports = spec.ports.iter();
    Arc::new(Instance {
        address,
        ports: ports
            .filter_map(|(name, port)| {
                Some((context.strings.get(name), u16::try_from(*port).ok()?))
            })
            .collect(),
        workload: Arc::new(workload),
    })
}

/// An entry whose health is checked counts only while its condition `Healthy` is true.
fn is_healthy(object: &Object<WorkloadEntry>) -> bool {
    let annotation = object.metadata.annotations.get(HEALTH_CHECKED).map(String::as_str);
    if !matches!(annotation, Some("1" | "t" | "T" | "true" | "TRUE" | "True")) {
        return true;
    }
    let conditions = object.status.as_ref().and_then(|status| status.get("conditions")?.as_array());
    conditions
        .into_iter()
        .flatten()
        .find(|condition| condition.get("type").and_then(|kind| kind.as_str()) == Some("Healthy"))
        .is_some_and(|condition| {
            condition.get("status").and_then(|status| status.as_str()) == Some("True")
        })
}

const HEALTH_CHECKED: &str = "proxy.istio.io/health-checks-enabled";
