//! Endpoints: one address and port of a service, and the workload behind it.

use std::{fmt, net::IpAddr, sync::Arc};

use meshwork_core::{Labels, Locality};

use crate::{TlsMode, Workload};

/// Where an endpoint is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EndpointAddress {
    /// An IP address.
    Ip(IpAddr),
    /// A name that has to be resolved.
    Name(Arc<str>),
    /// The path of a Unix domain socket, without `unix://`. Its port is 0.
    Unix(Arc<str>),
    /// No address: the endpoint is reached through the gateway of its network.
    Network,
}

impl EndpointAddress {
    /// What the address of a WorkloadEntry means.
    pub fn parse(text: &str) -> Self {
        if let Some(path) = text.strip_prefix("unix://") {
            Self::Unix(path.into())
        } else if text.is_empty() {
            Self::Network
        } else if let Ok(address) = text.parse() {
            Self::Ip(address)
        } else {
            Self::Name(text.into())
        }
    }

    /// The IP address, where it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            _ => None,
        }
    }
}

impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => fmt::Display::fmt(address, f),
            Self::Name(name) => f.write_str(name),
            Self::Unix(path) => write!(f, "unix://{path}"),
            Self::Network => Ok(()),
        }
    }
}

/// What is declared of an endpoint's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Health {
    /// Ready, or nothing is said of it.
    #[default]
    Healthy,
    /// Not ready. It is never picked and counts in totals; with `minHealthPercent` above 0 it is
    /// left out.
    Unhealthy,
    /// Shutting down, and still serving sessions that began there; only services with persistent
    /// sessions keep it.
    Draining,
    /// Shutting down: no cluster has it any more, but its identity is still one of the service's,
    /// and whether it has a sidecar still counts.
    Terminating,
}

/// One address and port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// Where it is reached.
    pub address: EndpointAddress,
    /// The port there; 0 for a Unix domain socket.
    pub port: u16,
    /// What is declared of its health.
    pub health: Health,
    /// The workload behind it.
    pub workload: Arc<Workload>,
}

impl Endpoint {
    /// An endpoint that is healthy.
    pub fn new(address: EndpointAddress, port: u16, workload: Arc<Workload>) -> Self {
        Self { address, port, health: Health::Healthy, workload }
    }

    /// The labels that subsets match.
    pub fn labels(&self) -> &Labels {
        &self.workload.labels
    }

    /// Where the workload runs.
    pub fn locality(&self) -> &Locality {
        &self.workload.locality
    }

    /// The network; empty where there is only one.
    pub fn network(&self) -> &Arc<str> {
        &self.workload.network
    }

    /// The weight among the service's endpoints; at least 1.
    pub fn weight(&self) -> u32 {
        self.workload.weight
    }

    /// Whether the workload speaks Istio's mutual TLS.
    pub fn tls_mode(&self) -> TlsMode {
        self.workload.tls_mode
    }

    /// The service account of the workload.
    pub fn service_account(&self) -> Option<&Arc<str>> {
        self.workload.service_account.as_ref()
    }
}
