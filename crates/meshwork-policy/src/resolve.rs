//! What the rules say, for a client and a destination.

use std::time::Duration;

use meshwork_api::networking::TrafficPolicy as ApiPolicy;
use meshwork_registry::{Proxy, Service};

use crate::{
    DestinationPolicies, HashPolicy, Rule, Subset, TrafficPolicy, Tunnel,
    hash::{of_destination, tcp_by_source},
    inherit::Blocks,
    traffic_policy::read_tunnel,
};

/// A route names a subset that no rule defines: there is no such cluster (503 with the flag `NC`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("subset `{subset}` of `{host}` is not defined")]
pub struct UnknownSubset {
    /// The host of the service.
    pub host: String,
    /// The subset.
    pub subset: String,
}

/// What counts for TCP connections through a proxy. Istio reads it from the rule's own policy,
/// whatever its port entries and subsets say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TcpPolicy {
    /// A connection without traffic in either direction is closed after this time; never for
    /// zero; `None` is an hour.
    pub idle_timeout: Option<Duration>,
    /// A connection is closed after this time (flag `DT`).
    pub max_connection_duration: Option<Duration>,
    /// Connections are placed by the caller's address.
    pub source_ip_hash: bool,
    /// The tunnel; a named subset's alone counts for it.
    pub tunnel: Option<Tunnel>,
}

impl DestinationPolicies {
    /// The policy for requests of `client` to a port of `service`, or of one of its subsets.
    ///
    /// # Errors
    /// The subset is not defined by the rule that counts.
    pub fn resolve(
        &self,
        client: &Proxy,
        service: &Service,
        subset: Option<&str>,
        port: u16,
    ) -> Result<TrafficPolicy, UnknownSubset> {
        let rule = self.rule(client, service).map(|rule| &**rule);
        check_subset(rule, service, subset)?;
        let blocks = Blocks::resolve(rule, subset, port, Some(self.mesh()));
        Ok(TrafficPolicy::new(rule, &blocks, service, self.mesh()))
    }

    /// The subset of this name.
    ///
    /// # Errors
    /// The rule that counts does not define it.
    pub fn subset(
        &self,
        client: &Proxy,
        service: &Service,
        name: &str,
    ) -> Result<Subset, UnknownSubset> {
        let rule = self.rule(client, service);
        rule.and_then(|rule| rule.subsets().find(|subset| &*subset.name == name))
            .ok_or_else(|| unknown(service, name))
    }

    /// The hash policy for a destination of a route; `None` where none is asked for.
    ///
    /// `port` is the one that the route names, for a service without routes the one that the
    /// client used. A route with several destinations has the policies of all of them, in order.
    pub fn hash_policy(
        &self,
        client: &Proxy,
        service: &Service,
        subset: Option<&str>,
        port: Option<u16>,
    ) -> Option<HashPolicy> {
        of_destination(self.rule(client, service)?, subset, port)
    }

    /// What counts for TCP connections to a service; for weighted ones that of the first.
    pub fn tcp(&self, client: &Proxy, service: &Service, subset: Option<&str>) -> TcpPolicy {
        let Some(rule) = self.rule(client, service) else { return TcpPolicy::default() };
        let policy = rule.traffic_policy();
        let tcp = policy.and_then(|policy| policy.connection_pool.as_ref()?.tcp.as_ref());
        let tunnel = |policy: Option<&ApiPolicy>| policy?.tunnel.as_ref().map(read_tunnel);
        TcpPolicy {
            idle_timeout: tcp.and_then(|tcp| tcp.idle_timeout).map(meshwork_api::Duration::as_std),
            max_connection_duration: tcp
                .and_then(|tcp| tcp.max_connection_duration)
                .map(meshwork_api::Duration::as_std),
            source_ip_hash: tcp_by_source(rule, subset),
            tunnel: match subset {
                Some(name) => {
                    rule.subset(name).and_then(|subset| tunnel(subset.traffic_policy.as_ref()))
                }
                None => tunnel(policy),
            },
        }
    }
}

pub(crate) fn check_subset(
    rule: Option<&Rule>,
    service: &Service,
    subset: Option<&str>,
) -> Result<(), UnknownSubset> {
    match subset {
        Some(name) if rule.is_none_or(|rule| rule.subset(name).is_none()) => {
            Err(unknown(service, name))
        }
        _ => Ok(()),
    }
}

fn unknown(service: &Service, subset: &str) -> UnknownSubset {
    UnknownSubset { host: service.host.to_string(), subset: subset.to_owned() }
}
