//! The services that a proxy's own workload is behind.

use std::{net::IpAddr, sync::Arc};

use meshwork_core::Protocol;

use super::{Registry, endpoints::target_of, settle::selects};
use crate::{
    Provider, Proxy, Resolution, Service, ServicePort, TargetPort,
    derive::{Instance, PodView},
};

/// A service port that leads to a workload; UDP too, which has a cluster and no listener.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServiceTarget {
    /// The service.
    pub service: Arc<Service>,
    /// Its port.
    pub port: ServicePort,
    /// The port of the workload that it leads to.
    pub target: u16,
}

impl Registry {
    /// The services whose connections reach the workload of `proxy`, oldest first; where two lead
    /// to one port of the workload, the first decides what it speaks.
    ///
    /// The workload is found by its address: a WorkloadEntry or a Pod. Where there is none, the
    /// proxy's own labels are what Kubernetes Services select by. Of a proxy in another cluster,
    /// ServiceEntries alone know.
    pub fn inbound(&self, proxy: &Proxy) -> Vec<ServiceTarget> {
        let mut found = Vec::new();
        if self.is_of_cluster(proxy) {
            found = self.inbound_of_kubernetes(proxy);
        }
        self.inbound_of_entries(proxy, &mut found);
        found.sort_by(|a, b| {
            let (a, b) = (&a.service, &b.service);
            a.created.cmp(&b.created).then_with(|| a.host.cmp(&b.host))
        });
        found
    }

    /// Whether the proxy runs in the cluster that the resources are of.
    pub(super) fn is_of_cluster(&self, proxy: &Proxy) -> bool {
        proxy.cluster.is_empty() || proxy.cluster == self.settings.cluster
    }

    fn inbound_of_kubernetes(&self, proxy: &Proxy) -> Vec<ServiceTarget> {
        let mut found = Vec::new();
        if let Some(instance) = self.workload_entry_of(proxy) {
            for service in self.services_in(instance.workload.namespace.as_str()) {
                if service.resolution == Resolution::ClientSideLb
                    && selects(service, &instance.workload.labels)
                {
                    collect(service, &mut found, |port| {
                        (port.protocol != Protocol::Udp).then(|| target_of(instance, port))?
                    });
                }
            }
            return found;
        }
        if let Some(pod) = self.pod_of(proxy) {
            for service in self.services_in(pod.instance.workload.namespace.as_str()) {
                if selects(service, &pod.facts.labels) {
                    collect(service, &mut found, |port| {
                        pod.facts.target(&port.target, transport(port))
                    });
                }
            }
            if found.is_empty() {
                self.inbound_of_slices(proxy, &mut found);
            }
            return found;
        }
        for service in self.services_in(proxy.namespace.as_str()) {
            if selects(service, &proxy.labels) {
                collect(service, &mut found, |port| match &port.target {
                    TargetPort::Number(number) => Some(*number),
                    // Container ports are not known without the Pod.
                    TargetPort::Name(name) => name.parse().ok(),
                });
            }
        }
        found
    }

    /// Services without a selector, by the addresses in their slices.
    fn inbound_of_slices(&self, proxy: &Proxy, found: &mut Vec<ServiceTarget>) {
        let Some(address) = proxy.addresses.first() else { return };
        for service in self.services_in(proxy.namespace.as_str()) {
            let key = (service.namespace.clone(), Arc::clone(&service.resource.name));
            for (name, ()) in self.views.slices_of_service.group(&key) {
                let Some(slice) = self.inputs.slices.get(name) else { continue };
                if !slice.addresses.iter().any(|entry| entry.address == *address) {
                    continue;
                }
                for (name, target) in &slice.ports {
                    let port = service.port_named(name).cloned();
                    if let (Some(port), Some(target)) = (port, *target) {
                        found.push(ServiceTarget { service: Arc::clone(service), port, target });
                    }
                }
            }
        }
    }

    /// ServiceEntries of the proxy's namespace with its address among their endpoints.
    fn inbound_of_entries(&self, proxy: &Proxy, found: &mut Vec<ServiceTarget>) {
        for (_, view) in self.views.entries.group(&proxy.namespace) {
            for declared in &view.services {
                let Some(entry) = self.entry(declared) else { continue };
                let own = |service: &&Arc<Service>| service.resource == declared.resource;
                let Some(service) = entry.services.iter().find(own) else { continue };
                let instances = self.instances(view, service);
                for instance in instances {
                    let Some(address) = instance.address.ip() else { continue };
                    if !proxy.addresses.contains(&address) {
                        continue;
                    }
                    for port in &*service.ports {
                        let declared = match port.target {
                            TargetPort::Number(number) => number,
                            TargetPort::Name(_) => port.number,
                        };
                        found.push(ServiceTarget {
                            service: Arc::clone(service),
                            port: port.clone(),
                            target: instance.port(&port.name).unwrap_or(declared),
                        });
                    }
                }
            }
        }
    }

    /// The Kubernetes Services of a namespace, with their aliases.
    fn services_in<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Service>> {
        self.views.services.group(namespace).filter_map(|(_, raw)| {
            let entry = self.entry(raw)?;
            entry.services.iter().find(|service| service.provider == Provider::Kubernetes)
        })
    }

    /// The WorkloadEntry with the proxy's address: the one of its namespace, if there are several.
    fn workload_entry_of(&self, proxy: &Proxy) -> Option<&Arc<Instance>> {
        let address: IpAddr = *proxy.addresses.first()?;
        let entries = || {
            self.workloads
                .group(&address)
                .filter(|((is_pod, ..), _)| !is_pod)
                .map(|((_, namespace, name), _)| (namespace.clone(), Arc::clone(name)))
        };
        let own = entries().find(|(namespace, _)| *namespace == proxy.namespace);
        self.views.workload_entries.get(&own.or_else(|| entries().next())?)
    }

    /// The Pod with the proxy's address in its namespace.
    pub(super) fn pod_of(&self, proxy: &Proxy) -> Option<&Arc<PodView>> {
        let address: IpAddr = *proxy.addresses.first()?;
        self.pods_of(address).find(|pod| pod.instance.workload.namespace == proxy.namespace)
    }
}

/// Adds the ports of a service. Several that lead to one port and speak the same count once.
fn collect(
    service: &Arc<Service>,
    found: &mut Vec<ServiceTarget>,
    target: impl Fn(&ServicePort) -> Option<u16>,
) {
    let start = found.len();
    for port in &*service.ports {
        let Some(target) = target(port) else { continue };
        let same = found.iter().skip(start).any(|other: &ServiceTarget| {
            other.target == target && other.port.protocol == port.protocol
        });
        if !same {
            found.push(ServiceTarget { service: Arc::clone(service), port: port.clone(), target });
        }
    }
}

fn transport(port: &ServicePort) -> &'static str {
    if port.protocol == Protocol::Udp { "UDP" } else { "TCP" }
}
