//! Clusters in the field names of Envoy's messages, to be compared with recorded ones.

mod comparable;
mod http;
mod number;
mod tls;

use std::net::IpAddr;

use meshwork_balance::{Algorithm, Health, LocalityRouting, SlowStart};
use serde_json::{Map, Value, json};

pub use comparable::comparable;

use self::number::{duration, number};
use super::{AddressFamilies, ClusterPolicy, Discovery, OutboundCluster, UpstreamEndpoint};
use crate::{OutlierDetection, TcpKeepalive};

impl OutboundCluster {
    /// The cluster and its endpoints in the field names of Envoy's `Cluster` message.
    ///
    /// Defaults of Envoy's are left out, as istiod leaves them out.
    pub fn to_envoy(&self) -> Value {
        self.policy.to_envoy_with(&self.endpoints)
    }
}

impl ClusterPolicy {
    /// The cluster without endpoints in the field names of Envoy's `Cluster` message.
    pub fn to_envoy(&self) -> Value {
        Value::Object(self.fields())
    }

    /// The cluster with these endpoints in the field names of Envoy's `Cluster` message.
    pub fn to_envoy_with(
        &self,
        endpoints: &[meshwork_balance::Endpoint<UpstreamEndpoint>],
    ) -> Value {
        let mut cluster = self.fields();
        use Discovery::{Eds, LogicalDns, StrictDns};
        if matches!(self.discovery, Eds | StrictDns(_) | LogicalDns(_)) || !endpoints.is_empty() {
            let endpoints = endpoints.iter().map(endpoint).collect();
            cluster.insert("endpoints".to_owned(), Value::Array(endpoints));
        }
        Value::Object(cluster)
    }

    fn fields(&self) -> Map<String, Value> {
        let policy = &self.traffic_policy;
        let pool = &policy.connection_pool;
        let mut out = Map::new();
        let mut set = |key: &str, value: Value| out.insert(key.to_owned(), value);
        set("type", json!(self.discovery.envoy_type()));
        set("connect_timeout", duration(pool.connect_timeout));
        self.load_balancing(&mut set);
        if let Some(rule) = &policy.source {
            set("from", json!(format!("{}/destination-rule/{}", rule.namespace, rule.name)));
        }
        // Nothing ever connects to the black hole, and Istio sets no limits on it.
        if self.discovery != Discovery::Nowhere {
            set("circuit_breakers", circuit_breakers(&pool.circuit_breakers));
        }
        if let Some(outlier) = &policy.outlier_detection {
            set("outlier_detection", outlier_detection(outlier));
        }
        if let Some(keepalive) = &pool.tcp_keepalive {
            let keepalive = tcp_keepalive(keepalive);
            set("upstream_connection_options", json!({ "tcp_keepalive": keepalive }));
        }
        if let Some(options) = self.http_options() {
            set(
                "typed_extension_protocol_options",
                json!({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options }),
            );
        }
        self.transport_fields(&mut set);
        self.discovery.fields(&mut set);
        if let Some(source) = self.source_addresses() {
            set("upstream_bind_config", source);
        }
        if let Some(address) = &self.address {
            set("endpoints", json!([{ "address": address }]));
        }
        let original = matches!(self.discovery, Discovery::OriginalDestination { .. });
        if original && self.name.starts_with("inbound|") {
            // The addresses of declared ports are never forgotten.
            set("cleanup_interval", json!("9223372035s"));
        }
        out
    }

    fn source_addresses(&self) -> Option<Value> {
        let address = |address: &IpAddr| json!({ "address": address, "port_value": 0 });
        let (first, others) = self.source.split_first()?;
        let mut bind = json!({ "source_address": address(first) });
        if let (false, Some(bind)) = (others.is_empty(), bind.as_object_mut()) {
            let others = others.iter().map(|other| json!({ "address": address(other) }));
            bind.insert("extra_source_addresses".to_owned(), others.collect());
        }
        Some(bind)
    }

    fn load_balancing(&self, set: &mut impl FnMut(&str, Value) -> Option<Value>) {
        let balancing = &self.traffic_policy.load_balancing;
        let name = match &balancing.algorithm {
            Algorithm::RoundRobin(config) => {
                slow_start(config.slow_start.as_ref(), "round_robin_lb_config", set);
                "ROUND_ROBIN"
            }
            Algorithm::LeastRequest(config) => {
                slow_start(config.slow_start.as_ref(), "least_request_lb_config", set);
                "LEAST_REQUEST"
            }
            Algorithm::Random(_) => "RANDOM",
            Algorithm::RingHash(config) => {
                let size = config.minimum_ring_size.to_string();
                set("ring_hash_lb_config", json!({ "minimum_ring_size": size }));
                "RING_HASH"
            }
            Algorithm::Maglev(config) => {
                let size = config.table_size.to_string();
                set("maglev_lb_config", json!({ "table_size": size }));
                "MAGLEV"
            }
            _ => "CLUSTER_PROVIDED",
        };
        set("lb_policy", json!(name));
        if self.discovery == Discovery::Dynamic {
            return;
        }
        let mut common = Map::new();
        if self.name.starts_with("outbound|") {
            let threshold = match balancing.panic_threshold {
                0 => json!({}),
                percent => json!({ "value": percent }),
            };
            common.insert("healthy_panic_threshold".to_owned(), threshold);
            match &balancing.locality {
                LocalityRouting::Weighted => {
                    common.insert("locality_weighted_lb_config".to_owned(), json!({}));
                }
                LocalityRouting::ZoneAware(config) => {
                    let mut zone = Map::new();
                    if config.routing_percent == 0 {
                        zone.insert("routing_enabled".to_owned(), json!({}));
                    }
                    if config.min_cluster_size != 6 {
                        let size = config.min_cluster_size.to_string();
                        zone.insert("min_cluster_size".to_owned(), json!(size));
                    }
                    common.insert("zone_aware_lb_config".to_owned(), Value::Object(zone));
                }
                _ => {}
            }
            if self.persistent_sessions {
                let statuses = ["HEALTHY", "DRAINING", "UNKNOWN", "DEGRADED"];
                common.insert("override_host_status".to_owned(), json!({ "statuses": statuses }));
            }
        } else if !self.name.starts_with("inbound|") {
            return;
        }
        set("common_lb_config", Value::Object(common));
    }
}

impl Discovery {
    const fn envoy_type(self) -> &'static str {
        match self {
            Self::Eds => "EDS",
            Self::StrictDns(_) => "STRICT_DNS",
            Self::LogicalDns(_) => "LOGICAL_DNS",
            Self::OriginalDestination { .. } => "ORIGINAL_DST",
            Self::Static | Self::Nowhere => "STATIC",
            Self::Dynamic => "DYNAMIC_FORWARD_PROXY",
        }
    }

    fn fields(self, set: &mut impl FnMut(&str, Value) -> Option<Value>) {
        match self {
            Self::StrictDns(lookup)
            | Self::LogicalDns(lookup)
            | Self::OriginalDestination { names: Some(lookup), .. } => {
                let families = match lookup.families {
                    AddressFamilies::V4 => "V4_ONLY",
                    AddressFamilies::V6 => "V6_ONLY",
                    AddressFamilies::All => "ALL",
                };
                set("dns_lookup_family", json!(families));
                set("dns_refresh_rate", duration(lookup.refresh));
                set("dns_jitter", json!("0.100s"));
                set("respect_dns_ttl", json!(true));
                let config = json!({
                    "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
                    "udp_max_queries": 100,
                });
                let resolver = json!({
                    "name": "envoy.network.dns_resolver.cares",
                    "typed_config": config,
                });
                set("typed_dns_resolver_config", resolver);
            }
            _ => {}
        }
        if let Self::OriginalDestination { port: Some(port), .. } = self {
            set("original_dst_lb_config", json!({ "upstream_port_override": port }));
        }
    }
}

fn circuit_breakers(limits: &meshwork_balance::CircuitBreakers) -> Value {
    let mut threshold = json!({
        "max_connections": limits.max_connections,
        "max_pending_requests": limits.max_pending_requests,
        "max_requests": limits.max_requests,
        "max_retries": limits.max_retries,
    });
    if let (Some(budget), Some(threshold)) = (&limits.retry_budget, threshold.as_object_mut()) {
        let percent = budget.percent.value();
        let percent = if percent == 0.0 { json!({}) } else { json!({ "value": number(percent) }) };
        let mut fields = Map::new();
        fields.insert("budget_percent".to_owned(), percent);
        fields.insert("min_retry_concurrency".to_owned(), json!(budget.min_retry_concurrency));
        if !budget.interval.is_zero() {
            fields.insert("budget_interval".to_owned(), duration(budget.interval));
        }
        threshold.insert("retry_budget".to_owned(), Value::Object(fields));
    }
    json!({ "thresholds": [threshold] })
}

fn outlier_detection(outlier: &OutlierDetection) -> Value {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| out.insert(key.to_owned(), value);
    set("enforcing_success_rate", json!(0));
    let enforcing = |count: u32| json!(if count > 0 { 100 } else { 0 });
    if let Some(count) = outlier.consecutive_5xx_errors {
        set("consecutive_5xx", json!(count));
        set("enforcing_consecutive_5xx", enforcing(count));
    }
    if let Some(count) = outlier.consecutive_gateway_errors {
        set("consecutive_gateway_failure", json!(count));
        set("enforcing_consecutive_gateway_failure", enforcing(count));
    }
    if let Some(interval) = outlier.interval {
        set("interval", duration(interval));
    }
    if let Some(time) = outlier.base_ejection_time {
        set("base_ejection_time", duration(time));
    }
    if let Some(percent) = outlier.max_ejection_percent {
        set("max_ejection_percent", json!(percent));
    }
    if outlier.split_external_local_origin_errors {
        set("split_external_local_origin_errors", json!(true));
        set("enforcing_local_origin_success_rate", json!(0));
        if let Some(count) = outlier.consecutive_local_origin_failures {
            set("consecutive_local_origin_failure", json!(count));
            set("enforcing_consecutive_local_origin_failure", json!(100));
        }
    }
    Value::Object(out)
}

fn tcp_keepalive(keepalive: &TcpKeepalive) -> Value {
    let fields = [
        ("keepalive_probes", keepalive.probes),
        ("keepalive_time", keepalive.time),
        ("keepalive_interval", keepalive.interval),
    ];
    let fields =
        fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value?))));
    Value::Object(fields.collect())
}

fn slow_start(
    config: Option<&SlowStart>,
    key: &str,
    set: &mut impl FnMut(&str, Value) -> Option<Value>,
) {
    let Some(config) = config else { return };
    let minimum = config.minimum_percent.value();
    let minimum = if minimum == 0.0 { json!({}) } else { json!({ "value": number(minimum) }) };
    let aggression =
        json!({ "default_value": number(config.aggression.value()), "runtime_key": "(" });
    let fields = json!({
        "slow_start_window": duration(config.window),
        "min_weight_percent": minimum,
        "aggression": aggression,
    });
    set(key, json!({ "slow_start_config": fields }));
}

fn endpoint(endpoint: &meshwork_balance::Endpoint<UpstreamEndpoint>) -> Value {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| out.insert(key.to_owned(), value);
    set("address", json!(endpoint.address));
    set("weight", json!(endpoint.weight));
    set("locality_weight", json!(endpoint.locality_weight));
    if endpoint.priority > 0 {
        set("priority", json!(endpoint.priority));
    }
    if !endpoint.locality.is_empty() {
        set("locality", json!(endpoint.locality.to_string()));
    }
    match endpoint.health {
        Health::Unhealthy => set("health", json!("UNHEALTHY")),
        Health::Draining => set("health", json!("DRAINING")),
        _ => None,
    };
    if endpoint.value.mesh_tls {
        set("tls_mode", json!("istio"));
    }
    Value::Object(out)
}
