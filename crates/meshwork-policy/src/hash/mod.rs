//! Hash policies: what of a request decides which endpoint it goes to.

mod cookie;
mod input;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use meshwork_api::networking::{
    ConsistentHashLb, HashKey, LbPolicy, LoadBalancerSettings, TrafficPolicy,
};
use xxhash_rust::xxh64::xxh64;

pub use cookie::{CookieAttribute, HashCookie};
pub use input::HashInput;

use crate::Rule;

/// What is hashed (Istio's `consistentHash`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashPolicy {
    /// The values of a request header; its name is in lower case.
    Header(Arc<str>),
    /// The value of a cookie, made where it is missing.
    Cookie(HashCookie),
    /// The address of the caller, without its port; `false` never gives a hash.
    SourceIp(bool),
    /// The first query parameter of this name, as it was sent.
    QueryParameter(Arc<str>),
}

/// The hash of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestHash {
    /// The hash; `None` leaves the endpoint to chance.
    pub key: Option<u64>,
    /// The `Set-Cookie` headers that the response has to bear, for cookies that were made. They
    /// are for responses of endpoints alone, not for those that a proxy makes up.
    pub set_cookies: Vec<String>,
}

impl HashPolicy {
    /// Reads the settings; `None` where they name no key.
    pub(crate) fn new(settings: &ConsistentHashLb) -> Option<Self> {
        Some(match settings.hash_key.as_ref()? {
            HashKey::HttpHeaderName(name) => Self::Header(name.to_ascii_lowercase().into()),
            HashKey::HttpCookie(cookie) => Self::Cookie(HashCookie {
                name: cookie.name.as_str().into(),
                path: cookie.path.as_str().into(),
                ttl: cookie.ttl.map(meshwork_api::Duration::as_std),
                attributes: cookie
                    .attributes
                    .iter()
                    .map(|attribute| CookieAttribute {
                        name: attribute.name.as_str().into(),
                        value: attribute.value.as_str().into(),
                    })
                    .collect(),
            }),
            HashKey::UseSourceIp(enabled) => Self::SourceIp(*enabled),
            HashKey::HttpQueryParameterName(name) => Self::QueryParameter(name.as_str().into()),
        })
    }

    /// The hash of one request by this policy alone.
    ///
    /// ```
    /// use http::HeaderMap;
    /// use meshwork_core::{Attributes, RequestHead};
    /// use meshwork_policy::{HashInput, HashPolicy};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("x-user", "user-1".parse()?);
    /// let head = RequestHead::new("GET", "http", "reviews", "/", &headers);
    /// let attributes = Attributes::default();
    /// let input = HashInput::new(&head, &attributes);
    /// let policy = HashPolicy::Header("x-user".into());
    /// assert_eq!(policy.key(&input), Some(0xa173_746b_114c_6be8));
    /// # Ok::<(), http::header::InvalidHeaderValue>(())
    /// ```
    pub fn key(&self, input: &HashInput<'_>) -> Option<u64> {
        match self {
            Self::Header(name) => input.header_hash(name),
            Self::Cookie(cookie) => cookie.key(input),
            Self::SourceIp(enabled) => input.source_hash().filter(|_| *enabled),
            Self::QueryParameter(name) => {
                input.query_parameter(name).map(|value| xxh64(value.as_bytes(), 0))
            }
        }
    }

    /// The hash of a request by all policies of its route, and the cookies that were made for it.
    ///
    /// Several hashes are combined in order, as Envoy does: the sum so far is turned left by one
    /// bit and the next hash is added without carry.
    pub fn request_hash<'p>(
        policies: impl IntoIterator<Item = &'p Self>,
        input: &HashInput<'_>,
    ) -> RequestHash {
        let mut hash = RequestHash::default();
        for policy in policies {
            if let Some(key) = policy.key(input) {
                hash.key = Some(hash.key.map_or(0, |so_far| so_far.rotate_left(1)) ^ key);
            }
            if let Self::Cookie(cookie) = policy
                && let Some(header) = cookie.set_cookie(input)
            {
                hash.set_cookies.push(header);
            }
        }
        hash
    }
}

/// The policy of a route's destination. Unlike other blocks it is not hidden by a narrower block
/// that says nothing of hashing: the first consistent hash counts, of the subset's port, the
/// subset, the rule's port and the rule. Ports count only where the route names one.
pub(crate) fn of_destination(
    rule: &Rule,
    subset: Option<&str>,
    port: Option<u16>,
) -> Option<HashPolicy> {
    let subset = subset.and_then(|name| rule.subset(name)?.traffic_policy.as_ref());
    HashPolicy::new(of_policy(subset, port).or_else(|| of_policy(rule.traffic_policy(), port))?)
}

fn of_policy(policy: Option<&TrafficPolicy>, port: Option<u16>) -> Option<&ConsistentHashLb> {
    let policy = policy?;
    let by_port = port.and_then(|port| {
        let entry = policy.port_level_settings.iter().find(|entry| {
            entry.port.as_ref().is_some_and(|selector| selector.number == u32::from(port))
        });
        consistent_hash(entry?.load_balancer.as_deref())
    });
    by_port.or_else(|| consistent_hash(policy.load_balancer.as_deref()))
}

/// Whether TCP connections are placed by the caller's address. Port entries do not count, and any
/// load balancer of the subset goes before the rule's.
pub(crate) fn tcp_by_source(rule: &Rule, subset: Option<&str>) -> bool {
    let by_source = |settings: Option<&LoadBalancerSettings>| {
        consistent_hash(settings)
            .is_some_and(|hash| matches!(hash.hash_key, Some(HashKey::UseSourceIp(true))))
    };
    let own = subset
        .and_then(|name| rule.subset(name)?.traffic_policy.as_ref()?.load_balancer.as_deref());
    match own {
        Some(own) => by_source(Some(own)),
        None => by_source(rule.traffic_policy().and_then(|p| p.load_balancer.as_deref())),
    }
}

fn consistent_hash(settings: Option<&LoadBalancerSettings>) -> Option<&ConsistentHashLb> {
    match &settings?.lb_policy {
        Some(LbPolicy::ConsistentHash(hash)) => Some(hash),
        _ => None,
    }
}
