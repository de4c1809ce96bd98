//! Which headers are compared, and how.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::vectors::scenario::OneOrMany;

use super::Mismatch;

/// Compares the headers that an endpoint saw.
pub(super) fn received(
    expected: &IndexMap<String, OneOrMany>,
    got: &IndexMap<String, OneOrMany>,
    prefix: &str,
) -> Vec<Mismatch> {
    both(prefix, expected, got, |name| {
        name.starts_with("x-envoy-")
            || matches!(name, "content-length" | "connection" | "transfer-encoding")
            || unrecorded(name)
    })
}

/// Compares the headers of an answer.
pub(super) fn response(
    expected: &IndexMap<String, OneOrMany>,
    got: &IndexMap<String, OneOrMany>,
) -> Vec<Mismatch> {
    both("response_headers", expected, got, |name| {
        name.starts_with("x-envoy-")
            || matches!(
                name,
                "server"
                    | "content-length"
                    | "content-type"
                    | "date"
                    | "connection"
                    | "transfer-encoding"
            )
            || unrecorded(name)
    })
}

/// What is never recorded: it differs from request to request.
fn unrecorded(name: &str) -> bool {
    name.starts_with("x-b3-")
        || matches!(
            name,
            "x-request-id"
                | "traceparent"
                | "tracestate"
                | "b3"
                | "date"
                | "x-client-trace-id"
                | "x-cloud-trace-context"
                | "grpc-trace-bin"
                | "x-ot-span-context"
        )
}

fn both(
    prefix: &str,
    expected: &IndexMap<String, OneOrMany>,
    got: &IndexMap<String, OneOrMany>,
    skip: impl Fn(&str) -> bool,
) -> Vec<Mismatch> {
    let normal = |headers: &IndexMap<String, OneOrMany>| {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, OneOrMany(values)) in headers {
            let name = name.to_ascii_lowercase();
            if !skip(&name) {
                let values = values.iter().map(|value| value_of(&name, value));
                all.entry(name.clone()).or_default().extend(values);
            }
        }
        all
    };
    let (expected, got) = (normal(expected), normal(got));
    let mut found = Vec::new();
    for (name, values) in &expected {
        match got.get(name) {
            Some(own) if own == values => {}
            own => found.push(Mismatch::new(format!("{prefix}.{name}"), values, &own)),
        }
    }
    for (name, values) in &got {
        if !expected.contains_key(name) {
            found.push(Mismatch::new(format!("{prefix}.{name}"), &None::<Vec<String>>, values));
        }
    }
    found
}

/// The value with what depends on a real certificate taken out.
fn value_of(name: &str, value: &str) -> String {
    if name != "x-forwarded-client-cert" {
        return value.to_owned();
    }
    let replaced = value.split(',').map(|element| {
        let pairs = element.split(';').map(|pair| {
            if pair.starts_with("Hash=") {
                "Hash=HASH"
            } else if pair.starts_with("Cert=") {
                "Cert=\"CERT\""
            } else {
                pair
            }
        });
        pairs.collect::<Vec<_>>().join(";")
    });
    replaced.collect::<Vec<_>>().join(",")
}
