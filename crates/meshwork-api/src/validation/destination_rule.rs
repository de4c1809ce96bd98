//! DestinationRule: the host, its subsets, and their policies.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::address::is_ip;
use super::primitive::name::{check_fqdn, check_wildcard_domain, is_dns_label};
use super::shared::{ExportTo, export_to, labels, port, selector};
use super::{client_tls, connection_pool, load_balancer};
use crate::ObjectMeta;
use crate::networking::{
    DestinationRule, PortTrafficPolicy, ProxyProtocolVersion, TrafficPolicy, TunnelSettings,
};
use std::collections::HashSet;

/// Everything istiod's webhook asks of a DestinationRule.
pub(super) fn check(metadata: &ObjectMeta, rule: &DestinationRule, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    let namespace = super::namespace_of(metadata);
    if let Err(error) = check_wildcard_domain(&rule.host) {
        out.error(&spec.field("host"), format!("the host {} {error}", quote(&rule.host)));
    }
    if let Some(policy) = &rule.traffic_policy {
        traffic_policy(&spec.field("trafficPolicy"), namespace, policy, out);
    }
    let mut names = HashSet::new();
    for (index, subset) in rule.subsets.iter().enumerate() {
        let place = spec.item("subsets", index);
        if !names.insert(subset.name.as_str()) {
            let message = format!("another subset is called {} too", quote(&subset.name));
            out.error(&place.field("name"), message);
        }
        if !is_dns_label(&subset.name) {
            let message = format!("{} is not the name of a subset", quote(&subset.name));
            out.error(&place.field("name"), message);
        }
        labels(&place, "labels", &subset.labels, out);
        if let Some(policy) = &subset.traffic_policy {
            let place = place.field("trafficPolicy");
            out.without_warnings(|out| traffic_policy(&place, namespace, policy, out));
        }
    }
    let exported = if rule.workload_selector.is_some() { ExportTo::Own } else { ExportTo::Anyone };
    export_to(namespace, &rule.export_to, exported, out);
    selector("workloadSelector", rule.workload_selector.as_ref(), out);
}

fn traffic_policy(
    place: &Place<'_>,
    namespace: &str,
    policy: &TrafficPolicy,
    out: &mut Findings<'_>,
) {
    let TrafficPolicy {
        load_balancer,
        connection_pool,
        outlier_detection,
        tls,
        port_level_settings,
        tunnel,
        proxy_protocol,
        retry_budget,
        ..
    } = policy;
    if load_balancer.is_none()
        && connection_pool.is_none()
        && outlier_detection.is_none()
        && tls.is_none()
        && port_level_settings.is_empty()
        && tunnel.is_none()
        && proxy_protocol.is_none()
        && retry_budget.is_none()
    {
        out.error(place, "a policy needs at least one field");
    }
    if tunnel.is_some() && proxy_protocol.is_some() {
        out.error(place, "`tunnel` and `proxyProtocol` exclude each other");
    }
    let parts = Parts {
        outlier: outlier_detection.as_deref(),
        pool: connection_pool.as_deref(),
        balancer: load_balancer.as_deref(),
        tls: tls.as_deref(),
    };
    parts.check(place, namespace, out);
    for (index, settings) in port_level_settings.iter().enumerate() {
        let place = place.item("portLevelSettings", index);
        out.without_warnings(|out| port_policy(&place, namespace, settings, out));
    }
    if let Some(tunnel) = tunnel {
        check_tunnel(&place.field("tunnel"), tunnel, out);
    }
    if let Some(ProxyProtocolVersion::Unknown(number)) = proxy_protocol.as_ref().map(|p| p.version)
    {
        let place = place.field("proxyProtocol");
        out.error(&place.field("version"), format!("there is no version {number}"));
    }
}

fn port_policy(
    place: &Place<'_>,
    namespace: &str,
    policy: &PortTrafficPolicy,
    out: &mut Findings<'_>,
) {
    if policy.port.is_none() {
        out.error(&place.field("port"), "is required");
    }
    let parts = Parts {
        outlier: policy.outlier_detection.as_deref(),
        pool: policy.connection_pool.as_deref(),
        balancer: policy.load_balancer.as_deref(),
        tls: policy.tls.as_deref(),
    };
    if parts.is_empty() {
        out.error(place, "a policy needs at least one field besides its port");
    }
    parts.check(place, namespace, out);
}

/// What policies of hosts and policies of ports have in common.
struct Parts<'a> {
    outlier: Option<&'a crate::networking::OutlierDetection>,
    pool: Option<&'a crate::networking::ConnectionPoolSettings>,
    balancer: Option<&'a crate::networking::LoadBalancerSettings>,
    tls: Option<&'a crate::networking::ClientTlsSettings>,
}

impl Parts<'_> {
    fn is_empty(&self) -> bool {
        self.outlier.is_none()
            && self.pool.is_none()
            && self.balancer.is_none()
            && self.tls.is_none()
    }

    fn check(&self, place: &Place<'_>, namespace: &str, out: &mut Findings<'_>) {
        if let Some(outlier) = self.outlier {
            connection_pool::outlier_detection(&place.field("outlierDetection"), outlier, out);
        }
        if let Some(pool) = self.pool {
            connection_pool::check(&place.field("connectionPool"), pool, out);
        }
        if let Some(balancer) = self.balancer {
            let detects = self.outlier.is_some();
            load_balancer::check(&place.field("loadBalancer"), balancer, detects, out);
        }
        if let Some(tls) = self.tls {
            client_tls::check(&place.field("tls"), namespace, tls, out);
        }
    }
}

fn check_tunnel(place: &Place<'_>, tunnel: &TunnelSettings, out: &mut Findings<'_>) {
    if !matches!(tunnel.protocol.as_str(), "" | "CONNECT" | "POST") {
        let message = format!("{} is neither `CONNECT` nor `POST`", quote(&tunnel.protocol));
        out.error(&place.field("protocol"), message);
    }
    if let Err(error) = check_fqdn(&tunnel.target_host)
        && !is_ip(&tunnel.target_host)
    {
        let message = format!("the host {} {error}", quote(&tunnel.target_host));
        out.error(&place.field("targetHost"), message);
    }
    port(place, "targetPort", tunnel.target_port, out);
}
