//! The policy of a cluster in the field names of Envoy's Cluster message.

use meshwork_config::Snapshot;
use serde_json::Value;

/// The digest of a cluster; `None` where it does not exist.
pub(super) fn digest(snapshot: &Snapshot, name: &str) -> Option<Value> {
    if let Some(spec) = snapshot.cluster(name) {
        return Some(spec.policy.to_envoy_with(&spec.endpoints));
    }
    Some(snapshot.cluster_policy(name)?.to_envoy())
}
