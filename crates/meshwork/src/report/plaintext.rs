//! Who still calls in plaintext.

use std::{net::IpAddr, sync::PoisonError, time::SystemTime};

use meshwork_authn::MtlsMode;
use meshwork_config::{Event, Snapshot};

use super::Reports;
use crate::Mesh;

/// The callers that a STRICT PeerAuthentication would refuse, or refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaintextCallers {
    /// By port and address, the one seen last first; at most 1,024.
    pub callers: Vec<PlaintextCaller>,
    /// How many more there were that gave way to those above. Where it is not 0, the list is not
    /// whole.
    pub forgotten: u64,
}

/// One caller that spoke plaintext to one port.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaintextCaller {
    /// The port of this workload.
    pub port: u16,
    /// Where the connections came from.
    pub address: Option<IpAddr>,
    /// The workload of that address, as `namespace/name`, where the configuration knows one.
    /// Addresses prove nothing: it is a hint whom to ask.
    pub workload: Option<String>,
    /// The identity that such a workload would show over mutual TLS.
    pub identity: Option<String>,
    /// How many connections there were.
    pub connections: u64,
    /// How many of them were refused.
    pub refused: u64,
    /// When the first one came.
    pub first_seen: SystemTime,
    /// When the last one came.
    pub last_seen: SystemTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CallerKey {
    pub(super) port: u16,
    pub(super) address: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calls {
    pub(super) connections: u64,
    pub(super) refused: u64,
}

impl Mesh {
    /// Who called the workload in plaintext since it started: what STRICT would refuse.
    ///
    /// Probe ports and probe paths are left out: they stay plaintext.
    pub fn plaintext_callers(&self) -> PlaintextCallers {
        self.assembly().reports.callers(&self.snapshot().load())
    }

    /// Whom a change of PeerAuthentications would refuse, of those that called in plaintext so far.
    ///
    /// Nothing is changed. Callers that are refused already are left out.
    ///
    /// ```
    /// # fn example(mesh: &meshwork::Mesh) {
    /// let strict = "
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata: {name: default, namespace: shop}
    /// spec: {mtls: {mode: STRICT}}
    /// ";
    /// let events = meshwork::events_of(&meshwork::Reader::default(), "strict", strict.as_bytes());
    /// for caller in mesh.refused_by(events).callers {
    ///     println!("{:?} calls port {} in plaintext", caller.address, caller.port);
    /// }
    /// # }
    /// ```
    pub fn refused_by(&self, events: impl IntoIterator<Item = Event>) -> PlaintextCallers {
        let assembly = self.assembly();
        let changed = assembly.engine.preview(events.into_iter().collect());
        let now = self.snapshot().load();
        let strict =
            |snapshot: &Snapshot, port| snapshot.security.mtls_mode(port) == MtlsMode::Strict;
        let mut callers = assembly.reports.callers(&changed);
        callers.callers.retain(|caller| {
            let already = assembly.enforce && strict(&now, caller.port);
            strict(&changed, caller.port) && !already
        });
        callers
    }
}

impl Reports {
    fn callers(&self, snapshot: &Snapshot) -> PlaintextCallers {
        let table = self.plaintext.lock().unwrap_or_else(PoisonError::into_inner);
        let mut callers: Vec<_> = table
            .iter()
            .map(|(key, row)| {
                let known = key.address.and_then(|address| snapshot.registry.workload(address));
                let domain = match snapshot.mesh.trust_domain.as_str() {
                    "" => "cluster.local",
                    named => named,
                };
                PlaintextCaller {
                    port: key.port,
                    address: key.address,
                    workload: known.map(|known| format!("{}/{}", known.namespace, known.name)),
                    identity: known.and_then(|known| known.spiffe_id(domain)),
                    connections: row.value.connections,
                    refused: row.value.refused,
                    first_seen: row.first_seen,
                    last_seen: row.last_seen,
                }
            })
            .collect();
        callers.sort_by(|a, b| {
            let key = |caller: &PlaintextCaller| (caller.last_seen, caller.port, caller.address);
            key(b).cmp(&key(a))
        });
        PlaintextCallers { callers, forgotten: table.forgotten }
    }
}
