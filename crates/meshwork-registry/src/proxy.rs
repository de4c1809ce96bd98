//! The proxy whose view of the mesh is computed.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use meshwork_core::{Labels, Locality, Namespace};

/// What a proxy is: the companion of one workload, or a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyKind {
    /// Beside a workload; `Sidecar` resources narrow its view.
    Sidecar,
    /// A gateway: sees everything that is exported to its namespace, and ignores `Sidecar`s.
    Gateway,
}

/// How traffic reaches the proxy (`interceptionMode` of a ProxyConfig).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Interception {
    /// Connections are captured, and their original destination is known (`REDIRECT`, `TPROXY`).
    #[default]
    Captured,
    /// Nothing is captured: the proxy listens on real ports only (`NONE`).
    None,
}

/// The proxy whose view is computed: where it runs and what it is.
///
/// ```
/// use meshwork_registry::Proxy;
/// let mut proxy = Proxy::sidecar("shop");
/// proxy.labels = [("app", "cart")].into_iter().collect();
/// assert_eq!(proxy.dns_domain(), "shop.svc.cluster.local");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxy {
    /// A sidecar or a gateway.
    pub kind: ProxyKind,
    /// The namespace of the workload or of the gateway's pod; what is visible is decided by it.
    pub namespace: Namespace,
    /// The labels of the workload: `Sidecar`s, `sourceLabels` and selectors read them.
    pub labels: Labels,
    /// The addresses of the workload, the main one first.
    pub addresses: Vec<IpAddr>,
    /// The service account; `default` unless said otherwise.
    pub service_account: Arc<str>,
    /// Where the proxy runs.
    pub locality: Locality,
    /// The cluster; `Kubernetes` is what Istio calls a single one.
    pub cluster: Arc<str>,
    /// The network; empty where there is only one.
    pub network: Arc<str>,
    /// The domain of cluster names, `cluster.local`.
    pub cluster_domain: Arc<str>,
    /// The domain of short names where it is not `NAMESPACE.svc.CLUSTER_DOMAIN`, as for a virtual
    /// machine outside of Kubernetes.
    pub domain: Option<Arc<str>>,
    /// The node that the proxy runs on; empty where it is not known.
    pub node: Arc<str>,
    /// How connections reach the proxy.
    pub interception: Interception,
    /// Whether the proxy answers the workload's DNS questions (`DNS_CAPTURE`), so that addresses
    /// that Istio allocated for ServiceEntries lead somewhere.
    pub dns_capture: bool,
    /// Everything else that the proxy says of itself, by Istio's names.
    pub metadata: BTreeMap<Arc<str>, Arc<str>>,
}

impl Proxy {
    /// A sidecar in `namespace`, without labels and addresses.
    pub fn sidecar(namespace: impl Into<Namespace>) -> Self {
        Self::new(ProxyKind::Sidecar, namespace.into())
    }

    /// A gateway whose pod runs in `namespace`.
    pub fn gateway(namespace: impl Into<Namespace>) -> Self {
        Self::new(ProxyKind::Gateway, namespace.into())
    }

    /// A proxy of `kind` in `namespace`, with Istio's defaults for everything else.
    pub fn new(kind: ProxyKind, namespace: Namespace) -> Self {
        Self {
            kind,
            namespace,
            labels: Labels::default(),
            addresses: Vec::new(),
            service_account: Arc::from("default"),
            locality: Locality::default(),
            cluster: Arc::from("Kubernetes"),
            network: Arc::from(""),
            cluster_domain: Arc::from("cluster.local"),
            domain: None,
            node: Arc::from(""),
            interception: Interception::Captured,
            dns_capture: false,
            metadata: BTreeMap::new(),
        }
    }

    /// The domain that short names are completed with, `shop.svc.cluster.local`.
    pub fn dns_domain(&self) -> String {
        match &self.domain {
            Some(domain) => domain.to_string(),
            None => format!("{}.svc.{}", self.namespace, self.cluster_domain),
        }
    }

    /// Whether the proxy can use an address of the family of `address`. A proxy without addresses
    /// is taken for one of IPv4.
    pub fn supports_family_of(&self, address: IpAddr) -> bool {
        let ipv4 = address.is_ipv4();
        if self.addresses.is_empty() {
            return ipv4;
        }
        self.addresses.iter().any(|own| own.is_ipv4() == ipv4)
    }
}
