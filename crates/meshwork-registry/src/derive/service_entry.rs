//! ServiceEntries.

use std::{net::IpAddr, sync::Arc};

use meshwork_api::{
    Object, ObjectMeta,
    networking::{self, Location, ServiceEntry},
};
use meshwork_core::{AddressRange, Hostname, Labels, Namespace};

use super::{Context, Instance, kubernetes, workload_entry};
use crate::{Provider, Resolution, Service, ServicePort, TargetPort, settings};

/// What the registry keeps of a ServiceEntry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntryView {
    /// One service for each host.
    pub(crate) services: Vec<Arc<Service>>,
    /// The endpoints that stand in it.
    pub(crate) inline: Vec<Arc<Instance>>,
    /// The labels of the workloads that it selects; an empty set selects all of the namespace.
    pub(crate) selector: Option<Labels>,
}

impl EntryView {
    pub(crate) fn of(
        object: &Object<ServiceEntry>,
        namespace: Option<&Object<meshwork_api::kubernetes::Namespace>>,
        context: &mut Context<'_>,
    ) -> Self {
        let spec = &object.spec;
        let selector = spec.workload_selector.as_ref();
        let reference = context.strings.reference("ServiceEntry", &object.metadata);
        let inline =
            spec.endpoints.iter().enumerate().map(|(index, endpoint)| {
                workload_entry::inline(endpoint, &reference, index, context)
            });
        Self {
            inline: inline.collect(),
            services: services(object, namespace.map(|object| &object.metadata), context),
            selector: selector.map(|selector| context.strings.labels(&selector.labels)),
        }
    }

    /// Whether a workload of the namespace is selected.
    pub(crate) fn selects(&self, instance: &Instance) -> bool {
        let dns = self.services.first().is_some_and(|service| service.resolution.is_dns());
        self.selector
            .as_ref()
            .is_some_and(|selector| selector.is_subset_of(&instance.workload.labels))
            && (dns || !instance.needs_dns())
    }
}

fn services(
    object: &Object<ServiceEntry>,
    namespace: Option<&ObjectMeta>,
    context: &mut Context<'_>,
) -> Vec<Arc<Service>> {
    let (meta, spec) = (&object.metadata, &object.spec);
    let Some(addresses) = addresses(spec) else { return Vec::new() };
    let resolution = match spec.resolution {
        networking::Resolution::Static => Resolution::ClientSideLb,
        networking::Resolution::Dns => Resolution::Dns,
        networking::Resolution::DnsRoundRobin => Resolution::DnsRoundRobin,
        networking::Resolution::DynamicDns => Resolution::DynamicDns,
        _ => Resolution::Passthrough,
    };
    let ports: Arc<[ServicePort]> =
        spec.ports.iter().filter_map(|declared| port(declared, resolution, context)).collect();
    let export_to = kubernetes::sorted(spec.export_to.iter().map(String::as_str));
    let visibility =
        settings::entry_visibility(&context.settings.mesh, meta, &spec.export_to, namespace);
    let labels = context.strings.labels(&meta.labels);
    let selector = spec.workload_selector.as_ref();
    let selector = selector.map(|selector| context.strings.labels(&selector.labels));
    let resource = context.strings.reference("ServiceEntry", meta);
    let subject_alt_names: Arc<[Arc<str>]> =
        spec.subject_alt_names.iter().map(|name| name.as_str().into()).collect();
    let traffic_distribution = kubernetes::traffic_distribution("", meta, namespace);
    let race_first_connect = meta
        .annotations
        .get("istio.io/connect-strategy")
        .is_some_and(|strategy| strategy.eq_ignore_ascii_case("RACE_FIRST_TCP_CONNECT"));
    let service = |host: &String| {
        Arc::new(Service {
            host: Hostname::from(host.as_str()),
            namespace: Namespace::new(Arc::clone(&resource.namespace)),
            name: host.as_str().into(),
            provider: Provider::External,
            created: meta.creation_timestamp,
            ports: Arc::clone(&ports),
            addresses: Arc::clone(&addresses),
            allocated_addresses: allocated(object, host),
            resolution,
            mesh_external: spec.location == Location::MeshExternal,
            visibility: visibility.clone(),
            export_to: Arc::clone(&export_to),
            labels: labels.clone(),
            selector: selector.clone(),
            subject_alt_names: Arc::clone(&subject_alt_names),
            alias_of: None,
            aliases: Arc::default(),
            node_local: false,
            publish_not_ready: false,
            traffic_distribution,
            race_first_connect,
            resource: resource.clone(),
        })
    };
    // A host that is written twice is one service.
    let mut seen = Vec::new();
    let hosts = spec.hosts.iter().filter(|host| {
        let first = !seen.contains(&host.as_str());
        seen.push(host.as_str());
        first
    });
    hosts.map(service).collect()
}

fn port(
    port: &networking::ServicePort,
    resolution: Resolution,
    context: &mut Context<'_>,
) -> Option<ServicePort> {
    let number = u16::try_from(port.number).ok()?;
    let target = u16::try_from(port.target_port).ok().filter(|target| *target > 0);
    Some(ServicePort {
        number,
        name: context.strings.get(&port.name),
        protocol: port.protocol.parse().unwrap_or_default(),
        target: TargetPort::Number(target.unwrap_or(number)),
        passthrough_target: target.filter(|_| resolution == Resolution::Passthrough),
    })
}

/// The addresses that can be read, `None` where there are some and none can: such an entry
/// declares nothing. An unspecified address is no address.
fn addresses(spec: &ServiceEntry) -> Option<Arc<[AddressRange]>> {
    let read: Vec<AddressRange> =
        spec.addresses.iter().filter_map(|address| address.parse().ok()).collect();
    if read.is_empty() && !spec.addresses.is_empty() {
        return None;
    }
    let unspecified =
        |range: &AddressRange| range.single().is_some_and(|address| address.is_unspecified());
    Some(read.into_iter().filter(|range| !unspecified(range)).collect())
}

/// The addresses that Istio allocated for a host, out of the status.
fn allocated(object: &Object<ServiceEntry>, host: &str) -> Arc<[IpAddr]> {
    let (meta, spec) = (&object.metadata, &object.spec);
    let refused = meta
        .labels
        .get("networking.istio.io/enable-autoallocate-ip")
        .is_some_and(|value| value.eq_ignore_ascii_case("false"));
    if refused || !spec.addresses.is_empty() || spec.resolution == networking::Resolution::None {
        return Arc::default();
    }
    let listed = object.status.as_ref().and_then(|status| status.get("addresses")?.as_array());
    let mut found: Vec<IpAddr> = Vec::new();
    for entry in listed.into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(|value| value.as_str());
        let address = text("value").and_then(|value| value.parse::<IpAddr>().ok());
        // Of each family the last one counts, as in Istio.
        if let (Some(own), Some(address)) = (text("host"), address)
            && own == host
        {
            found.retain(|other| other.is_ipv4() != address.is_ipv4());
            found.push(address);
        }
    }
    found.sort();
    found.into()
}
