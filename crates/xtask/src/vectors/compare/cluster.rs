//! Compares the digest of a cluster by its meaning, field by field.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

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
fn normal(field: &str, object: &Map<String, Value>) -> Value {
    let mut value = object.get(field).cloned().unwrap_or(Value::Null);
    if let ("endpoints", Value::Array(endpoints)) = (field, &mut value) {
        endpoints.sort_by_key(ToString::to_string);
    }
    numbers(&mut value);
    value
}

/// Makes `1` and `1.0` the same, sorts names whose order has no meaning, and drops empty values.
fn numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(same) = number.as_f64().and_then(serde_json::Number::from_f64) {
                *number = same;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(fields) => {
            for (name, item) in fields.iter_mut() {
                numbers(item);
                if let ("subject_alt_names", Value::Array(names)) = (name.as_str(), item) {
                    names.sort_by_key(ToString::to_string);
                }
            }
            fields.retain(|_, item| !empty(item));
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
