//! From the destination that a resource names to a cluster.

use std::sync::Arc;

use meshwork_api::networking::{Destination as Written, RouteDestination};
use meshwork_core::Hostname;
use meshwork_registry::{Proxy, Service};

use super::TcpRoute;
use crate::Destination;

/// Resolves destinations for one proxy.
pub(crate) struct Destinations<'a> {
    proxy: &'a Proxy,
    lookup: &'a dyn Fn(&Hostname) -> Option<Arc<Service>>,
}

impl<'a> Destinations<'a> {
    /// `lookup` finds the service that a host means for this proxy.
    pub(crate) fn new(
        proxy: &'a Proxy,
        lookup: &'a dyn Fn(&Hostname) -> Option<Arc<Service>>,
    ) -> Self {
        Self { proxy, lookup }
    }

    /// The proxy.
    pub(crate) fn proxy(&self) -> &'a Proxy {
        self.proxy
    }

    /// The weighted destinations of a route that a resource of `namespace` wrote; `None` where all
    /// of several weights are 0.
    pub(crate) fn route(
        &self,
        written: &[RouteDestination],
        namespace: &str,
        port: u16,
    ) -> Option<TcpRoute> {
        let destinations = written
            .iter()
            .filter_map(|route| {
                let destination = self.one(route.destination.as_ref()?, namespace, port);
                Some((u32::try_from(route.weight).unwrap_or_default(), destination))
            })
            .collect();
        TcpRoute::weighted(destinations)
    }

    /// One destination: its port is the one written, else the service's only one, else the
    /// listener's.
    pub(crate) fn one(&self, written: &Written, namespace: &str, port: u16) -> Destination {
        let host = Hostname::qualify(&written.host, namespace, &self.proxy.cluster_domain);
        let service = (self.lookup)(&host);
        let explicit = written.port.as_ref().map(|port| port.number);
        let only = service.as_ref().and_then(|service| match &*service.ports {
            [only] => Some(only.number),
            _ => None,
        });
        let port = match explicit {
            Some(number) => u16::try_from(number).unwrap_or_default(),
            None => only.unwrap_or(port),
        };
        let host = service.and_then(|service| service.alias_of.clone()).unwrap_or(host);
        let subset = (!written.subset.is_empty()).then(|| Arc::from(written.subset.as_str()));
        Destination::new(host, subset, port)
    }
}

/// The service itself, without a subset.
pub(crate) fn service_destination(service: &Service, port: u16) -> Destination {
    Destination::new(service.host.clone(), None, port)
}
