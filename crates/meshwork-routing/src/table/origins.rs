//! Which resources have a say about a host, and which about the workload.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_api::{Object, networking::Gateway};
use meshwork_core::{HostPattern, Hostname, ResourceRef};
use meshwork_registry::{ListChange, Service, ServiceTarget, VirtualServices};

use super::RouteInputs;
use crate::gateway;

/// The resources that a table was compiled from.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    cluster_domain: Arc<str>,
    virtual_services: VirtualServices,
    services: Arc<[Arc<Service>]>,
    gateways: Vec<Arc<Object<Gateway>>>,
    /// Resources about the workload itself.
    workload: BTreeSet<ResourceRef>,
}

impl Origins {
    pub(super) fn of_sidecar(inputs: &RouteInputs<'_>, targets: &[ServiceTarget]) -> Self {
        let mut origins = Self::new(inputs, targets);
        origins.workload.extend(inputs.scope.sidecar.iter().map(|sidecar| sidecar.reference()));
        origins
    }

    pub(super) fn of_gateway(inputs: &RouteInputs<'_>, targets: &[ServiceTarget]) -> Self {
        let mut origins = Self::new(inputs, targets);
        origins.gateways = gateway::select(inputs.gateways, inputs.proxy, targets)
            .into_iter()
            .map(|selected| Arc::clone(selected.gateway))
            .collect();
        origins.workload.extend(origins.gateways.iter().map(|gateway| gateway.reference()));
        origins
    }

    fn new(inputs: &RouteInputs<'_>, targets: &[ServiceTarget]) -> Self {
        Self {
            cluster_domain: Arc::clone(&inputs.proxy.cluster_domain),
            virtual_services: inputs.scope.visible_virtual_services().clone(),
            services: Arc::clone(&inputs.scope.services),
            gateways: Vec::new(),
            workload: targets.iter().map(|target| target.service.resource.clone()).collect(),
        }
    }

    /// Which VirtualServices are different in `inputs`.
    pub(super) fn changes<'a>(
        &'a self,
        inputs: &'a RouteInputs<'_>,
    ) -> impl Iterator<Item = ListChange<'a>> {
        self.virtual_services.changes(inputs.scope.visible_virtual_services())
    }

    /// The same with other VirtualServices.
    pub(super) fn with_virtual_services(&self, rules: &VirtualServices) -> Self {
        Self { virtual_services: rules.clone(), ..self.clone() }
    }

    /// The resources that name `host`, or a pattern that covers it, in the order of their names.
    pub(super) fn about_host(&self, host: &str) -> Vec<ResourceRef> {
        let host = HostPattern::from(host);
        let mut about = BTreeSet::new();
        for service in self.services.iter() {
            let names = std::iter::once(&service.host).chain(service.aliases.iter());
            if names.map(Hostname::to_pattern).any(|name| name.overlaps(&host)) {
                about.insert(service.resource.clone());
            }
        }
        for rule in self.virtual_services.iter() {
            let namespace = &rule.metadata.namespace;
            let overlaps = |written: &String| {
                let written = Hostname::qualify(written, namespace, &self.cluster_domain);
                written.to_pattern().overlaps(&host)
            };
            if rule.spec.hosts.iter().any(overlaps) {
                about.insert(rule.reference());
            }
        }
        for gateway in &self.gateways {
            let overlaps = |written: &String| {
                let name = written.split_once('/').map_or(&**written, |(_, name)| name);
                HostPattern::from(name).overlaps(&host)
            };
            if gateway.spec.servers.iter().flat_map(|server| &server.hosts).any(overlaps) {
                about.insert(gateway.reference());
            }
        }
        about.into_iter().collect()
    }

    pub(super) fn about_workload(&self) -> Vec<ResourceRef> {
        self.workload.iter().cloned().collect()
    }
}
