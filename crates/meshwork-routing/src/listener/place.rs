//! Where a listener listens, and which port of which service it is made for.

use std::{fmt, net::IpAddr, sync::Arc};

use meshwork_core::{AddressRange, Protocol};
use meshwork_registry::{ListenerBind, Proxy, Service};

/// The address of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ListenAddress {
    /// Every address: `0.0.0.0`, or `::` where there is no IPv4.
    Wildcard,
    /// One address: a service's virtual one, a pod's, or a `bind`.
    Ip(IpAddr),
    /// The path of a Unix domain socket, without `unix://`.
    Unix(Arc<str>),
}

impl ListenAddress {
    /// The address that a `bind` names; what is neither an address nor a socket was refused at
    /// admission and counts as every address.
    pub fn parse(bind: &str) -> Self {
        if let Some(path) = bind.strip_prefix("unix://") {
            return Self::Unix(path.into());
        }
        bind.parse().map_or(Self::Wildcard, Self::of)
    }

    /// An IP address; the unspecified one means every address.
    pub(crate) fn of(address: IpAddr) -> Self {
        if address.is_unspecified() { Self::Wildcard } else { Self::Ip(address) }
    }

    /// The address that an egress listener asks for; without one, services' addresses count.
    pub(crate) fn of_listener(bind: &ListenerBind) -> Option<Self> {
        match bind {
            ListenerBind::Ip(address) => Some(Self::of(*address)),
            ListenerBind::Unix(path) => Some(Self::Unix(Arc::clone(path))),
            _ => None,
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard => f.write_str("0.0.0.0"),
            Self::Ip(address) => fmt::Display::fmt(address, f),
            Self::Unix(path) => write!(f, "unix://{path}"),
        }
    }
}

/// A virtual address of a service, as listeners tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceAddress {
    /// None: `0.0.0.0` in Istio.
    None,
    /// One address.
    Ip(IpAddr),
    /// A range: the listener is the wildcard one, and chains ask for the range.
    Range(AddressRange),
}

impl ServiceAddress {
    /// The addresses for which Istio makes listeners: each one of a ServiceEntry, the first of a
    /// Kubernetes Service.
    pub(crate) fn of(service: &Service, proxy: &Proxy) -> Vec<Self> {
        let declared = service.provider == meshwork_registry::Provider::External
            && !service.addresses.is_empty();
        let limit = if declared { usize::MAX } else { 1 };
        let addresses: Vec<_> = service
            .addresses_for(proxy)
            .take(limit)
            .map(|range| match range.single() {
                Some(address) if address.is_unspecified() => Self::None,
                Some(address) => Self::Ip(address),
                None => Self::Range(range),
            })
            .collect();
        if addresses.is_empty() { vec![Self::None] } else { addresses }
    }
}

/// One port of a service at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PortOfService<'a> {
    pub(crate) service: &'a Arc<Service>,
    pub(crate) proxy: &'a Proxy,
    /// The listener's port: the service's, or the one of a Sidecar's egress listener; 0 for a Unix
    /// domain socket.
    pub(crate) number: u16,
    /// The listener's protocol, likewise.
    pub(crate) protocol: Protocol,
    /// The ranges of the service's address.
    pub(crate) ranges: &'a [AddressRange],
    /// Whether other services may share the listener, so that the address does not tell them apart.
    pub(crate) shared: bool,
}

impl PortOfService<'_> {
    /// The port in the name of the service's cluster: its only one, else the listener's.
    pub(crate) fn cluster_port(&self) -> u16 {
        match &*self.service.ports {
            [only] => only.number,
            _ => self.number,
        }
    }
}
