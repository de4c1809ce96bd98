//! Pods.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use meshwork_api::{Object, kubernetes as k8s};
use meshwork_core::{Labels, Locality, Namespace};

use super::{Instance, labels};
use crate::{EndpointAddress, Settings, TargetPort, TlsMode, Workload, WorkloadKind};

/// What the registry keeps of a Pod.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PodView {
    /// The Pod as ServiceEntries select it.
    pub(crate) instance: Arc<Instance>,
    /// Its labels without those that Istio adds: what selectors of Kubernetes Services read.
    pub(crate) labels: Labels,
    /// Its main address.
    pub(crate) address: Option<IpAddr>,
    /// Whether it runs, is ready and is not going away.
    pub(crate) ready: bool,
    container_ports: Arc<[ContainerPort]>,
}

#[derive(Clone, Debug, PartialEq)]
struct ContainerPort {
    name: Arc<str>,
    protocol: Arc<str>,
    number: u16,
}

impl PodView {
    /// `None` for a Pod that has failed: nothing refers to it any more.
    pub(crate) fn of(
        pod: &Object<k8s::Pod>,
        node: Option<&Object<k8s::Node>>,
        settings: &Settings,
        cluster_network: &Arc<str>,
    ) -> Option<Self> {
        let status = pod.spec.status.clone().unwrap_or_default();
        if status.phase == "Failed" {
            return None;
        }
        let own: BTreeMap<&str, &str> =
            pod.metadata.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let address: Option<IpAddr> = status.pod_ip.parse().ok();
        let locality =
            labels::locality(&own).or_else(|| node.map(node_locality)).unwrap_or_default();
        let network = labels::network(settings, cluster_network, &own, address);
        let account = match pod.spec.service_account_name.as_str() {
            "" => "default",
            name => name,
        };
        let workload = Workload {
            resource: pod.reference(),
            kind: WorkloadKind::Pod,
            namespace: Namespace::from(pod.metadata.namespace.as_str()),
            name: workload_name(pod).into(),
            labels: labels::augmented(
                &own,
                &locality,
                &settings.cluster,
                &pod.spec.node_name,
                &network,
            ),
            locality,
            network,
            cluster: Arc::clone(&settings.cluster),
            node: pod.spec.node_name.as_str().into(),
            service_account: Some(account.into()),
            tls_mode: own
                .get("security.istio.io/tlsMode")
                .map_or(TlsMode::Disabled, |mode| TlsMode::of_label(mode)),
            weight: 1,
        };
        let container_ports = container_ports(&pod.spec);
        let mut ports: Vec<(Arc<str>, u16)> = Vec::new();
        for port in &*container_ports {
            let first = !ports.iter().any(|(name, _)| *name == port.name);
            if first && !port.name.is_empty() && &*port.protocol == "TCP" {
                ports.push((Arc::clone(&port.name), port.number));
            }
        }
        Some(Self {
            instance: Arc::new(Instance {
                address: address.map_or(EndpointAddress::Network, EndpointAddress::Ip),
                ports: ports.into(),
                workload: Arc::new(workload),
            }),
            labels: own.into_iter().collect(),
            address,
            ready: address.is_some() && is_ready(pod, &status),
            container_ports,
        })
    }

    /// The container port that a service port leads to.
    pub(crate) fn target(&self, target: &TargetPort, transport: &str) -> Option<u16> {
        match target {
            TargetPort::Number(number) => Some(*number),
            TargetPort::Name(name) => self
                .container_ports
                .iter()
                .find(|port| port.name == *name && *port.protocol == *transport)
                .map(|port| port.number),
        }
    }
}

fn is_ready(pod: &Object<k8s::Pod>, status: &k8s::PodStatus) -> bool {
    status.phase != "Succeeded"
        && pod.metadata.deletion_timestamp.is_none()
        && status
            .conditions
            .iter()
            .find(|condition| condition.type_ == "Ready")
            .is_some_and(|condition| condition.status == "True")
}

/// The locality that a node's labels give; the older names of the labels count where the newer
/// ones are empty.
fn node_locality(node: &Object<k8s::Node>) -> Locality {
    let label = |name: &str| node.metadata.labels.get(name).filter(|value| !value.is_empty());
    let first = |names: [&str; 2]| -> Arc<str> {
        names.into_iter().find_map(label).map(String::as_str).unwrap_or_default().into()
    };
    Locality {
        region: first([
            "topology.kubernetes.io/region",
            "failure-domain.beta.kubernetes.io/region",
        ]),
        zone: first(["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"]),
        subzone: first(["topology.istio.io/subzone", ""]),
    }
}

/// The ports of all containers; of init containers none, as their restart policy is not known.
fn container_ports(pod: &k8s::Pod) -> Arc<[ContainerPort]> {
    let ports = pod.containers.iter().flat_map(|container| &container.ports);
    ports
        .filter_map(|port| {
            Some(ContainerPort {
                name: port.name.as_str().into(),
                protocol: match port.protocol.as_str() {
                    "" => "TCP".into(),
                    protocol => protocol.into(),
                },
                number: u16::try_from(port.container_port).ok()?,
            })
        })
        .collect()
}

/// The name of what made the Pod, as far as its owner tells: a Deployment's ReplicaSet ends in the
/// hash of its template.
fn workload_name(pod: &Object<k8s::Pod>) -> &str {
    let controller = pod.metadata.owner_references.iter().find(|owner| owner.controller);
    let Some(owner) = controller else { return &pod.metadata.name };
    let hash = pod.metadata.labels.get("pod-template-hash");
    match hash {
        Some(hash) if owner.kind == "ReplicaSet" => owner
            .name
            .strip_suffix(hash.as_str())
            .and_then(|name| name.strip_suffix('-'))
            .unwrap_or(&owner.name),
        _ => &owner.name,
    }
}
