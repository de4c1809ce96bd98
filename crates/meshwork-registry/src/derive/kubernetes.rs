//! Kubernetes Services.

use std::{net::IpAddr, sync::Arc};

use meshwork_api::{
    Object, ObjectMeta,
    kubernetes::{self as k8s, IntOrString},
};
use meshwork_core::{AddressRange, Hostname, Namespace, Protocol};

use super::Context;
use crate::{
    Provider, Resolution, Service, ServicePort, Settings, TargetPort, TrafficDistribution,
    Visibility, settings,
};

/// The service that a Kubernetes Service declares, without the aliases that lead to it.
pub(crate) fn service(
    object: &Object<k8s::Service>,
    namespace: Option<&Object<k8s::Namespace>>,
    context: &mut Context<'_>,
) -> Service {
    let settings = context.settings;
    let (meta, spec) = (&object.metadata, &object.spec);
    let alias_of = (spec.type_ == "ExternalName" && !spec.external_name.is_empty())
        .then(|| Hostname::from(spec.external_name.as_str()));
    let resolution = match (&*spec.cluster_ip, &alias_of) {
        ("None", _) => Resolution::Passthrough,
        (_, Some(_)) => Resolution::Alias,
        _ => Resolution::ClientSideLb,
    };
    let export_to = export_to(meta);
    let visibility = if export_to.is_empty() {
        settings::default_visibility(&settings.mesh.default_service_export_to, &meta.namespace)
    } else {
        Visibility::of(export_to.iter().map(|entry| &**entry), &meta.namespace)
    };
    Service {
        host: host(&meta.name, &meta.namespace, &settings.cluster_domain),
        namespace: Namespace::new(context.strings.get(&meta.namespace)),
        name: context.strings.get(&meta.name),
        provider: Provider::Kubernetes,
        created: meta.creation_timestamp,
        ports: spec.ports.iter().filter_map(|declared| port(declared, context)).collect(),
        addresses: addresses(spec).map(AddressRange::from).collect(),
        allocated_addresses: Arc::default(),
        resolution,
        mesh_external: alias_of.is_some(),
        visibility,
        export_to,
        labels: context.strings.labels(&meta.labels),
        selector: (!spec.selector.is_empty()).then(|| context.strings.labels(&spec.selector)),
        subject_alt_names: subject_alt_names(meta, settings),
        alias_of,
        aliases: Arc::default(),
        node_local: spec.internal_traffic_policy == "Local",
        publish_not_ready: spec.publish_not_ready_addresses,
        traffic_distribution: traffic_distribution(
            &spec.traffic_distribution,
            meta,
            namespace.map(|object| &object.metadata),
        ),
        race_first_connect: false,
        resource: context.strings.reference("Service", meta),
    }
}

/// The host name of a Kubernetes Service.
pub(crate) fn host(name: &str, namespace: &str, cluster_domain: &str) -> Hostname {
    Hostname::new(format!("{name}.{namespace}.svc.{cluster_domain}"))
}

fn port(port: &k8s::ServicePort, context: &mut Context<'_>) -> Option<ServicePort> {
    let number = u16::try_from(port.port).ok()?;
    let app_protocol = port.app_protocol.as_deref();
    Some(ServicePort {
        number,
        name: context.strings.get(&port.name),
        protocol: Protocol::of_kubernetes_port(number, &port.name, app_protocol, &port.protocol),
        target: match &port.target_port {
            Some(IntOrString::String(name)) => TargetPort::Name(context.strings.get(name)),
            Some(IntOrString::Int(target)) if *target > 0 => {
                TargetPort::Number(u16::try_from(*target).ok()?)
            }
            _ => TargetPort::Number(number),
        },
        passthrough_target: None,
    })
}

fn addresses(spec: &k8s::Service) -> impl Iterator<Item = IpAddr> {
    let several = spec.cluster_ips.len() > 1 && spec.cluster_ip != "None";
    let all = if several { &spec.cluster_ips[..] } else { std::slice::from_ref(&spec.cluster_ip) };
    all.iter()
        .filter_map(|address| address.parse::<IpAddr>().ok())
        .filter(|address| !address.is_unspecified())
}

/// The annotation `networking.istio.io/exportTo`, sorted; empty where there is none.
fn export_to(meta: &ObjectMeta) -> Arc<[Arc<str>]> {
    let Some(text) = meta.annotations.get("networking.istio.io/exportTo") else {
        return Arc::default();
    };
    if text.is_empty() {
        return Arc::default();
    }
    sorted(text.split(',').map(str::trim))
}

/// Entries of an `exportTo` as a set.
pub(crate) fn sorted<'a>(entries: impl Iterator<Item = &'a str>) -> Arc<[Arc<str>]> {
    let mut entries: Vec<Arc<str>> = entries.map(Arc::from).collect();
    entries.sort();
    entries.dedup();
    entries.into()
}

/// The identities that a Service's annotations add to those of its endpoints.
fn subject_alt_names(meta: &ObjectMeta, settings: &Settings) -> Arc<[Arc<str>]> {
    let list = |name: &str| meta.annotations.get(name).filter(|text| !text.is_empty());
    let canonical = list("alpha.istio.io/canonical-serviceaccounts");
    let kubernetes = list("alpha.istio.io/kubernetes-serviceaccounts");
    let trust_domain = settings.trust_domain();
    canonical
        .into_iter()
        .flat_map(|text| text.split(',').map(str::to_owned))
        .chain(kubernetes.into_iter().flat_map(|text| {
            text.split(',').map(|account| {
                format!("spiffe://{trust_domain}/ns/{}/sa/{account}", meta.namespace)
            })
        }))
        .map(Arc::from)
        .collect()
}

/// The field, else the annotation of the resource, else the one of its namespace.
pub(crate) fn traffic_distribution(
    field: &str,
    meta: &ObjectMeta,
    namespace: Option<&ObjectMeta>,
) -> TrafficDistribution {
    match field {
        "PreferSameZone" | "PreferClose" => return TrafficDistribution::PreferSameZone,
        "PreferSameNode" => return TrafficDistribution::PreferSameNode,
        _ => {}
    }
    let annotation = [Some(meta), namespace]
        .into_iter()
        .flatten()
        .filter_map(|meta| meta.annotations.get("networking.istio.io/traffic-distribution"))
        .find(|text| !text.is_empty());
    match annotation.map(|text| text.to_ascii_lowercase()).as_deref() {
        Some("prefersamezone" | "preferclose") => TrafficDistribution::PreferSameZone,
        Some("prefersamenode") => TrafficDistribution::PreferSameNode,
        _ => TrafficDistribution::Any,
    }
}
