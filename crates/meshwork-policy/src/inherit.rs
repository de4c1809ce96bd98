//! Which block of a rule counts for a port and a subset.

use meshwork_api::{
    mesh::MeshConfig,
    networking::{
        ClientTlsMode, ClientTlsSettings, ConnectionPoolSettings, LoadBalancerSettings,
        OutlierDetection, ProxyProtocol, RetryBudget, TrafficPolicy, TunnelSettings,
    },
};

use crate::Rule;

/// The blocks that count. Each comes whole from one place; none is put together field by field.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Blocks<'a> {
    pub(crate) connection_pool: Option<&'a ConnectionPoolSettings>,
    pub(crate) outlier_detection: Option<&'a OutlierDetection>,
    pub(crate) load_balancer: Option<&'a LoadBalancerSettings>,
    pub(crate) tls: Option<&'a ClientTlsSettings>,
    pub(crate) tunnel: Option<&'a TunnelSettings>,
    pub(crate) proxy_protocol: Option<&'a ProxyProtocol>,
    pub(crate) retry_budget: Option<&'a RetryBudget>,
}

impl<'a> Blocks<'a> {
    /// What counts for a port, and for a subset where one is named.
    ///
    /// The defaults of the mesh stand below the rule and above nothing; a matching port entry of
    /// the subset hides them as it hides the rule's blocks.
    pub(crate) fn resolve(
        rule: Option<&'a Rule>,
        subset: Option<&str>,
        port: u16,
        mesh: Option<&'a MeshConfig>,
    ) -> Self {
        let (mut blocks, _) = Self::of(rule.and_then(Rule::traffic_policy), port);
        if let Some(default) = mesh.and_then(|mesh| mesh.default_traffic_policy.as_ref()) {
            blocks.connection_pool = blocks.connection_pool.or(default.connection_pool.as_ref());
            blocks.outlier_detection =
                blocks.outlier_detection.or(default.outlier_detection.as_ref());
        }
        let subset = subset.and_then(|name| rule?.subset(name)?.traffic_policy.as_ref());
        if let Some(policy) = subset {
            let (own, by_port) = Self::of(Some(policy), port);
            blocks.overlay(own, by_port);
        }
        blocks
    }

    /// The blocks of one policy for a port, and whether they are those of a port entry. A port
    /// entry stands alone: what it does not set is unset, and it cannot set the last three.
    fn of(policy: Option<&'a TrafficPolicy>, port: u16) -> (Self, bool) {
        let Some(policy) = policy else { return (Self::default(), false) };
        let entry = policy.port_level_settings.iter().find(|entry| {
            entry.port.as_ref().is_some_and(|selector| selector.number == u32::from(port))
        });
        match entry {
            Some(entry) => (
                Self {
                    connection_pool: entry.connection_pool.as_deref(),
                    outlier_detection: entry.outlier_detection.as_deref(),
                    load_balancer: entry.load_balancer.as_deref(),
                    tls: entry.tls.as_deref(),
                    ..Self::default()
                },
                true,
            ),
            None => (
                Self {
                    connection_pool: policy.connection_pool.as_deref(),
                    outlier_detection: policy.outlier_detection.as_deref(),
                    load_balancer: policy.load_balancer.as_deref(),
                    tls: policy.tls.as_deref(),
                    tunnel: policy.tunnel.as_ref(),
                    proxy_protocol: policy.proxy_protocol.as_ref(),
                    retry_budget: policy.retry_budget.as_ref(),
                },
                false,
            ),
        }
    }

    fn overlay(&mut self, narrower: Self, by_port: bool) {
        if by_port {
            self.connection_pool = narrower.connection_pool;
            self.outlier_detection = narrower.outlier_detection;
            self.load_balancer = narrower.load_balancer;
            self.tls = narrower.tls;
            return;
        }
        self.connection_pool = narrower.connection_pool.or(self.connection_pool);
        self.outlier_detection = narrower.outlier_detection.or(self.outlier_detection);
        self.load_balancer = narrower.load_balancer.or(self.load_balancer);
        self.tls = narrower.tls.or(self.tls);
        self.tunnel = narrower.tunnel.or(self.tunnel);
        self.proxy_protocol = narrower.proxy_protocol.or(self.proxy_protocol);
        self.retry_budget = narrower.retry_budget.or(self.retry_budget);
    }
}

/// The TLS mode by which istiod marks endpoints.
///
/// It is not that of [`Blocks`]: a port entry without `tls` leaves the policy's own one in force
/// here, while the cluster loses it.
pub(crate) fn endpoint_tls_mode(
    rule: Option<&Rule>,
    subset: Option<&str>,
    port: u16,
) -> Option<ClientTlsMode> {
    let rule = rule?;
    let of_rule = || mode_for_port(rule.traffic_policy(), port);
    match subset {
        None => of_rule(),
        Some(name) => {
            mode_for_port(rule.subset(name)?.traffic_policy.as_ref(), port).or_else(of_rule)
        }
    }
}

fn mode_for_port(policy: Option<&TrafficPolicy>, port: u16) -> Option<ClientTlsMode> {
    let policy = policy?;
    let by_port = policy.port_level_settings.iter().find_map(|entry| {
        let matches = entry.port.as_ref().is_some_and(|port_| port_.number == u32::from(port));
        entry.tls.as_ref().filter(|_| matches)
    });
    by_port.or(policy.tls.as_ref()).map(|tls| tls.mode)
}

#[cfg(test)]
#[path = "inherit/tests.rs"]
mod tests;
