//! Load-balancing settings, turned into those of meshwork-balance.

use meshwork_api::{
    mesh::MeshConfig,
    networking::{
        Failover as ApiFailover, HashAlgorithm, LbPolicy, LoadBalancerSettings,
        LocalityLoadBalancerSetting, SimpleLb, ZoneAwareLoadBalancerSetting,
    },
};
use meshwork_balance::{
    Algorithm, Decimal, Distribute, Failover, LabelPriority, LeastRequest, LocalityPattern,
    LocalityPlan, LocalityRouting, Maglev, Preference, Random, RingHash, RoundRobin, SlowStart,
    ZoneAware,
};
use meshwork_registry::TrafficDistribution;

/// The algorithm that the settings ask for.
pub(crate) fn algorithm(settings: Option<&LoadBalancerSettings>) -> Algorithm {
    let Some(settings) = settings else { return Algorithm::default() };
    let least_request = || {
        Algorithm::LeastRequest(LeastRequest {
            slow_start: slow_start(settings),
            ..LeastRequest::default()
        })
    };
    match &settings.lb_policy {
        Some(LbPolicy::Simple(simple)) => match simple {
            SimpleLb::Random => Algorithm::Random(Random::default()),
            SimpleLb::RoundRobin => {
                Algorithm::RoundRobin(RoundRobin { slow_start: slow_start(settings) })
            }
            SimpleLb::Passthrough => Algorithm::OriginalDestination,
            _ => least_request(),
        },
        Some(LbPolicy::ConsistentHash(hash)) => match &hash.hash_algorithm {
            Some(HashAlgorithm::Maglev(maglev)) => Algorithm::Maglev(Maglev {
                table_size: or_default(maglev.table_size, Maglev::default().table_size),
            }),
            Some(HashAlgorithm::RingHash(ring)) => ring_hash(ring.minimum_ring_size),
            None => ring_hash(hash.minimum_ring_size),
        },
        // Endpoints' own reports of their load are not evaluated, which the coverage table says.
        Some(LbPolicy::BackendUtilization(_)) | None => least_request(),
    }
}

/// Whether the settings say `PASSTHROUGH`.
pub(crate) fn is_passthrough(settings: Option<&LoadBalancerSettings>) -> bool {
    settings.is_some_and(|s| matches!(s.lb_policy, Some(LbPolicy::Simple(SimpleLb::Passthrough))))
}

fn ring_hash(minimum_ring_size: u64) -> Algorithm {
    let default = RingHash::default();
    Algorithm::RingHash(RingHash {
        minimum_ring_size: or_default(minimum_ring_size, default.minimum_ring_size),
        ..default
    })
}

fn or_default(value: u64, default: u64) -> u64 {
    if value == 0 { default } else { value }
}

fn slow_start(settings: &LoadBalancerSettings) -> Option<SlowStart> {
    let Some(warmup) = &settings.warmup else {
        return settings.warmup_duration_secs.map(|window| SlowStart::new(window.as_std()));
    };
    let default =
        SlowStart::new(warmup.duration.map(meshwork_api::Duration::as_std).unwrap_or_default());
    let number = |value: Option<f64>, default| value.and_then(Decimal::new).unwrap_or(default);
    Some(SlowStart {
        minimum_percent: number(warmup.minimum_percent, default.minimum_percent),
        aggression: number(warmup.aggression, default.aggression),
        ..default
    })
}

/// The locality setting that counts for a cluster: the rule's, else what the service prefers, else
/// the mesh's. Each is taken whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum LocalitySetting {
    /// Localities do not count.
    #[default]
    Off,
    Locality {
        setting: LocalityLoadBalancerSetting,
        /// Failover without outlier detection.
        force: bool,
    },
    ZoneAware(ZoneAwareLoadBalancerSetting),
}

impl LocalitySetting {
    pub(crate) fn resolve(
        settings: Option<&LoadBalancerSettings>,
        service: TrafficDistribution,
        mesh: &MeshConfig,
    ) -> Self {
        if let Some(setting) = settings.and_then(|s| s.zone_aware_lb_setting.as_ref()) {
            return Self::ZoneAware(setting.clone());
        }
        if let Some(setting) = settings.and_then(|s| s.locality_lb_setting.as_ref()) {
            return Self::locality(setting);
        }
        match service {
            TrafficDistribution::PreferSameZone => return Self::prefer(&PREFERENCES[..3]),
            TrafficDistribution::PreferSameNode => return Self::prefer(&PREFERENCES),
            _ => {}
        }
        if let Some(setting) = &mesh.zone_aware_lb_setting {
            return Self::ZoneAware(setting.clone());
        }
        // Istio's default for the mesh is an empty setting that is enabled.
        Self::locality(mesh.locality_lb_setting.as_ref().unwrap_or(&DEFAULT))
    }

    fn locality(setting: &LocalityLoadBalancerSetting) -> Self {
        if setting.enabled == Some(false) {
            return Self::Off;
        }
        Self::Locality { setting: setting.clone(), force: false }
    }

    fn prefer(labels: &[&str]) -> Self {
        let failover_priority = labels.iter().map(|label| (*label).to_owned()).collect();
        let setting = LocalityLoadBalancerSetting { failover_priority, ..DEFAULT };
        Self::Locality { setting, force: true }
    }

    /// How the cluster treats localities within a priority. `outlier_detection`: whether the
    /// cluster has any, the mesh's included.
    pub(crate) fn routing(&self, outlier_detection: bool) -> LocalityRouting {
        match self {
            Self::Off => LocalityRouting::Ignored,
            Self::Locality { setting, force } => {
                let fails_over = (*force || outlier_detection)
                    && !(setting.failover.is_empty() && setting.failover_priority.is_empty());
                if fails_over || !setting.distribute.is_empty() {
                    LocalityRouting::Weighted
                } else {
                    LocalityRouting::Ignored
                }
            }
            Self::ZoneAware(setting) => {
                let default = ZoneAware::default();
                LocalityRouting::ZoneAware(ZoneAware {
                    routing_percent: if setting.enabled == Some(false) { 0 } else { 100 },
                    min_cluster_size: setting
                        .min_cluster_size
                        .map_or(default.min_cluster_size, u64::from),
                })
            }
        }
    }

    /// How endpoints are ranked. `failover`: whether outlier detection allows it, as istiod sees
    /// it for this kind of cluster. `labels`: whether the labels of endpoints are known.
    pub(crate) fn plan(&self, failover: bool, labels: bool) -> LocalityPlan {
        let priorities = |keys: &[String]| -> Box<[LabelPriority]> {
            keys.iter().filter(|_| labels).map(|key| label_priority(key)).collect()
        };
        match self {
            Self::Off => LocalityPlan::None,
            Self::Locality { setting, .. } if !setting.distribute.is_empty() => {
                LocalityPlan::Distribute(setting.distribute.iter().map(distribute).collect())
            }
            Self::Locality { setting, force } => {
                let hidden = !labels && !setting.failover_priority.is_empty();
                if !(failover || *force) || hidden && setting.failover.is_empty() {
                    return LocalityPlan::None;
                }
                LocalityPlan::Failover(Preference {
                    labels: priorities(&setting.failover_priority),
                    regions: setting
                        .failover
                        .iter()
                        .map(|ApiFailover { from, to }| failover_region(from, to))
                        .collect(),
                })
            }
            Self::ZoneAware(setting) if setting.enabled == Some(false) => LocalityPlan::None,
            Self::ZoneAware(setting) => LocalityPlan::ZoneAware(Preference {
                labels: priorities(&setting.failover_priority),
                regions: setting
                    .failover
                    .iter()
                    .map(|failover| failover_region(&failover.from, &failover.to))
                    .collect(),
            }),
        }
    }
}

fn failover_region(from: &str, to: &str) -> Failover {
    Failover { from: from.into(), to: to.into() }
}

fn label_priority(text: &str) -> LabelPriority {
    let mut parts = text.split('=');
    let key = parts.next().unwrap_or_default().into();
    // With a second `=` the value does not count.
    let value = match (parts.next(), parts.next()) {
        (Some(value), None) => Some(value.into()),
        _ => None,
    };
    LabelPriority { key, value }
}

fn distribute(entry: &meshwork_api::networking::Distribute) -> Distribute {
    let mut to: Vec<(LocalityPattern, u32)> =
        entry.to.iter().map(|(to, share)| (pattern(to), *share)).collect();
    // Validation refuses overlaps; an order keeps the result the same whatever the text's.
    to.sort();
    Distribute { from: pattern(&entry.from), to: to.into() }
}

fn pattern(text: &str) -> LocalityPattern {
    match text.parse() {
        Ok(pattern) => pattern,
    }
}

/// From the widest to the narrowest.
const PREFERENCES: [&str; 5] = [
    "topology.istio.io/network",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.istio.io/subzone",
    "kubernetes.io/hostname",
];

const DEFAULT: LocalityLoadBalancerSetting = LocalityLoadBalancerSetting {
    distribute: Vec::new(),
    failover: Vec::new(),
    failover_priority: Vec::new(),
    enabled: Some(true),
};
