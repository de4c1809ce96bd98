//! Compares how often each outcome and each endpoint occurred.

use std::collections::{BTreeMap, BTreeSet};

use crate::vectors::{answer::Observation, recorded::Expect};

use super::{Mismatch, case};

/// How many standard errors two shares may lie apart.
const ERRORS: f64 = 4.0;
/// What they may lie apart besides.
const SLACK: f64 = 0.005;

pub(super) fn compare(
    expect: &Expect,
    seen: &[Observation],
    exact: &BTreeSet<String>,
) -> Vec<Mismatch> {
    let mut outcomes = Samples::default();
    for share in expect.outcomes.iter().flatten() {
        let flags = case::flags(share.flags.as_deref());
        let destination = share.destination.as_deref();
        let key = outcome(share.status, destination, &flags, share.connection.as_deref());
        outcomes.recorded(key, share.count);
    }
    let mut endpoints = Samples::default();
    for (endpoint, count) in expect.endpoints.iter().flatten() {
        endpoints.recorded(endpoint.clone(), *count);
    }
    for one in seen {
        let (destination, connection) = (one.destination.as_deref(), one.connection.as_deref());
        let missing = one.flags.contains("NC");
        let destination = destination.filter(|_| !missing);
        outcomes.own(outcome(one.status, destination, &one.flags, connection));
        if let Some(endpoint) = one.received.as_ref().and_then(|seen| seen.endpoint.clone()) {
            endpoints.own(endpoint);
        }
    }
    let total: u32 = expect.outcomes.iter().flatten().map(|share| share.count).sum();
    let own_total = u32::try_from(seen.len()).unwrap_or(u32::MAX);
    let mut found = outcomes.compare("outcomes", total, own_total, false);
    found.extend(endpoints.compare("endpoints", total, own_total, exact.contains("counts")));
    found
}

fn outcome(
    status: Option<u16>,
    destination: Option<&str>,
    flags: &BTreeSet<String>,
    connection: Option<&str>,
) -> String {
    let connection = connection.map(case::connection);
    let flags = flags.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    format!("{status} {} {flags} {}", destination.unwrap_or("-"), connection.unwrap_or("-"))
}

#[derive(Default)]
struct Samples(BTreeMap<String, (u32, u32)>);

impl Samples {
    fn recorded(&mut self, key: String, count: u32) {
        self.0.entry(key).or_default().0 += count;
    }

    fn own(&mut self, key: String) {
        self.0.entry(key).or_default().1 += 1;
    }

    fn compare(&self, field: &str, total: u32, own_total: u32, exact: bool) -> Vec<Mismatch> {
        let mut found = Vec::new();
        for (key, &(recorded, own)) in &self.0 {
            let agree = if exact {
                recorded.abs_diff(own) <= 1
            } else {
                near(f64::from(recorded), f64::from(total), f64::from(own), f64::from(own_total))
            };
            if !agree {
                let field = format!("{field}[{}]", key.trim());
                let of = |count: u32, total: u32| format!("{count} of {total}");
                found.push(Mismatch::new(field, &of(recorded, total), &of(own, own_total)));
            }
        }
        found
    }
}

/// Whether two shares lie within the standard errors of both samples.
fn near(a: f64, a_total: f64, b: f64, b_total: f64) -> bool {
    if a_total == 0.0 || b_total == 0.0 {
        return a == b;
    }
    let (p, q) = (a / a_total, b / b_total);
    let variance = p * (1.0 - p) / a_total + q * (1.0 - q) / b_total;
    (p - q).abs() <= ERRORS * variance.sqrt() + SLACK
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn shares_agree_within_their_errors() {
        assert!(near(50.0, 100.0, 60.0, 100.0));
        assert!(!near(50.0, 100.0, 90.0, 100.0));
        assert!(near(0.0, 200.0, 0.0, 200.0));
        assert!(!near(0.0, 200.0, 20.0, 200.0));
    }
}
