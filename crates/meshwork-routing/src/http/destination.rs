//! Where a request goes: clusters and their weights.

use std::{fmt, sync::Arc};

use meshwork_core::Hostname;

use super::action::HeaderOps;

/// One cluster of Istio's: a port and, where given, a subset of a service.
///
/// Whether the service has that port and subset is not asked here; a cluster that does not exist
/// is answered with 503 (flag NC) by who resolves it.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Destination {
    /// The service.
    pub host: Hostname,
    /// The subset that a DestinationRule defines.
    pub subset: Option<Arc<str>>,
    /// The port of the service.
    pub port: u16,
    /// The name of the cluster: `outbound|9080|v1|reviews.default.svc.cluster.local`.
    pub cluster: Arc<str>,
}

impl Destination {
    /// A destination outside the own workload.
    ///
    /// ```
    /// use meshwork_routing::Destination;
    /// let destination = Destination::new("web.shop.svc.cluster.local".into(), Some("v1".into()), 80);
    /// assert_eq!(&*destination.cluster, "outbound|80|v1|web.shop.svc.cluster.local");
    /// ```
    pub fn new(host: Hostname, subset: Option<Arc<str>>, port: u16) -> Self {
        let subset = subset.filter(|subset| !subset.is_empty());
        let cluster =
            format!("outbound|{port}|{}|{host}", subset.as_deref().unwrap_or_default()).into();
        Self { host, subset, port, cluster }
    }

    /// The own workload at `port` (`inbound|port||`).
    pub fn inbound(port: u16) -> Self {
        let cluster = format!("inbound|{port}||").into();
        Self { host: Hostname::new(""), subset: None, port, cluster }
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cluster)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cluster)
    }
}

/// One entry of `http[].route`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct WeightedDestination {
    /// Where requests go.
    pub destination: Destination,
    /// Whether the port is written, or that of a service's own default route. The consistent hash
    /// that a DestinationRule has for a port counts for such an entry alone.
    pub names_port: bool,
    /// Its share of the sum of all weights; of no meaning where it is the only entry.
    pub weight: u32,
    /// Request header operations of this entry, applied before the route's. Empty where the entry
    /// is the only one: its operations are then part of the route's level.
    pub request_headers: HeaderOps,
    /// Answer header operations of this entry, likewise.
    pub response_headers: HeaderOps,
    /// The Host that this entry sets, unless the route sets one.
    pub authority: Option<Arc<str>>,
}
