//! Compares the digest of a cluster by its meaning, field by field.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value, json};

use super::Mismatch;

pub(super) fn compare(recorded: &Value, own: Option<&Value>) -> Vec<Mismatch> {
    let (recorded, own) = match (recorded, own) {
        (Value::Null, None) => return Vec::new(),
        (Value::Object(recorded), Some(Value::Object(own))) => (recorded, own),
        (recorded, own) => {
            let say = |exists: bool| if exists { "exists" } else { "does not exist" };
            let (expected, got) = (say(!recorded.is_null()), say(own.is_some()));
            return vec![Mismatch::new("cluster", &expected, &got)];
        }
    };
    let fields: BTreeSet<&String> = recorded.keys().chain(own.keys()).collect();
    let mut found = Vec::new();
    for field in fields {
        let (expected, got) = (normal(field, recorded), normal(field, own));
        if expected != got {
            let text = |value: &Value| value.to_string();
            found.push(Mismatch::new(field.clone(), &text(&expected), &text(&got)));
        }
    }
    found
}

/// The field in a form in which equal meanings are equal values.
fn normal(field: &str, cluster: &Map<String, Value>) -> Value {
    let mut value = cluster.get(field).cloned().unwrap_or(Value::Null);
    default(field, cluster, &mut value);
    plain(&mut value);
    if let Value::Array(endpoints) = &mut value {
        endpoints.sort_by_key(ToString::to_string);
    }
    value
}

/// Puts in what Envoy takes for granted where istiod says nothing.
fn default(field: &str, cluster: &Map<String, Value>, value: &mut Value) {
    let is = |policy: &str| cluster.get("lb_policy").is_some_and(|own| own == policy);
    match field {
        "ring_hash_lb_config" if is("RING_HASH") && value.is_null() => {
            *value = json!({ "minimum_ring_size": 1024 });
        }
        "maglev_lb_config" if is("MAGLEV") && value.is_null() => {
            *value = json!({ "table_size": 65537 });
        }
        "round_robin_lb_config" | "least_request_lb_config" => {
            let slow = value.get_mut("slow_start_config").and_then(Value::as_object_mut);
            if let Some(slow) = slow {
                slow.entry("min_weight_percent").or_insert_with(|| json!({ "value": 10 }));
                let aggression = || json!({ "default_value": 1, "runtime_key": "(" });
                slow.entry("aggression").or_insert_with(aggression);
            }
        }
        "endpoints" => {
            for endpoint in value.as_array_mut().into_iter().flatten() {
                if let Some(endpoint) = endpoint.as_object_mut() {
                    endpoint.entry("health").or_insert_with(|| json!("HEALTHY"));
                }
            }
        }
        _ => {}
    }
}

/// Makes `1`, `1.0` and `"1"` the same, and `1s` and `1.000s`; sorts names whose order has no
/// meaning, and drops empty values.
fn plain(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(same) = number.as_f64().and_then(Number::from_f64) {
                *number = same;
            }
        }
        Value::String(text) => {
            if let Some(number) = text.parse().ok().and_then(Number::from_f64) {
                *value = Value::Number(number);
            } else if let Some(seconds) = text.strip_suffix('s').and_then(|text| text.parse().ok())
            {
                let seconds: f64 = seconds;
                *text = format!("{seconds}s");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(fields) => {
            for (name, item) in fields.iter_mut() {
                plain(item);
                if let ("subject_alt_names", Value::Array(names)) = (name.as_str(), item) {
                    names.sort_by_key(ToString::to_string);
                }
            }
            fields.retain(|_, item| !empty(item));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_meanings_are_equal() {
        let check = |recorded: Value, own: Value, agree: bool| {
            assert_eq!(compare(&recorded, Some(&own)).is_empty(), agree, "{recorded} {own}");
        };
        check(json!({ "connect_timeout": "10s" }), json!({ "connect_timeout": "10.0s" }), true);
        check(json!({ "connect_timeout": "10s" }), json!({ "connect_timeout": "1s" }), false);
        let ring = |size: Value| json!({ "lb_policy": "RING_HASH", "ring_hash_lb_config": { "minimum_ring_size": size } });
        check(json!({ "lb_policy": "RING_HASH" }), ring(json!(1024)), true);
        check(ring(json!("64")), ring(json!(64)), true);
        check(ring(json!("64")), ring(json!(65)), false);
        assert_eq!(compare(&Value::Null, None), []);
        assert_eq!(compare(&Value::Null, Some(&json!({}))).len(), 1);
    }
}
