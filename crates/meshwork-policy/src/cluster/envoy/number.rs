//! Numbers and durations as proto3 JSON writes them.

use std::time::Duration;

use serde_json::{Value, json};

/// Seconds with none, three, six or nine digits after the point.
pub(super) fn duration(duration: Duration) -> Value {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    json!(match nanos {
        0 => format!("{seconds}s"),
        nanos if nanos % 1_000_000 == 0 => format!("{seconds}.{:03}s", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => format!("{seconds}.{:06}s", nanos / 1_000),
        nanos => format!("{seconds}.{nanos:09}s"),
    })
}

/// A number, without a fraction where it has none.
pub(super) fn number(value: f64) -> Value {
    // Exact up to 2^53, which no field of a policy reaches.
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

/// Makes numbers equal that differ in their notation only.
pub(super) fn normalize(value: &mut Value) {
    match value {
        Value::Number(found) => {
            if let Some(float) = found.as_f64() {
                *value = number(float);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(normalize),
        Value::Object(map) => map.values_mut().for_each(normalize),
        _ => {}
    }
}
