//! Pods.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use meshwork_api::{Object, kubernetes as k8s};
use meshwork_core::{Labels, Locality, Namespace, ResourceRef};

use super::{Context, Instance, labels};
use crate::{EndpointAddress, TargetPort, TlsMode, Workload, WorkloadKind, strings::Strings};

/// What a Pod says, as far as a mesh reads it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PodFacts {
    resource: ResourceRef,
    /// The name of its workload.
    name: Arc<str>,
    /// Its labels without those that Istio adds: what selectors of Kubernetes Services read.
    pub(crate) labels: Labels,
    /// The node it runs on.
    pub(crate) node: Arc<str>,
    account: Arc<str>,
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

/// A Pod with what its node and its cluster add.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PodView {
    pub(crate) facts: Arc<PodFacts>,
    /// The Pod as ServiceEntries select it.
    pub(crate) instance: Arc<Instance>,
}

impl PodFacts {
    /// `None` for a Pod that has failed: nothing refers to it any more.
    pub(crate) fn of(pod: &Object<k8s::Pod>, strings: &mut Strings) -> Option<Self> {
        let empty = k8s::PodStatus::default();
        let status = pod.spec.status.as_deref().unwrap_or(&empty);
        if status.phase == "Failed" {
            return None;
        }
        let address: Option<IpAddr> = status.pod_ip.parse().ok();
        Some(Self {
            resource: strings.reference("Pod", &pod.metadata),
            name: strings.get(workload_name(pod)),
            labels: strings.labels(&pod.metadata.labels),
            node: strings.get(&pod.spec.node_name),
            account: strings.get(match pod.spec.service_account_name.as_str() {
                "" => "default",
                name => name,
            }),
            address,
            ready: address.is_some() && is_ready(pod, status),
            container_ports: container_ports(&pod.spec, strings),
        })
    }

    /// The numbers of its named TCP ports.
    fn named_ports(&self) -> Arc<[(Arc<str>, u16)]> {
        let mut ports: Vec<(Arc<str>, u16)> = Vec::new();
        for port in &*self.container_ports {
            let first = !ports.iter().any(|(name, _)| *name == port.name);
            if first && !port.name.is_empty() && &*port.protocol == "TCP" {
                ports.push((Arc::clone(&port.name), port.number));
            }
        }
        ports.into()
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

impl PodView {
    pub(crate) fn of(
        facts: Arc<PodFacts>,
        node: Option<&Object<k8s::Node>>,
        context: &mut Context<'_>,
    ) -> Self {
        let own: BTreeMap<&str, &str> = facts.labels.iter().collect();
        let locality = labels::locality(&own, context.strings)
            .or_else(|| node.map(|node| node_locality(node, context.strings)))
            .unwrap_or_default();
        let network = labels::network(&own, facts.address, context);
        let tls_mode = own
            .get("security.istio.io/tlsMode")
            .map_or(TlsMode::Disabled, |mode| TlsMode::of_label(mode));
        let workload = Workload {
            resource: facts.resource.clone(),
            kind: WorkloadKind::Pod,
            namespace: Namespace::new(Arc::clone(&facts.resource.namespace)),
            name: Arc::clone(&facts.name),
            labels: labels::augmented(&own, &locality, &facts.node, &network, context),
            locality,
            network,
            cluster: Arc::clone(&context.settings.cluster),
            node: Arc::clone(&facts.node),
            service_account: Some(Arc::clone(&facts.account)),
            tls_mode,
            weight: 1,
        };
        let instance = Instance {
            address: facts.address.map_or(EndpointAddress::Network, EndpointAddress::Ip),
            ports: facts.named_ports(),
            workload: Arc::new(workload),
        };
        Self { instance: Arc::new(instance), facts }
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
fn node_locality(node: &Object<k8s::Node>, strings: &mut Strings) -> Locality {
    let label = |name: &str| node.metadata.labels.get(name).filter(|value| !value.is_empty());
    let mut first = |names: [&str; 2]| {
        strings.get(names.into_iter().find_map(label).map(String::as_str).unwrap_or_default())
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
fn container_ports(pod: &k8s::Pod, strings: &mut Strings) -> Arc<[ContainerPort]> {
    let ports = pod.containers.iter().flat_map(|container| &container.ports);
    ports
        .filter_map(|port| {
            Some(ContainerPort {
                name: strings.get(&port.name),
                protocol: strings.get(match port.protocol.as_str() {
                    "" => "TCP",
                    protocol => protocol,
                }),
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
