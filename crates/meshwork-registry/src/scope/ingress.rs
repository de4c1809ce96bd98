//! Ingress listeners of a `Sidecar`.

use std::{net::IpAddr, sync::Arc};

use meshwork_api::networking::{
    CaptureMode, ConnectionPoolSettings, IstioIngressListener, Sidecar,
};

use super::listener::{ListenerBind, ListenerPort};

/// A port of the workload that a `Sidecar` declares. Where there are any, nothing else is
/// configured inbound.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IngressListener {
    /// The port of the workload (not of a service), and what it speaks.
    pub port: ListenerPort,
    /// Where it listens.
    pub bind: ListenerBind,
    /// Whether connections are captured or come to a real port.
    pub capture_mode: CaptureMode,
    /// Where connections go.
    pub default_endpoint: DefaultEndpoint,
    /// The limits of this port; see [`super::EgressScope::inbound_connection_pool`].
    pub connection_pool: Option<ConnectionPoolSettings>,
}

/// Where the connections of an ingress listener go (`defaultEndpoint`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DefaultEndpoint {
    /// The same port at the address that the connection was meant for.
    #[default]
    OriginalDestination,
    /// A port of the loopback address.
    Loopback(IpAddr, u16),
    /// A port at the address of the workload (`0.0.0.0:PORT`, `[::]:PORT`).
    Workload(u16),
    /// A Unix domain socket, without `unix://`.
    Unix(Arc<str>),
}

impl DefaultEndpoint {
    /// What the field's text means. A text without an address, such as `:8080`, is taken for
    /// unset, as Istio does; admission refuses what cannot be read at all.
    pub fn parse(text: &str) -> Self {
        if let Some(path) = text.strip_prefix("unix://") {
            return Self::Unix(path.into());
        }
        let Some((address, port)) = text.rsplit_once(':') else {
            return Self::OriginalDestination;
        };
        let address = address.trim_start_matches('[').trim_end_matches(']');
        match (address.parse::<IpAddr>(), port.parse()) {
            (Ok(address), Ok(port)) if address.is_unspecified() => Self::Workload(port),
            (Ok(address), Ok(port)) => Self::Loopback(address, port),
            _ => Self::OriginalDestination,
        }
    }
}

pub(super) fn listeners(sidecar: Option<&Sidecar>) -> Arc<[IngressListener]> {
    sidecar.map_or(&[][..], |sidecar| &sidecar.ingress).iter().filter_map(listener).collect()
}

fn listener(ingress: &IstioIngressListener) -> Option<IngressListener> {
    Some(IngressListener {
        port: ListenerPort::read(ingress.port.as_ref()?),
        bind: ListenerBind::read(&ingress.bind),
        capture_mode: ingress.capture_mode,
        default_endpoint: DefaultEndpoint::parse(&ingress.default_endpoint),
        connection_pool: ingress.connection_pool.as_deref().cloned(),
    })
}
