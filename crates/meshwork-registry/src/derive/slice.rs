//! EndpointSlices.

use std::{net::IpAddr, sync::Arc};

use meshwork_api::{Object, kubernetes::EndpointSlice};
use meshwork_core::{Labels, Namespace, ResourceRef};

use crate::{Health, strings::Strings};

/// What an EndpointSlice says, as far as a mesh reads it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SliceFacts {
    pub(crate) resource: ResourceRef,
    /// The Kubernetes Service that it belongs to, by namespace and name.
    pub(crate) service: (Namespace, Arc<str>),
    pub(crate) addresses: Box<[SliceAddress]>,
    /// The ports, by the names of the service's.
    pub(crate) ports: Box<[(Arc<str>, Option<u16>)]>,
}

/// One address in a slice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SliceAddress {
    pub(crate) address: IpAddr,
    /// The Pod that it stands for, by namespace and name.
    pub(crate) pod: Option<(Namespace, Arc<str>)>,
    ready: Option<bool>,
    serving: Option<bool>,
    terminating: Option<bool>,
}

impl SliceFacts {
    /// `None` for a slice that belongs to no service, or holds names instead of addresses.
    pub(crate) fn of(slice: &Object<EndpointSlice>, strings: &mut Strings) -> Option<Self> {
        let service = slice.metadata.labels.get("kubernetes.io/service-name")?;
        if service.is_empty() || slice.spec.address_type == "FQDN" {
            return None;
        }
        let mut addresses = Vec::new();
        for endpoint in &slice.spec.endpoints {
            let target = endpoint.target_ref.as_ref().filter(|target| target.kind == "Pod");
            let pod = target.map(|target| strings.name(&target.namespace, &target.name));
            let conditions = endpoint.conditions.clone().unwrap_or_default();
            for address in endpoint.addresses.iter().filter_map(|address| address.parse().ok()) {
                addresses.push(SliceAddress {
                    address,
                    pod: pod.clone(),
                    ready: conditions.ready,
                    serving: conditions.serving,
                    terminating: conditions.terminating,
                });
            }
        }
        let ports = slice.spec.ports.iter().map(|port| {
            let number = port.port.and_then(|number| u16::try_from(number).ok());
            (strings.get(&port.name), number)
        });
        Some(Self {
            ports: ports.collect(),
            resource: strings.reference("EndpointSlice", &slice.metadata),
            service: strings.name(&slice.metadata.namespace, service),
            addresses: addresses.into(),
        })
    }
}

impl SliceAddress {
    /// What its conditions mean for a service with these labels.
    ///
    /// An address that is not ready, and says nothing of shutting down, counts as shutting down.
    pub(crate) fn health(&self, service: &Labels) -> Health {
        if self.ready.unwrap_or(true) {
            return Health::Healthy;
        }
        let terminating = self.terminating.unwrap_or(true);
        if terminating && self.serving.unwrap_or(true) && keeps_sessions(service) {
            return Health::Draining;
        }
        if terminating { Health::Terminating } else { Health::Unhealthy }
    }
}

/// Whether a service with these labels keeps endpoints that drain. Its sessions may go by a header
/// too, but then Istio does not deliver them.
pub(crate) fn keeps_sessions(service: &Labels) -> bool {
    service.get("istio.io/persistent-session").is_some_and(|cookie| !cookie.is_empty())
}
