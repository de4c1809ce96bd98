//! One endpoint with its connections.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use meshwork_policy::{Transport, UpstreamEndpoint};

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
    /// Where TLS goes by the request's host, each host has connections of its own.
    named: Mutex<HashMap<(DialProtocol, Arc<str>), Pool>>,
}

impl Upstream {
    pub(crate) fn new(address: DialAddress, endpoint: Option<Arc<UpstreamEndpoint>>) -> Self {
        let (http1, http2, named) = Default::default();
        Self(Arc::new(Inner { address, endpoint, http1, http2, named }))
    }

    /// The same endpoint at another address, without connections.
    pub(crate) fn at(&self, address: DialAddress) -> Self {
        Self::new(address, self.0.endpoint.clone())
    }

    pub(crate) fn address(&self) -> &DialAddress {
        &self.0.address
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
    ///
    /// `authority` is the request's.
    pub(crate) fn pool(&self, shared: &Shared, protocol: DialProtocol, authority: &str) -> Pool {
        if let Some(host) = named_host(shared, authority) {
            let mut named = self.0.named.lock().unwrap_or_else(PoisonError::into_inner);
            if named.len() >= MAX_HOSTS {
                // Requests under way keep theirs.
                named.clear();
            }
            let key = (protocol, Arc::clone(&host));
            let pool = named.entry(key).or_insert_with(|| self.make(shared, protocol, Some(host)));
            return pool.clone();
        }
        let slot = if protocol == DialProtocol::Http2 { &self.0.http2 } else { &self.0.http1 };
        slot.get_or_init(|| self.make(shared, protocol, None)).clone()
    }

    fn make(&self, shared: &Shared, protocol: DialProtocol, host: Option<Arc<str>>) -> Pool {
        let mut dial = self.dial(shared, protocol);
        dial.host = host;
        let breaker = Arc::clone(shared.balance.breaker());
        let settings = shared.options.pool;
        Pool::new(dial, shared.connector.clone(), settings, breaker, shared.clock)
    }
}

/// The host that TLS goes by, where it does.
fn named_host(shared: &Shared, authority: &str) -> Option<Arc<str>> {
    let (Transport::Tls(tls) | Transport::ByEndpoint(tls)) = &shared.policy.as_ref()?.transport
    else {
        return None;
    };
    if !tls.auto_sni && !tls.auto_san_validation {
        return None;
    }
    let authority: http::uri::Authority = authority.parse().ok()?;
    let host = authority.host();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(host.to_ascii_lowercase().into())
}

/// How many hosts one endpoint keeps connections for.
const MAX_HOSTS: usize = 1024;

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.address, f)
    }
}
