//! One endpoint with its connections.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use meshwork_policy::UpstreamEndpoint;

use super::handle::Shared;
use crate::{Dial, DialAddress, DialProtocol, pool::Pool};

/// What a balancer hands out: an address, and the pools to it.
#[derive(Clone)]
pub(crate) struct Upstream(Arc<Inner>);

struct Inner {
    address: DialAddress,
    endpoint: Option<Arc<UpstreamEndpoint>>,
    http1: OnceLock<Pool>,
    http2: OnceLock<Pool>,
}

impl Upstream {
    pub(crate) fn new(address: DialAddress, endpoint: Option<Arc<UpstreamEndpoint>>) -> Self {
        let (http1, http2) = Default::default();
        Self(Arc::new(Inner { address, endpoint, http1, http2 }))
    }

    /// Whether connections to this one serve for `other` as well.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let endpoint = |upstream: &Self| {
            let endpoint = upstream.0.endpoint.as_ref()?;
            let account = endpoint.endpoint.service_account().cloned();
            Some((endpoint.mesh_tls, endpoint.endpoint.tls_mode(), account))
        };
        self.0.address == other.0.address && endpoint(self) == endpoint(other)
    }

    pub(crate) fn dial(&self, shared: &Shared, protocol: DialProtocol) -> Dial {
        let mut dial = Dial::new(self.0.address.clone(), Arc::clone(&shared.name));
        dial.protocol = protocol;
        dial.connect_timeout = shared.options.connect_timeout;
        dial.policy = shared.policy.clone();
        dial.endpoint = self.0.endpoint.clone();
        dial
    }

    /// The pool for HTTP of a version; it is made with the first request.
    pub(crate) fn pool(&self, shared: &Shared, protocol: DialProtocol) -> &Pool {
        let slot = if protocol == DialProtocol::Http2 { &self.0.http2 } else { &self.0.http1 };
        slot.get_or_init(|| {
            let dial = self.dial(shared, protocol);
            let breaker = Arc::clone(shared.balance.breaker());
            let settings = shared.options.pool;
            Pool::new(dial, shared.connector.clone(), settings, breaker, shared.clock)
        })
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.address, f)
    }
}
