//! Algorithms on their own: recorded tables, shares, and turns.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use xxhash_rust::xxh64::xxh64;

use super::{edf::Edf, maglev::Table, ring_hash::Ring};
use crate::{
    Balance, Choice, Host, HostId, LeastRequest, Maglev, Picker, Randomness, RingHash, RoundRobin,
    Set, SlowStart, host::HostState,
};

fn hosts(addresses: &[(&str, u32)]) -> Vec<Host> {
    addresses
        .iter()
        .zip(0..)
        .map(|((address, weight), id)| {
            let state = HostState::new(HostId(id), (*address).into(), Duration::ZERO);
            Host::new(*weight, Arc::new(state))
        })
        .collect()
}

fn numbered(net: &str, weights: &[u32]) -> Vec<Host> {
    let addresses: Vec<_> =
        weights.iter().zip(1..).map(|(w, n)| (format!("{net}.{n}:8080"), *w)).collect();
    hosts(&addresses.iter().map(|(a, w)| (a.as_str(), *w)).collect::<Vec<_>>())
}

fn shares(hosts: &[Host]) -> Vec<f64> {
    let sum: f64 = hosts.iter().map(|host| f64::from(host.weight())).sum();
    hosts.iter().map(|host| f64::from(host.weight()) / sum).collect()
}

fn set<'a>(hosts: &'a [Host], shares: &'a [f64], seed: u64) -> Set<'a> {
    Set { hosts, shares, now: Duration::from_secs(1000), seed, position: None }
}

fn ring(minimum_ring_size: u64, hosts: &[Host]) -> Ring {
    let config = RingHash { minimum_ring_size, ..RingHash::default() };
    Ring::new(&config, &set(hosts, &shares(hosts), 0))
}

fn table(table_size: u64, hosts: &[Host]) -> Table {
    Table::new(&Maglev { table_size }, &set(hosts, &shares(hosts), 0))
}

fn by_hash(picker: &dyn Picker, hosts: &[Host], hash: u64) -> Option<usize> {
    let random = &mut Randomness::new(0);
    let now = Duration::ZERO;
    picker.pick(hosts, &mut Choice { now, hash, attempt: 0, draw: hash, random })
}

/// The last part of the addresses that `user-0`, `user-1`, … go to.
fn users(picker: &dyn Picker, hosts: &[Host], count: usize) -> Vec<usize> {
    (0..count)
        .map(|n| by_hash(picker, hosts, xxh64(format!("user-{n}").as_bytes(), 0)).unwrap() + 1)
        .collect()
}

fn counts(list: impl Iterator<Item = u32>, hosts: usize) -> Vec<usize> {
    let mut counts = vec![0; hosts];
    list.for_each(|host| counts[host as usize] += 1);
    counts
}

#[test]
fn hash_function() {
    assert_eq!(xxh64(b"", 0), 0xef46_db37_51d8_e999);
    assert_eq!(xxh64(b"10.0.0.1:8080", 0), 0xcb97_2177_068e_b685);
    assert_eq!(xxh64(b"10.0.0.1:8080", 1), 0x0dfc_e9ef_d349_b428);
    assert_eq!(xxh64(b"10.0.0.1:8080_0", 0), 0x23a2_9ae7_75df_d4a3);
}

#[test]
fn recorded_picks_from_rings() {
    let equal = numbered("10.0.0", &[1, 1, 1]);
    assert_eq!(users(&ring(1024, &equal), &equal, 8), [1, 2, 3, 1, 1, 3, 3, 3]);
    assert_eq!(by_hash(&ring(1024, &equal), &equal, xxh64(b"", 0)), Some(1));
    assert_eq!(users(&ring(3, &equal), &equal, 4), [2, 2, 2, 2]);
    assert_eq!(users(&ring(64, &equal), &equal, 4), [1, 3, 1, 1]);
    let weighted = numbered("10.0.0", &[1, 2, 5]);
    assert_eq!(users(&ring(1024, &weighted), &weighted, 8), [3, 3, 3, 2, 1, 3, 3, 3]);
    let five = numbered("10.0.6", &[1, 2, 3, 4, 10]);
    for (key, host) in
        [("acme", 4), ("ACME", 4), ("acme ", 4), ("globex", 3), ("initech", 3), ("日本", 3)]
    {
        let hash = xxh64(key.as_bytes(), 0);
        assert_eq!(by_hash(&ring(100, &five), &five, hash), Some(host), "{key}");
    }
}

#[test]
fn ring_sizes() {
    let check = |weights: &[u32], minimum, expected: &[usize]| {
        let hosts = numbered("10.0.0", weights);
        let ring = ring(minimum, &hosts);
        assert_eq!(counts(ring.0.iter().map(|(_, host)| *host), hosts.len()), expected);
    };
    check(&[1; 5], 1024, &[205; 5]);
    check(&[1; 3], 1024, &[342; 3]);
    check(&[1; 300], 1024, &[4; 300]);
    check(&[1; 5], 2, &[1; 5]);
    check(&[1, 2, 5], 1024, &[128, 256, 640]);
    check(&[], 1024, &[]);
}

#[test]
fn recorded_picks_from_tables() {
    let equal = numbered("10.0.0", &[1, 1, 1]);
    assert_eq!(users(&table(65_537, &equal), &equal, 8), [3, 2, 1, 2, 3, 3, 1, 3]);
    assert_eq!(by_hash(&table(65_537, &equal), &equal, xxh64(b"", 0)), Some(2));
    let weighted = numbered("10.0.0", &[1, 2, 5]);
    assert_eq!(users(&table(65_537, &weighted), &weighted, 6), [3, 2, 1, 3, 3, 3]);
    assert_eq!(users(&table(5, &weighted), &weighted, 5), [1, 2, 1, 2, 1]);
    let five = numbered("10.0.2", &[1, 2, 3, 4, 10]);
    assert_eq!(users(&table(251, &five), &five, 8), [4, 2, 4, 4, 4, 4, 5, 5]);
}

#[test]
fn table_shares() {
    let check = |weights: &[u32], size, expected: &[usize]| {
        let hosts = numbered("10.0.0", weights);
        let table = table(size, &hosts);
        assert_eq!(counts(table.0.iter().copied(), hosts.len()), expected);
    };
    check(&[1, 2, 3, 4, 10], 251, &[13, 26, 38, 50, 124]);
    let hosts = numbered("10.0.0", &[1; 3]);
    let mut counts = counts(table(65_537, &hosts).0.iter().copied(), 3);
    counts.sort_unstable();
    assert_eq!(counts, [21_845, 21_846, 21_846]);
}

#[test]
fn nothing_to_choose_from() {
    assert_eq!(by_hash(&ring(1024, &[]), &[], 7), None);
    assert_eq!(by_hash(&table(65_537, &[]), &[], 7), None);
    let picker = RoundRobin::default().picker(&set(&[], &[], 3));
    assert_eq!(by_hash(&*picker, &[], 7), None);
    let picker = LeastRequest::default().picker(&set(&[], &[], 3));
    assert_eq!(by_hash(&*picker, &[], 7), None);
}

#[test]
fn weighted_turns_repeat_one_cycle() {
    let weights = [1.0, 2.0, 3.0];
    for picks in 0..50 {
        let mut edf = Edf::with_picks(3, |index| weights[index], picks);
        let turns: String =
            (0..12).map(|_| ['A', 'B', 'C'][edf.pick(|index| weights[index]).unwrap()]).collect();
        assert!("CBCABCCBCABCCBCABC".contains(&turns), "{turns} after {picks}");
    }
}

#[test]
fn one_to_a_hundred() {
    let hosts = numbered("10.0.3", &[1, 100]);
    let picker = RoundRobin::default().picker(&set(&hosts, &[], 0x1234_5678_9abc));
    let first = (0..202).filter(|_| by_hash(&*picker, &hosts, 0) == Some(0)).count();
    assert_eq!(first, 2);
}

#[test]
fn least_request_by_weight_and_load() {
    let hosts = numbered("10.0.0", &[100, 101]);
    hosts[0].state().active.store(2, std::sync::atomic::Ordering::Relaxed);
    hosts[1].state().active.store(1, std::sync::atomic::Ordering::Relaxed);
    let picker = LeastRequest::default().picker(&set(&hosts, &[], 99));
    let first = (0..1000).filter(|_| by_hash(&*picker, &hosts, 0) == Some(0)).count();
    assert!((395..=399).contains(&first), "{first}");
}

#[test]
fn least_request_draws_with_replacement() {
    let hosts = numbered("10.0.0", &[1, 1, 1, 1]);
    hosts[2].state().active.store(1, std::sync::atomic::Ordering::Relaxed);
    let picker = LeastRequest::default().picker(&set(&hosts, &[], 99));
    let random = &mut Randomness::new(5);
    let mut busy = 0;
    for _ in 0..16_000 {
        let now = Duration::ZERO;
        let choice = &mut Choice { now, hash: 0, attempt: 0, draw: 0, random };
        busy += usize::from(picker.pick(&hosts, choice) == Some(2));
    }
    // Only when it is drawn twice: one in sixteen.
    assert!((900..=1100).contains(&busy), "{busy}");
}

#[test]
fn warming_up() {
    let check = |aggression: f32, age: f64, expected: f64| {
        let slow =
            SlowStart { aggression: aggression.into(), ..SlowStart::new(Duration::from_secs(8)) };
        let host = &hosts(&[("10.0.0.1:80", 1)])[0];
        let factor = slow.factor(host, Duration::from_secs_f64(age));
        assert!((factor - expected).abs() < 0.011, "{factor} at {age} s, aggression {aggression}");
    };
    check(1.0, 0.1, 0.10);
    check(1.0, 1.0, 0.13);
    check(1.0, 2.0, 0.25);
    check(1.0, 4.6, 0.58);
    check(1.0, 8.0, 1.0);
    check(2.0, 0.1, 0.11);
    check(2.0, 1.0, 0.36);
    check(2.0, 2.0, 0.50);
    check(2.0, 4.6, 0.76);
}

fn unique_hosts(max: usize) -> impl Strategy<Value = Vec<(String, u32)>> {
    proptest::collection::btree_map(0_u32..60_000, 1_u32..20, 2..max).prop_map(|hosts| {
        hosts.into_iter().map(|(n, w)| (format!("10.1.{}.{}:80", n / 256, n % 256), w)).collect()
    })
}

fn named(hosts_: &[(String, u32)]) -> Vec<Host> {
    hosts(&hosts_.iter().map(|(address, weight)| (address.as_str(), *weight)).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A host that leaves takes no key of another host with it.
    #[test]
    fn ring_moves_only_the_keys_of_the_host_that_left(addresses in unique_hosts(12), leaver: usize) {
        // Equal weights and a share of whole places: each host has the same places before and after.
        let equal: Vec<_> = addresses.iter().map(|(address, _)| (address.clone(), 1)).collect();
        let before = named(&equal);
        let mut remaining = equal.clone();
        let left = remaining.remove(leaver % equal.len()).0;
        let after = named(&remaining);
        let places = |hosts: &[Host]| ring(100 * hosts.len() as u64, hosts);
        let (old, new) = (places(&before), places(&after));
        let mut moved = 0;
        for key in 0..1000_u64 {
            let hash = xxh64(&key.to_le_bytes(), 0);
            let was = before[by_hash(&old, &before, hash).unwrap()].address();
            let is = after[by_hash(&new, &after, hash).unwrap()].address();
            if was != is {
                prop_assert_eq!(was, left.as_str());
                moved += 1;
            }
        }
        // Its own share, and some room for the unevenness of a ring with 100 places a host.
        prop_assert!(moved as f64 <= 1.7 * 1000.0 / before.len() as f64 + 30.0, "{} moved", moved);
    }

    /// Shares in a table differ from the exact ones by at most one entry a host.
    #[test]
    fn table_shares_are_exact(addresses in unique_hosts(12)) {
        let hosts = named(&addresses);
        let counts = counts(table(2039, &hosts).0.iter().copied(), hosts.len());
        for (count, share) in counts.iter().zip(shares(&hosts)) {
            prop_assert!((*count as f64 - 2039.0 * share).abs() <= hosts.len() as f64 + 1.0);
        }
        prop_assert_eq!(counts.iter().sum::<usize>(), 2039);
    }

    /// Over any whole cycle everybody has exactly as many turns as its weight says.
    #[test]
    fn round_robin_is_fair(addresses in unique_hosts(8), seed: u64) {
        let hosts = named(&addresses);
        let picker = RoundRobin::default().picker(&set(&hosts, &[], seed));
        let cycle: u32 = hosts.iter().map(Host::weight).sum();
        let same = hosts.windows(2).all(|w| w[0].weight() == w[1].weight());
        let turns = (0..cycle * 3).map(|_| by_hash(&*picker, &hosts, 0).unwrap() as u32);
        for (count, host) in counts(turns, hosts.len()).into_iter().zip(&hosts) {
            let due = if same { cycle * 3 / hosts.len() as u32 } else { host.weight() * 3 };
            prop_assert!((count as i64 - i64::from(due)).abs() <= 1, "{} of {}", count, due);
        }
    }
}
