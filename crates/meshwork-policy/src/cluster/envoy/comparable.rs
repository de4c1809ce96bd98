//! What makes two descriptions of a cluster equal in meaning.

use serde_json::{Value, json};

use super::number::normalize;

/// A cluster as it was recorded, with the defaults that istiod left out and without what says
/// nothing, so that equal meanings are equal values. Apply it to both sides of a comparison.
pub fn comparable(mut cluster: Value) -> Value {
    normalize(&mut cluster);
    let Some(fields) = cluster.as_object_mut() else { return cluster };
    let policy = fields.get("lb_policy").and_then(Value::as_str).unwrap_or_default().to_owned();
    match policy.as_str() {
        "RING_HASH" => {
            fields
                .entry("ring_hash_lb_config")
                .or_insert_with(|| json!({ "minimum_ring_size": "1024" }));
        }
        "MAGLEV" => {
            fields.entry("maglev_lb_config").or_insert_with(|| json!({ "table_size": "65537" }));
        }
        _ => {}
    }
    for key in ["round_robin_lb_config", "least_request_lb_config"] {
        let Some(warmup) = fields
            .get_mut(key)
            .and_then(|config| config.get_mut("slow_start_config"))
            .and_then(Value::as_object_mut)
        else {
            continue;
        };
        warmup.entry("min_weight_percent").or_insert_with(|| json!({ "value": 10 }));
        warmup
            .entry("aggression")
            .or_insert_with(|| json!({ "default_value": 1, "runtime_key": "(" }));
    }
    // Inbound clusters never forget a destination; for others the default holds.
    fields.remove("cleanup_interval");
    for endpoint in fields.get_mut("endpoints").and_then(Value::as_array_mut).into_iter().flatten()
    {
        if let Some(endpoint) = endpoint.as_object_mut()
            && endpoint.get("health").and_then(Value::as_str) == Some("HEALTHY")
        {
            endpoint.remove("health");
        }
    }
    cluster
}
