//! Compares one answer to a case, field by field.

use std::{collections::BTreeSet, time::Duration};

use crate::vectors::{
    answer::Observation,
    recorded::{Expect, Received},
};

use super::{Mismatch, equal, headers};

/// What a share of a second may always be off: recorded times include a real machine's.
const TIME_SLACK: Duration = Duration::from_millis(20);
/// Names that Istio gives to routes which no resource names.
const BUILT_IN_ROUTES: [&str; 4] = ["default", "allow_any", "block_all", "allow_any_dynamic_dns"];

pub(super) fn compare(
    expect: &Expect,
    seen: &Observation,
    exact: &BTreeSet<String>,
    timed: bool,
    named: &BTreeSet<String>,
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    found.extend(equal("status", &expect.status, &seen.status));
    let ended = expect.connection.as_deref().map(connection);
    found.extend(equal("connection", &ended, &seen.connection.as_deref().map(connection)));
    found.extend(equal("flags", &flags(expect.flags.as_deref()), &seen.flags));
    found.extend(destination(expect, seen));
    found.extend(route(expect, seen, named));
    found.extend(endpoint_saw(expect, seen, exact));
    found.extend(attempts(expect, seen, exact));
    found.extend(mirrored(expect, seen));
    found.extend(checks(expect, seen));
    if let Some(recorded) = &expect.response_headers {
        found.extend(headers::response(recorded, &seen.response_headers));
    }
    if expect.details.as_deref() == Some("direct_response") {
        let text = |body: &Option<String>| body.clone().unwrap_or_default();
        found.extend(equal("body", &text(&expect.body), &text(&seen.body)));
    }
    if let (true, Some(recorded)) = (timed, expect.elapsed_ms) {
        let recorded = Duration::from_millis(recorded);
        if recorded.abs_diff(seen.elapsed) > recorded / 4 + TIME_SLACK {
            found.push(Mismatch::new("elapsed", &recorded, &seen.elapsed));
        }
    }
    found
}

/// The flags as a set.
pub(super) fn flags(text: Option<&str>) -> BTreeSet<String> {
    let split = text.into_iter().flat_map(|text| text.split(','));
    split.map(str::trim).filter(|flag| !flag.is_empty()).map(str::to_owned).collect()
}

/// How a connection ended; a failed handshake is a closed connection.
pub(super) fn connection(text: &str) -> &str {
    if text == "handshake failed" { "closed" } else { text }
}

/// An absent destination had nothing to say; whether an endpoint was reached is compared apart.
fn destination(expect: &Expect, seen: &Observation) -> Vec<Mismatch> {
    match &expect.destination {
        Some(_) => equal("destination", &expect.destination, &seen.destination),
        None => Vec::new(),
    }
}

fn route(expect: &Expect, seen: &Observation, named: &BTreeSet<String>) -> Vec<Mismatch> {
    let name = |route: &Option<String>| {
        route
            .clone()
            .filter(|name| named.contains(name) || !BUILT_IN_ROUTES.contains(&name.as_str()))
    };
    equal("route", &name(&expect.route), &name(&seen.route))
}

fn endpoint_saw(expect: &Expect, seen: &Observation, exact: &BTreeSet<String>) -> Vec<Mismatch> {
    let (expected, got) = match (&expect.received, &seen.received) {
        (None, None) => return Vec::new(),
        (Some(expected), Some(got)) => (expected, got),
        (expected, got) => {
            return vec![Mismatch::new("received", &short(expected), &short(got))];
        }
    };
    let mut found = equal("received.protocol", &protocol(expected), &protocol(got));
    if found.is_empty() && protocol(expected) == "http" {
        found.extend(equal("received.method", &expected.method, &got.method));
        found.extend(equal("received.authority", &expected.authority, &got.authority));
        found.extend(equal("received.path", &expected.path, &got.path));
        found.extend(headers::received(&expected.headers, &got.headers, "received.headers"));
    }
    if found.is_empty() && protocol(expected) != "handshake failed" {
        let tls =
            |seen: &Received| seen.tls.as_ref().map(|tls| (tls.sni.clone(), tls.client.clone()));
        found.extend(equal("received.tls", &tls(expected), &tls(got)));
    }
    let is_member = |endpoint: &Option<String>| {
        seen.members.is_empty()
            || endpoint.as_ref().is_some_and(|endpoint| seen.members.contains(endpoint))
    };
    if exact.contains("endpoint") {
        found.extend(equal("received.endpoint", &expected.endpoint, &got.endpoint));
    } else if !is_member(&expected.endpoint) {
        found.push(Mismatch::new("received.endpoint", &expected.endpoint, &seen.members));
    } else if !is_member(&got.endpoint) {
        found.push(Mismatch::new("received.endpoint", &seen.members, &got.endpoint));
    }
    found
}

fn short(seen: &Option<Received>) -> String {
    let Some(seen) = seen else { return "nothing".to_owned() };
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    format!(
        "{} {} {}{} at {}",
        seen.protocol.as_deref().unwrap_or("HTTP/1.1"),
        text(&seen.method),
        text(&seen.authority),
        text(&seen.path),
        text(&seen.endpoint)
    )
}

/// The HTTP version is information.
fn protocol(seen: &Received) -> &str {
    match seen.protocol.as_deref() {
        Some(other) if !other.starts_with("HTTP/") => other,
        _ => "http",
    }
}

/// Attempts are recorded where there was more than one.
fn attempts(expect: &Expect, seen: &Observation, exact: &BTreeSet<String>) -> Vec<Mismatch> {
    let expected = expect.attempts.clone().unwrap_or_default();
    let got = if seen.attempts.len() > 1 { seen.attempts.clone() } else { Vec::new() };
    if exact.contains("endpoint") || expected.len() != got.len() {
        equal("attempts", &expected, &got)
    } else {
        Vec::new()
    }
}

fn mirrored(expect: &Expect, seen: &Observation) -> Vec<Mismatch> {
    let targets = |list: &[Received]| {
        let mut all: Vec<(Option<String>, Option<String>)> =
            list.iter().map(|one| (one.authority.clone(), one.path.clone())).collect();
        all.sort();
        all
    };
    let expected = expect.mirrored.as_deref().unwrap_or_default();
    equal("mirrored", &targets(expected), &targets(&seen.mirrored))
}

fn checks(expect: &Expect, seen: &Observation) -> Vec<Mismatch> {
    let expected = expect.checks.as_deref().unwrap_or_default();
    if expected.len() != seen.checks.len() {
        return equal("checks", &expected.len(), &seen.checks.len());
    }
    let mut found = Vec::new();
    for (at, (expected, got)) in expected.iter().zip(&seen.checks).enumerate() {
        let field = |name: &str| format!("checks[{at}].{name}");
        found.extend(equal(&field("method"), &expected.method, &got.method));
        found.extend(equal(&field("authority"), &expected.authority, &got.authority));
        found.extend(equal(&field("path"), &expected.path, &got.path));
        found.extend(equal(&field("body"), &expected.body, &got.body));
        found.extend(equal(&field("endpoint"), &expected.endpoint, &got.endpoint));
        found.extend(headers::received(&expected.headers, &got.headers, &field("headers")));
    }
    found
}
