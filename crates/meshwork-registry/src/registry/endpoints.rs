//! The endpoints of a host in a namespace, out of everything that declares it.

use std::{collections::HashSet, net::IpAddr, sync::Arc};

use meshwork_core::{Labels, Locality, Namespace};

use super::{Registry, host::EndpointSet, settle::selects, slices::of_slices};
use crate::{
    Endpoint, EndpointAddress, Provider, Resolution, Service, ServicePort, TargetPort, TlsMode,
    Workload, WorkloadKind,
    derive::{EntryView, Instance},
};

/// An endpoint with the service port that it is for.
pub(super) struct Candidate {
    pub(super) name: Arc<str>,
    /// The number that the ServiceEntry gives the port; 0 where only the name counts.
    pub(super) number: u16,
    pub(super) endpoint: Endpoint,
    /// Whether a ServiceEntry has it, for which the number counts and not the name.
    pub(super) numbered: bool,
}

impl Candidate {
    /// Whether it is behind this port of `service`, whoever has brought it.
    fn is_behind(&self, service: &Service, number: u16) -> bool {
        if self.numbered {
            return self.number == number;
        }
        service.port_named(&self.name).is_some_and(|port| port.number == number)
    }
}

/// Pools the endpoints of all `services`, which declare `host` in `namespace`. Lists that did not
/// change since `previous` stay the same objects.
pub(super) fn pool(
    registry: &mut Registry,
    namespace: &Namespace,
    services: &[Arc<Service>],
    previous: Option<&EndpointSet>,
) -> EndpointSet {
    let mut candidates = Vec::new();
    of_entries(registry, namespace, services, &mut candidates);
    // Istio pushes no endpoints of a Service that says `~`, even where `*` beside it wins.
    let has_endpoints = |service: &&Arc<Service>| {
        service.provider == Provider::Kubernetes
            && !service.export_to.iter().any(|entry| &**entry == "~")
    };
    for service in services.iter().filter(has_endpoints) {
        of_slices(registry, service, &mut candidates);
        of_workload_entries(registry, service, &mut candidates);
    }
    let numbers = numbers(services);
    let mut set = EndpointSet::default();
    if services.iter().any(|service| service.resolution == Resolution::Passthrough) {
        for number in &numbers {
            // Istio keeps those that fit the last declaration of the port that any fits.
            let declaring = services.iter().rev().filter(|service| service.port(*number).is_some());
            let mut lists = declaring.map(|service| addresses(&candidates, service, *number));
            let list = lists.find(|list| !list.is_empty()).unwrap_or_default();
            let known = previous.and_then(|set| set.dialled(*number));
            set.dialled.push((*number, keep(list, known)));
        }
    }
    for candidate in &candidates {
        if set.of_name(&candidate.name).is_none() {
            let same = candidates.iter().filter(|other| other.name == candidate.name);
            let list = same.map(|candidate| candidate.endpoint.clone()).collect();
            let known = previous.and_then(|set| set.of_name(&candidate.name));
            set.by_name.push((Arc::clone(&candidate.name), keep(list, known)));
        }
    }
    set.accounts = accounts(&candidates);
    set.by_name.sort_by(|a, b| a.0.cmp(&b.0));
    if services.iter().any(|service| service.resolution.is_dns()) {
        for number in numbers {
            let same = candidates.iter().filter(|candidate| candidate.number == number);
            let list = same.map(|candidate| candidate.endpoint.clone()).collect();
            let known = previous.and_then(|set| set.of_number(number));
            set.by_number.push((number, keep(list, known)));
        }
    }
    set
}

/// The addresses behind a port of a service, each once.
fn addresses(candidates: &[Candidate], service: &Service, number: u16) -> Vec<IpAddr> {
    let mut seen = HashSet::new();
    let behind = candidates.iter().filter(|candidate| candidate.is_behind(service, number));
    let addresses = behind.filter_map(|candidate| candidate.endpoint.address.ip());
    addresses.filter(|address| seen.insert(*address)).collect()
}

/// The numbers of all ports, in order.
fn numbers(services: &[Arc<Service>]) -> Vec<u16> {
    let mut numbers: Vec<u16> =
        services.iter().flat_map(|service| &*service.ports).map(|port| port.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn keep<T: PartialEq>(list: Vec<T>, known: Option<&Arc<[T]>>) -> Arc<[T]> {
    match known {
        Some(known) if **known == *list => Arc::clone(known),
        _ => list.into(),
    }
}

/// Whose identities the workloads bear, each once.
fn accounts(candidates: &[Candidate]) -> Vec<(Namespace, Arc<str>)> {
    let workloads = candidates.iter().map(|candidate| &candidate.endpoint.workload);
    let accounts = workloads.filter_map(|workload| {
        Some((workload.namespace.clone(), Arc::clone(workload.service_account.as_ref()?)))
    });
    let mut accounts: Vec<_> = accounts.collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

fn of_entries(
    registry: &Registry,
    namespace: &Namespace,
    services: &[Arc<Service>],
    out: &mut Vec<Candidate>,
) {
    let mut ports = HashSet::new();
    for service in services.iter().filter(|service| service.provider == Provider::External) {
        let key = (namespace.clone(), Arc::clone(&service.resource.name));
        let Some(view) = registry.views.entries.get(&key) else { continue };
        // In Istio each address of an entry is a service of its own, and their endpoints are pooled.
        let times = service.addresses.len().max(1);
        let instances = registry.instances(view, service);
        for instance in std::iter::repeat_n(&instances, times).flatten() {
            for port in &*service.ports {
                // One logical name cannot have two endpoints: the first stays.
                let first = ports.insert(port.number);
                if service.resolution == Resolution::DnsRoundRobin && !first {
                    continue;
                }
                out.push(of_instance(instance, port));
            }
        }
    }
}

impl Registry {
    /// The workloads behind one host of a ServiceEntry: those that it selects (Pods, then
    /// WorkloadEntries, each by name), those that stand in it, or its host itself.
    pub(super) fn instances(&self, view: &EntryView, service: &Service) -> Vec<Arc<Instance>> {
        if view.selector.is_some() {
            let namespace = &service.namespace;
            let pods = self.views.pods.group(namespace).map(|(_, pod)| pod);
            let pods = pods.filter(|pod| pod.facts.ready).map(|pod| &pod.instance);
            let entries = self.views.workload_entries.group(namespace).map(|(_, entry)| entry);
            pods.chain(entries).filter(|instance| view.selects(instance)).cloned().collect()
        } else if view.inline.is_empty() && service.resolution.is_dns() {
            vec![Arc::new(host_itself(service, &self.settings.cluster))]
        } else {
            view.inline.clone()
        }
    }
}

/// The host of a ServiceEntry without endpoints, which is resolved itself.
fn host_itself(service: &Service, cluster: &Arc<str>) -> Instance {
    let workload = Workload {
        resource: service.resource.clone(),
        kind: WorkloadKind::Unknown,
        namespace: service.namespace.clone(),
        name: Arc::clone(&service.resource.name),
        labels: Labels::default(),
        locality: Locality::default(),
        network: Arc::default(),
        cluster: Arc::clone(cluster),
        node: Arc::default(),
        service_account: None,
        tls_mode: TlsMode::Disabled,
        weight: 1,
    };
    let host = service.host.as_str();
    let address = match host.parse() {
        Ok(address) => EndpointAddress::Ip(address),
        Err(_) => EndpointAddress::Name(host.into()),
    };
    Instance { address, ports: Arc::default(), workload: Arc::new(workload) }
}

fn of_instance(instance: &Instance, port: &ServicePort) -> Candidate {
    let declared = match port.target {
        TargetPort::Number(number) => number,
        TargetPort::Name(_) => port.number,
    };
    let target = match instance.address {
        EndpointAddress::Unix(_) => 0,
        _ => instance.port(&port.name).unwrap_or(declared),
    };
    let workload = Arc::clone(&instance.workload);
    Candidate {
        name: Arc::clone(&port.name),
        number: port.number,
        endpoint: Endpoint::new(instance.address.clone(), target, workload),
        numbered: true,
    }
}

/// WorkloadEntries that a Kubernetes Service selects.
fn of_workload_entries(registry: &Registry, service: &Service, out: &mut Vec<Candidate>) {
    if service.resolution != Resolution::ClientSideLb {
        return;
    }
    for port in &*service.ports {
        for (_, instance) in registry.views.workload_entries.group(&service.namespace) {
            if instance.needs_dns() || !selects(service, &instance.workload.labels) {
                continue;
            }
            if let Some(target) = target_of(instance, port) {
                out.push(Candidate {
                    name: Arc::clone(&port.name),
                    number: port.number,
                    endpoint: Endpoint::new(
                        instance.address.clone(),
                        target,
                        Arc::clone(&instance.workload),
                    ),
                    numbered: false,
                });
            }
        }
    }
}

/// The port of a WorkloadEntry behind a port of a Kubernetes Service: its own number for the name
/// of the service port or of the target port. A named target port that it does not name leads
/// nowhere.
pub(super) fn target_of(instance: &Instance, port: &ServicePort) -> Option<u16> {
    match &port.target {
        TargetPort::Number(number) => Some(instance.port(&port.name).unwrap_or(*number)),
        TargetPort::Name(name) => instance.port(name),
    }
}
