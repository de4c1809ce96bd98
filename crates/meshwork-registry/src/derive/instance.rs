//! One workload as a ServiceEntry or a Service selects it.

use std::sync::Arc;

use crate::{EndpointAddress, Workload};

/// A workload with its address and the ports that it names itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instance {
    pub(crate) address: EndpointAddress,
    /// Its own numbers for named ports; they go before those of the service.
    pub(crate) ports: Arc<[(Arc<str>, u16)]>,
    pub(crate) workload: Arc<Workload>,
}

impl Instance {
    /// Its own number for a port of that name.
    pub(crate) fn port(&self, name: &str) -> Option<u16> {
        self.ports.iter().find(|(own, port)| **own == *name && *port > 0).map(|(_, port)| *port)
    }

    /// Whether only services whose endpoints may be names can have it.
    pub(crate) fn needs_dns(&self) -> bool {
        matches!(self.address, EndpointAddress::Name(_) | EndpointAddress::Unix(_))
    }
}
