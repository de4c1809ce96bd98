//! Who would have been refused while policies are observed only.

use std::{
    net::IpAddr,
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use meshwork_config::{InboundVerdict, Snapshot};
use meshwork_tower::{ConnectionInfo, RefusedRequest};

use crate::Mesh;

/// What policies would have refused, had [`MeshBuilder::enforce`](crate::MeshBuilder::enforce) not
/// been off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedRefusals {
    /// By port, caller and reason, the one seen last first; at most 1,024.
    pub refusals: Vec<ObservedRefusal>,
    /// How many more there were that gave way to those above. Where it is not 0, the list is not
    /// whole.
    pub forgotten: u64,
}

/// What would have been refused of one caller on one port for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedRefusal {
    /// The port of this workload.
    pub port: u16,
    /// The caller's verified identity; `None` over plaintext.
    pub identity: Option<Arc<str>>,
    /// Where the caller's connections came from.
    pub address: Option<IpAddr>,
    /// The policy and its rule, or that nothing allowed it.
    pub reason: Arc<str>,
    /// The last such request, as `GET /reviews/0`, at most 256 characters; `None` where the
    /// connection itself would have been refused.
    pub request: Option<Arc<str>>,
    /// How many requests or connections.
    pub count: u64,
    /// When the first one came.
    pub first_seen: SystemTime,
    /// When the last one came.
    pub last_seen: SystemTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RefusalKey {
    port: u16,
    identity: Option<Arc<str>>,
    address: Option<IpAddr>,
    reason: Arc<str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Refusals {
    pub(super) count: u64,
    pub(super) request: Option<Arc<str>>,
}

/// One request or connection that would have been refused.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(super) key: RefusalKey,
    pub(super) request: Option<Arc<str>>,
}

impl Refused {
    fn new(port: u16, connection: &ConnectionInfo, reason: &str) -> Self {
        let key = RefusalKey {
            port,
            identity: connection.peer.clone(),
            address: connection.source.map(|source| source.ip()),
            reason: reason.into(),
        };
        Self { key, request: None }
    }

    /// A request that policies do not allow.
    pub(crate) fn request(port: u16, request: &RefusedRequest<'_>) -> Self {
        let line = format!("{} {}", request.method, request.head.path_and_query);
        let shown: String = line.chars().take(LONGEST).collect();
        let reason = request.verdict.to_string();
        Self { request: Some(shown.into()), ..Self::new(port, request.connection, &reason) }
    }

    /// A connection that policies do not allow.
    pub(crate) fn connection(
        port: u16,
        connection: &ConnectionInfo,
        verdict: &InboundVerdict,
    ) -> Self {
        Self::new(port, connection, &verdict.to_string())
    }

    /// Plaintext to a port that asks for mutual TLS.
    pub(crate) fn strict(port: u16, connection: &ConnectionInfo, snapshot: &Snapshot) -> Self {
        let reason = match snapshot.security.mtls().policy() {
            Some(policy) => format!("{policy} asks for mutual TLS (STRICT)"),
            None => "mutual TLS is STRICT".to_owned(),
        };
        Self::new(port, connection, &reason)
    }
}

impl Mesh {
    /// What policies would have refused since the workload started, where it was built with
    /// [`enforce(false)`](crate::MeshBuilder::enforce). Empty where policies are enforced.
    pub fn observed_refusals(&self) -> ObservedRefusals {
        let table = self.assembly().reports.refusals.lock();
        let table = table.unwrap_or_else(PoisonError::into_inner);
        let mut refusals: Vec<_> = table
            .iter()
            .map(|(key, row)| ObservedRefusal {
                port: key.port,
                identity: key.identity.clone(),
                address: key.address,
                reason: Arc::clone(&key.reason),
                request: row.value.request.clone(),
                count: row.value.count,
                first_seen: row.first_seen,
                last_seen: row.last_seen,
            })
            .collect();
        refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.last_seen));
        ObservedRefusals { refusals, forgotten: table.forgotten }
    }
}

/// How much of a request line is kept.
const LONGEST: usize = 256;
