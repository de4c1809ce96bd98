//! The table of policy shares that Envoy 1.40 gave.

use super::*;

/// Priorities as (healthy, degraded, excluded, all), and the shares as (healthy, degraded).
fn check(priorities: &[(u32, u32, u32, u32)], threshold: u8, loads: &[(u32, u32)], panic: &[bool]) {
    let census: Vec<Census> = priorities
        .iter()
        .map(|&(healthy, degraded, excluded, hosts)| Census { hosts, healthy, degraded, excluded })
        .collect();
    let found = Loads::new(&census, threshold);
    let shares: Vec<_> = found.loads.iter().map(|load| (load.healthy, load.degraded)).collect();
    assert_eq!(shares, loads, "{priorities:?} below {threshold} %");
    assert_eq!(&*found.panic, panic, "{priorities:?} below {threshold} %");
}

#[test]
fn healthy_capacity_decides() {
    for threshold in [0, 50] {
        check(&[(8, 0, 0, 10), (10, 0, 0, 10)], threshold, &[(100, 0), (0, 0)], &[false, false]);
        check(&[(7, 0, 0, 10), (10, 0, 0, 10)], threshold, &[(98, 0), (2, 0)], &[false, false]);
        check(&[(5, 0, 0, 10), (10, 0, 0, 10)], threshold, &[(70, 0), (30, 0)], &[false, false]);
        check(&[(2, 0, 0, 10), (10, 0, 0, 10)], threshold, &[(28, 0), (72, 0)], &[false, false]);
        check(&[(0, 0, 0, 10), (10, 0, 0, 10)], threshold, &[(0, 0), (100, 0)], &[false, false]);
    }
    check(&[(2, 0, 0, 10), (2, 0, 0, 10)], 0, &[(50, 0), (50, 0)], &[false, false]);
    check(&[(2, 0, 0, 10), (3, 0, 0, 10)], 0, &[(40, 0), (60, 0)], &[false, false]);
    check(&[(0, 0, 0, 10), (0, 0, 0, 10)], 0, &[(100, 0), (0, 0)], &[false, false]);
}

#[test]
fn panic_needs_too_little_in_all() {
    check(&[(4, 0, 0, 10), (6, 0, 0, 10)], 50, &[(56, 0), (44, 0)], &[false, false]);
    check(&[(1, 0, 0, 10), (6, 0, 0, 10)], 50, &[(15, 0), (85, 0)], &[true, false]);
    check(&[(2, 0, 0, 10), (2, 0, 0, 10)], 50, &[(50, 0), (50, 0)], &[true, true]);
    check(&[(0, 0, 0, 10), (0, 0, 0, 5)], 50, &[(67, 0), (33, 0)], &[true, true]);
}

#[test]
fn degraded_and_draining() {
    check(&[(5, 2, 0, 10), (0, 0, 0, 10)], 0, &[(72, 28), (0, 0)], &[false, false]);
    check(&[(5, 0, 4, 10), (10, 0, 0, 10)], 0, &[(100, 0), (0, 0)], &[false, false]);
}

#[test]
fn no_host_at_all() {
    check(&[], 50, &[], &[]);
    check(&[(0, 0, 0, 0)], 50, &[(100, 0)], &[true]);
}

#[test]
fn every_number_finds_its_priority() {
    let loads = [Load { healthy: 70, degraded: 5 }, Load { healthy: 25, degraded: 0 }];
    assert_eq!(Loads::choose(&loads, 69), Some((0, Availability::Healthy)));
    assert_eq!(Loads::choose(&loads, 70), Some((1, Availability::Healthy)));
    assert_eq!(Loads::choose(&loads, 95), Some((0, Availability::Degraded)));
    assert_eq!(Loads::choose(&loads, 100), None);
}
