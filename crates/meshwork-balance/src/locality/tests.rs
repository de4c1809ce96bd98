//! Priorities and weights, from the rules and tables of the policy spec.

use std::collections::BTreeMap;

use meshwork_core::{Labels, Locality};

use super::*;
use crate::{Endpoint, Randomness, ZoneAware};

type Value = Labels;

fn endpoint(address: &str, locality: &str, labels: &[(&str, &str)]) -> Endpoint<Value> {
    let labels = labels.iter().copied().collect();
    Endpoint { locality: locality.parse().unwrap(), ..Endpoint::new(address, labels) }
}

fn client(locality: &str, labels: &[(&str, &str)]) -> Place {
    Place { locality: locality.parse().unwrap(), labels: labels.iter().copied().collect() }
}

/// Address → (priority, locality weight).
fn arranged(
    plan: &LocalityPlan,
    client: &Place,
    endpoints: Vec<Endpoint<Value>>,
) -> BTreeMap<String, (u32, u32)> {
    plan.arrange(client, endpoints, Clone::clone)
        .into_iter()
        .map(|e| (e.address.to_string(), (e.priority, e.locality_weight)))
        .collect()
}

fn expect(list: &[(&str, u32, u32)]) -> BTreeMap<String, (u32, u32)> {
    list.iter().map(|(address, p, w)| ((*address).to_owned(), (*p, *w))).collect()
}

#[test]
fn failover_by_locality() {
    let endpoints = || {
        vec![
            endpoint("a", "us-west/z1/s1", &[]),
            endpoint("b", "us-west/z1/s2", &[]),
            endpoint("c", "us-west/z2", &[]),
            endpoint("d", "us-east/z1/s1", &[]),
            endpoint("e", "eu/z1", &[]),
            endpoint("f", "eu/z1", &[]),
        ]
    };
    let client = client("us-west/z1/s1", &[]);
    let plan = LocalityPlan::Failover(Preference::default());
    let expected = [("a", 0, 1), ("b", 1, 1), ("c", 2, 1), ("d", 3, 1), ("e", 3, 2), ("f", 3, 2)];
    assert_eq!(arranged(&plan, &client, endpoints()), expect(&expected));
    let regions = [Failover { from: "us-west".into(), to: "eu".into() }].into();
    let plan = LocalityPlan::Failover(Preference { regions, ..Preference::default() });
    let expected = [("a", 0, 1), ("b", 1, 1), ("c", 2, 1), ("d", 4, 1), ("e", 3, 2), ("f", 3, 2)];
    assert_eq!(arranged(&plan, &client, endpoints()), expect(&expected));
    let none = arranged(&LocalityPlan::None, &client, endpoints());
    assert!(none.values().all(|(priority, _)| *priority == 0));
}

#[test]
fn priorities_have_no_gaps() {
    let plan = LocalityPlan::Failover(Preference::default());
    let endpoints = vec![endpoint("c", "r1/z2", &[]), endpoint("d", "r2/z1", &[])];
    let found = arranged(&plan, &client("r1/z1", &[]), endpoints);
    assert_eq!(found, expect(&[("c", 0, 1), ("d", 1, 1)]));
}

#[test]
fn failover_by_labels() {
    const KEYS: [&str; 4] = [
        "topology.istio.io/network",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "topology.istio.io/subzone",
    ];
    let labels = |values: &[&'static str]| -> Vec<(&'static str, &'static str)> {
        KEYS.into_iter().zip(values.iter().copied()).filter(|(_, v)| !v.is_empty()).collect()
    };
    let make = |address: &str, values: &[&'static str]| endpoint(address, "", &labels(values));
    let endpoints = vec![
        make("a", &["n1", "r1", "z1", "s1"]),
        make("b", &["n1", "r1", "z1", "s2"]),
        make("c", &["n1", "r1", "z2"]),
        make("d", &["n1", "r2"]),
        make("e", &["n2", "r1", "z1", "s1"]),
        make("f", &["n2", "r2"]),
    ];
    let keys = KEYS.map(|key| LabelPriority { key: key.into(), value: None });
    let plan = LocalityPlan::Failover(Preference { labels: keys.into(), ..Preference::default() });
    let place = client("", &labels(&["n1", "r1", "z1", "s1"]));
    let expected = [("a", 0, 1), ("b", 1, 1), ("c", 2, 1), ("d", 3, 1), ("e", 4, 1), ("f", 5, 1)];
    assert_eq!(arranged(&plan, &place, endpoints.clone()), expect(&expected));
    let without = arranged(&plan, &client("", &[]), endpoints);
    assert!(without.values().all(|(priority, _)| *priority == 0));
}

#[test]
fn a_label_with_a_value_is_not_compared_with_the_client() {
    let keys = [LabelPriority { key: "version".into(), value: Some("v2".into()) }];
    let plan = LocalityPlan::Failover(Preference { labels: keys.into(), ..Preference::default() });
    let endpoints =
        vec![endpoint("a", "", &[("version", "v1")]), endpoint("b", "", &[("version", "v2")])];
    let found = arranged(&plan, &client("", &[("version", "v1")]), endpoints);
    assert_eq!(found, expect(&[("a", 1, 1), ("b", 0, 1)]));
}

#[test]
fn a_network_that_is_named_is_a_label_like_others() {
    let network = "topology.istio.io/network";
    let expect_far = |value: Option<&str>, expected: (u32, u32)| {
        let keys = [
            LabelPriority { key: network.into(), value: value.map(Into::into) },
            LabelPriority { key: "version".into(), value: None },
        ];
        let plan =
            LocalityPlan::Failover(Preference { labels: keys.into(), ..Preference::default() });
        let endpoints = vec![
            endpoint("near", "", &[(network, "n1"), ("version", "v2")]),
            endpoint("same", "", &[(network, "n2"), ("version", "v1")]),
            endpoint("far", "", &[(network, "n2"), ("version", "v2")]),
        ];
        let place = client("", &[(network, "n1"), ("version", "v1")]);
        let found = arranged(&plan, &place, endpoints);
        assert_eq!((found["same"].0, found["far"].0), expected, "{value:?}");
    };
    // Within another network the version still counts; beside a value it does not.
    expect_far(None, (1, 2));
    expect_far(Some("n1"), (1, 1));
}

fn distribution(from: &str, to: &[(&str, u32)]) -> LocalityPlan {
    let to = to.iter().map(|(to, share)| (to.parse().unwrap(), *share)).collect();
    LocalityPlan::Distribute([Distribute { from: from.parse().unwrap(), to }].into())
}

#[test]
fn distribution_rounds_up() {
    let mut endpoints: Vec<_> =
        (0..3).map(|n| endpoint(&format!("a{n}"), "us-west/z1", &[])).collect();
    endpoints.push(endpoint("b", "us-west/z2", &[]));
    endpoints.extend((0..2).map(|n| endpoint(&format!("c{n}"), "us-east/z1", &[])));
    endpoints.push(endpoint("d", "eu/z1", &[]));
    let plan = distribution("us-west/*", &[("us-east/*", 20), ("us-west/*", 80)]);
    let found = arranged(&plan, &client("us-west/z1", &[]), endpoints.clone());
    let expected =
        [("a0", 0, 60), ("a1", 0, 60), ("a2", 0, 60), ("b", 0, 20), ("c0", 0, 20), ("c1", 0, 20)];
    assert_eq!(found, expect(&expected));
    let elsewhere = arranged(&plan, &client("eu/z1", &[]), endpoints);
    assert_eq!(elsewhere.len(), 7);
    assert_eq!(elsewhere["a0"], (0, 3));
}

#[test]
fn zones_of_the_own_region_stay_together() {
    let regions = [Failover { from: "r1".into(), to: "r3".into() }].into();
    let plan = LocalityPlan::ZoneAware(Preference { regions, ..Preference::default() });
    let endpoints = vec![
        endpoint("a", "r1/z1", &[]),
        endpoint("b", "r1/z2", &[]),
        endpoint("c", "r2/z1", &[]),
        endpoint("d", "r3/z1", &[]),
    ];
    let found = arranged(&plan, &client("r1/z1", &[]), endpoints);
    assert_eq!(found, expect(&[("a", 0, 1), ("b", 0, 1), ("c", 2, 1), ("d", 1, 1)]));
}

fn zones(counts: &[(&str, u32)]) -> Vec<(Locality, u32)> {
    counts.iter().map(|(zone, count)| (format!("r/{zone}").parse().unwrap(), *count)).collect()
}

fn zone_shares(config: &ZoneAware, callers: &[(&str, u32)], upstream: &[(&str, u32)]) -> Vec<f64> {
    let own = "r/A".parse().unwrap();
    let Some(routing) = ZoneRouting::new(config, &own, &zones(callers), &zones(upstream)) else {
        return Vec::new();
    };
    let random = &mut Randomness::new(1);
    let mut counts = vec![0; upstream.len()];
    (0..20_000).for_each(|_| counts[routing.choose(random).unwrap()] += 1);
    counts.into_iter().map(|count| f64::from(count) / 200.0).collect()
}

#[test]
fn zone_aware_shares() {
    let check = |callers: &[(&str, u32)], upstream: &[(&str, u32)], expected: &[f64]| {
        let found = zone_shares(&ZoneAware::default(), callers, upstream);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1.5, "{found} instead of {expected}");
        }
    };
    check(&[("A", 4), ("B", 4), ("C", 2)], &[("A", 5), ("B", 10), ("C", 5)], &[62.5, 25.0, 12.5]);
    check(&[("A", 2), ("B", 2)], &[("A", 6), ("B", 4)], &[100.0, 0.0]);
    check(&[("A", 4), ("B", 4)], &[("A", 2), ("B", 3)], &[]);
    check(&[("A", 4), ("B", 4)], &[("B", 5), ("C", 5)], &[0.0, 100.0]);
    check(&[], &[("A", 5), ("B", 5)], &[]);
    let small = ZoneAware { min_cluster_size: 3, ..ZoneAware::default() };
    let found = zone_shares(&small, &[("A", 4), ("B", 4)], &[("A", 2), ("B", 3)]);
    assert!((found[0] - 80.0).abs() < 1.5, "{found:?}");
}
