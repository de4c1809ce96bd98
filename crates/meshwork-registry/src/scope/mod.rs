//! What one proxy sees: its egress and ingress listeners, services and outbound policy.

mod hosts;
mod implicit;
mod ingress;
mod list;
mod listener;
mod outbound;
mod patch;
mod selection;
mod sharing;
mod union;
mod virtual_services;

use std::sync::Arc;

use meshwork_api::{
    Object,
    mesh::MeshConfig,
    networking::{ConnectionPoolSettings, Sidecar, VirtualService},
};
use meshwork_core::Namespace;

pub use ingress::{DefaultEndpoint, IngressListener};
pub use list::{ListChange, Precedence, VirtualServices};
pub use listener::{EgressListener, ListenerBind, ListenerPort};
pub use outbound::OutboundPolicy;

use crate::{Proxy, ProxyKind, Registry, Service};

/// What one proxy sees of the mesh: the result of `Sidecar`, `exportTo` and the mesh's defaults.
///
/// It is a value computed when configuration changes; nothing in it changes afterwards.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EgressScope {
    /// The proxy's namespace; names of VirtualServices and rules are seen from here.
    pub namespace: Namespace,
    /// The `Sidecar` that was selected, `None` for Istio's default and for gateways.
    pub sidecar: Option<Arc<Object<Sidecar>>>,
    /// The egress listeners in order; the one without a port, if any, is the last. A gateway has
    /// none.
    pub listeners: Arc<[Arc<EgressListener>]>,
    /// Every service that has clusters for the proxy, one for each host name: the union of the
    /// listeners and of what imported VirtualServices route to.
    pub services: Arc<[Arc<Service>]>,
    /// The ingress listeners; empty means that the services of the workload decide.
    pub ingress: Arc<[IngressListener]>,
    /// What happens to traffic that nothing matches.
    pub outbound_policy: OutboundPolicy,
    virtual_services: VirtualServices,
    by_host: Arc<union::ByHost>,
    /// Whether `services` hold what no `hosts` entry imports.
    implicit: bool,
}

impl EgressScope {
    /// Computes what `proxy` sees.
    ///
    /// `virtual_services` are those of the whole mesh, delegates merged into their roots and names
    /// resolved; short names that are left are resolved here, so that a caller without delegates
    /// may pass the objects as they are.
    pub fn compute<'a>(
        registry: &Registry,
        proxy: &Proxy,
        sidecars: &[Arc<Object<Sidecar>>],
        virtual_services: impl IntoIterator<Item = &'a Arc<Object<VirtualService>>>,
        mesh: &MeshConfig,
    ) -> Self {
        let visible = virtual_services::visible(virtual_services, &proxy.namespace, mesh);
        if proxy.kind == ProxyKind::Gateway {
            return Self::of_gateway(registry, proxy, visible, mesh);
        }
        let sidecar = selection::select(sidecars, proxy, mesh);
        let spec = sidecar.as_deref().map(|object| &object.spec);
        let listeners: Arc<[_]> = listener::listeners(registry, proxy, spec, &visible);
        let mut union = union::Union::default();
        let mut implicit = false;
        for listener in &*listeners {
            for service in &*listener.services {
                union.add(service);
            }
            for object in listener.virtual_services.iter() {
                for service in implicit::of(object, registry, proxy, listener) {
                    implicit |= union.add(&service);
                }
            }
        }
        let (services, by_host) = union.finish();
        Self {
            namespace: proxy.namespace.clone(),
            listeners,
            services,
            ingress: ingress::listeners(spec),
            outbound_policy: outbound::policy(spec, mesh),
            sidecar,
            virtual_services: visible,
            by_host,
            implicit,
        }
    }

    fn of_gateway(
        registry: &Registry,
        proxy: &Proxy,
        virtual_services: VirtualServices,
        mesh: &MeshConfig,
    ) -> Self {
        let mut union = union::Union::default();
        for service in registry.exported_to(&proxy.namespace) {
            union.add(service);
        }
        let (services, by_host) = union.finish();
        Self {
            namespace: proxy.namespace.clone(),
            sidecar: None,
            listeners: Arc::default(),
            services,
            ingress: Arc::default(),
            outbound_policy: outbound::policy(None, mesh),
            virtual_services,
            by_host,
            implicit: false,
        }
    }

    /// The service that `host` stands for, ports trimmed to what the scope imports.
    pub fn service(&self, host: &str) -> Option<&Arc<Service>> {
        self.services.get(*self.by_host.get(host)?)
    }

    /// The listener that rules connections to `port`: the one with this port, else the one without
    /// any.
    pub fn listener_for_port(&self, port: u16) -> Option<&Arc<EgressListener>> {
        self.listeners.iter().find(|listener| match &listener.port {
            None => true,
            Some(own) => own.number != 0 && own.number == port,
        })
    }

    /// The listener without a port, which rules all ports that have none of their own.
    pub fn catch_all(&self) -> Option<&Arc<EgressListener>> {
        self.listeners.iter().find(|listener| listener.port.is_none())
    }

    /// The VirtualServices bound to a gateway, in the order of precedence.
    ///
    /// `gateway` is `NAMESPACE/NAME`, or `mesh` for those of sidecars.
    pub fn virtual_services_of(
        &self,
        gateway: &str,
    ) -> impl Iterator<Item = &Arc<Object<VirtualService>>> {
        self.places_of_gateway(gateway).map(|(_, object)| object)
    }

    /// The same with the places that they have there.
    pub fn places_of_gateway(
        &self,
        gateway: &str,
    ) -> impl Iterator<Item = (Precedence, &Arc<Object<VirtualService>>)> {
        let placed = self.virtual_services.places().filter_map(|(place, object)| {
            Some((self.place_at_gateway(place, object, gateway)?, object))
        });
        let mut placed: Vec<_> = placed.collect();
        placed.sort_by(|(a, _), (b, _)| a.cmp(b));
        placed.into_iter()
    }

    /// The place that a VirtualService in view has at a gateway; `None` where it is not bound to
    /// it.
    pub fn place_at_gateway(
        &self,
        place: &Precedence,
        object: &Object<VirtualService>,
        gateway: &str,
    ) -> Option<Precedence> {
        virtual_services::place_at_gateway(place, object, gateway, &self.namespace)
    }

    /// All VirtualServices that the namespace may see, whatever they are bound to, in the order of
    /// precedence: its own private ones, those exported to it by name, public ones; each by age.
    pub fn visible_virtual_services(&self) -> &VirtualServices {
        &self.virtual_services
    }

    /// The limits for connections to `port` of the workload that the `Sidecar` sets; `None` where
    /// it sets none, and rules or the mesh decide.
    pub fn inbound_connection_pool(&self, port: u16) -> Option<&ConnectionPoolSettings> {
        let own = self.ingress.iter().filter(|listener| listener.port.number == port);
        own.filter_map(|listener| listener.connection_pool.as_ref())
            .next()
            .or_else(|| self.sidecar.as_ref()?.spec.inbound_connection_pool.as_deref())
    }
}

#[cfg(test)]
mod tests;
