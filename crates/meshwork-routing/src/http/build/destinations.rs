//! From a destination as it is written to a cluster.

use meshwork_api::networking::Destination as Written;
use meshwork_core::Hostname;

use crate::Destination;

/// What a route table knows of the services that its rules route to.
pub(super) struct Destinations<'a> {
    /// The service that a host stands for: the ports that it shows, and what it is an alias of.
    pub(super) lookup: &'a dyn Fn(&Hostname) -> Option<Known>,
    /// The namespace that short names belong to.
    pub(super) namespace: &'a str,
    pub(super) cluster_domain: &'a str,
    /// The port of the listener; 0 for one of a generic HTTP proxy.
    pub(super) listener_port: u16,
}

/// What is known of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(super) only_port: Option<u16>,
    pub(super) alias_of: Option<Hostname>,
}

impl Destinations<'_> {
    /// The port is the one written, else the only one that the service shows, else the listener's.
    pub(super) fn resolve(&self, written: &Written) -> Destination {
        let host = Hostname::qualify(&written.host, self.namespace, self.cluster_domain);
        let known = (self.lookup)(&host);
        let port = match (&written.port, &known) {
            (Some(port), _) => u16::try_from(port.number).unwrap_or_default(),
            (None, Some(known)) => known.only_port.unwrap_or(self.listener_port),
            (None, None) => self.listener_port,
        };
        let host = known.and_then(|known| known.alias_of).unwrap_or(host);
        let subset = (!written.subset.is_empty()).then(|| written.subset.as_str().into());
        Destination::new(host, subset, port)
    }
}
