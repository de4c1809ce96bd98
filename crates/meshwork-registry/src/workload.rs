//! Workloads: what runs behind an address.

use std::sync::Arc;

use meshwork_core::{Labels, Locality, Namespace, ResourceRef};

/// What a workload was declared as. The order is Istio's, by the name of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WorkloadKind {
    /// A Kubernetes Pod.
    Pod,
    /// A WorkloadEntry, or an endpoint written into a ServiceEntry.
    WorkloadEntry,
    /// An address that nothing else is known of: a bare EndpointSlice entry, or a host that stands
    /// for itself.
    Unknown,
}

/// Whether a workload speaks Istio's mutual TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsMode {
    /// Plaintext.
    #[default]
    Disabled,
    /// Istio's mutual TLS: a sidecar, or something that acts as one.
    Istio,
    /// The label `security.istio.io/tlsMode` says something else; Istio takes it for plaintext but
    /// keeps the text for matching.
    Other,
}

impl TlsMode {
    /// What the value of the label `security.istio.io/tlsMode` means.
    pub fn of_label(value: &str) -> Self {
        match value {
            "istio" => Self::Istio,
            "disabled" | "" => Self::Disabled,
            _ => Self::Other,
        }
    }

    /// Whether mutual TLS may be used by itself.
    pub fn is_istio(self) -> bool {
        matches!(self, Self::Istio)
    }
}

/// What is known of the workload behind an endpoint; shared by all endpoints of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workload {
    /// Where it was declared: a Pod, a WorkloadEntry, a ServiceEntry or an EndpointSlice.
    pub resource: ResourceRef,
    /// What it was declared as.
    pub kind: WorkloadKind,
    /// Its namespace. Empty for an address that nothing is known of.
    pub namespace: Namespace,
    /// Its name, as telemetry shows it.
    pub name: Arc<str>,
    /// Its labels and those that Istio adds: region, zone, subzone, cluster, network, node.
    pub labels: Labels,
    /// Where it runs.
    pub locality: Locality,
    /// Its network; empty where there is only one.
    pub network: Arc<str>,
    /// Its cluster; empty where it is not known.
    pub cluster: Arc<str>,
    /// The node it runs on; empty where it is not known.
    pub node: Arc<str>,
    /// The service account; `None` for one without identity.
    pub service_account: Option<Arc<str>>,
    /// Whether it speaks Istio's mutual TLS.
    pub tls_mode: TlsMode,
    /// Its weight among the endpoints of a service; at least 1.
    pub weight: u32,
}

impl Workload {
    /// The SPIFFE identity in `trust_domain`, `None` for a workload without a service account.
    pub fn spiffe_id(&self, trust_domain: &str) -> Option<String> {
        let account = self.service_account.as_deref()?;
        Some(format!("spiffe://{trust_domain}/ns/{}/sa/{account}", self.namespace))
    }
}
