//! Whole clusters: recorded choices, ejection, panic, retries and state over updates.

use std::{collections::BTreeMap, time::Duration};

use xxhash_rust::xxh64::xxh64;

use crate::{
    Algorithm, Attempts, Cluster, ClusterConfig, Context, Endpoint, Health, LoadBalancing,
    LocalityRouting, Maglev, Outcome, OutlierDetection, Random, RingHash, RoundRobin,
};

const START: Duration = Duration::from_secs(1000);

fn cluster(algorithm: Algorithm, change: impl FnOnce(&mut ClusterConfig)) -> Cluster<u32> {
    let load_balancing = LoadBalancing { algorithm, ..LoadBalancing::default() };
    let mut config = ClusterConfig { load_balancing, ..ClusterConfig::default() };
    change(&mut config);
    Cluster::new(config, 12_345, START)
}

fn maglev() -> Algorithm {
    Algorithm::Maglev(Maglev { table_size: 1009 })
}

fn endpoints(net: &str, count: u32) -> Vec<Endpoint<u32>> {
    (1..=count).map(|n| Endpoint::new(format!("{net}.{n}:8080"), n)).collect()
}

fn at(priority: u32, health: Health, endpoint: Endpoint<u32>) -> Endpoint<u32> {
    Endpoint { priority, health, ..endpoint }
}

fn user(n: u32) -> Option<u64> {
    Some(xxh64(format!("user-{n}").as_bytes(), 0))
}

fn pick(cluster: &Cluster<u32>, cx: &Context<'_>) -> Option<u32> {
    cluster.pick(cx).ok().map(|pick| *pick.endpoint())
}

fn counts(cluster: &Cluster<u32>, times: u64) -> BTreeMap<u32, u64> {
    let mut counts = BTreeMap::new();
    for n in 0..times {
        let cx = Context::new(START, n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        *counts.entry(pick(cluster, &cx).unwrap_or(0)).or_default() += 1;
    }
    counts
}

#[test]
fn walking_a_ring_and_a_table_on_retries() {
    let check = |algorithm, net, expected: [[u32; 4]; 3]| {
        let cluster = cluster(algorithm, |_| {});
        cluster.update(endpoints(net, 4), START);
        for (n, expected) in expected.into_iter().enumerate() {
            let mut attempts = Attempts::new(true, false);
            let found = [(); 4].map(|()| {
                let cx = Context::new(START, 7)
                    .with_hash(user(u32::try_from(n).unwrap()))
                    .with_attempts(&attempts);
                let pick = cluster.pick(&cx).unwrap();
                let endpoint = *pick.endpoint();
                attempts.record(&pick);
                endpoint
            });
            assert_eq!(found, expected, "user-{n}");
        }
    };
    let ring = Algorithm::RingHash(RingHash::default());
    check(ring, "10.0.2", [[4, 3, 2, 3], [2, 4, 1, 4], [4, 1, 3, 1]]);
    check(maglev(), "10.0.3", [[1, 2, 3, 2], [3, 1, 2, 1], [3, 4, 2, 1]]);
}

#[test]
fn locality_weights_scale_hashed_shares() {
    let check = |algorithm, net, expected: [u32; 8]| {
        let cluster = cluster(algorithm, |c| c.load_balancing.locality = LocalityRouting::Weighted);
        let places = [("r1/za", 75, 1), ("r1/za", 75, 3), ("r2/zc", 25, 1), ("r2/zc", 25, 1)];
        let endpoints = endpoints(net, 4).into_iter().zip(places).map(
            |(endpoint, (locality, locality_weight, weight))| Endpoint {
                locality: locality.parse().unwrap(),
                locality_weight,
                weight,
                ..endpoint
            },
        );
        cluster.update(endpoints, START);
        let found = [0, 1, 2, 3, 4, 5, 6, 7]
            .map(|n| pick(&cluster, &Context::new(START, 0).with_hash(user(n))).unwrap());
        assert_eq!(found, expected);
    };
    check(Algorithm::RingHash(RingHash::default()), "10.0.4", [2, 4, 4, 2, 2, 3, 1, 2]);
    check(maglev(), "10.0.5", [1, 2, 2, 2, 3, 2, 2, 4]);
}

#[test]
fn weighted_localities_take_exact_turns() {
    let cluster = cluster(Algorithm::RoundRobin(RoundRobin::default()), |c| {
        c.load_balancing.locality = LocalityRouting::Weighted;
    });
    let make = |n: u32, locality: &str, locality_weight, health| Endpoint {
        locality: locality.parse().unwrap(),
        locality_weight,
        health,
        ..Endpoint::new(format!("10.0.1.{n}:80"), n)
    };
    use Health::{Healthy, Unhealthy};
    cluster.update(
        [
            make(1, "r1/za", 80, Healthy),
            make(2, "r2/zc", 20, Healthy),
            make(3, "r2/zc", 20, Healthy),
            make(4, "r2/zc", 20, Healthy),
        ],
        START,
    );
    let found = counts(&cluster, 200);
    assert_eq!(found[&1], 160);
    assert!((2..=4).all(|n| (13..=14).contains(&found[&n])), "{found:?}");
    // Half of the hosts of A are gone: 80 * 1.4 / 2 = 56 against 20.
    cluster.update(
        [make(1, "a", 80, Healthy), make(2, "a", 80, Unhealthy), make(3, "b", 20, Healthy)],
        START,
    );
    let found = counts(&cluster, 760);
    assert!((558..=562).contains(&found[&1]), "{found:?}");
    // A locality without weight gets nothing.
    cluster.update([make(1, "a", 0, Healthy), make(2, "b", 1, Healthy)], START);
    assert_eq!(counts(&cluster, 50), BTreeMap::from([(2, 50)]));
}

#[test]
fn priorities_share_by_health() {
    let cluster = cluster(Algorithm::Random(Random::default()), |_| {});
    let near = |n, health| at(0, health, Endpoint::new(format!("near{n}"), n));
    let far = |n| at(1, Health::Healthy, Endpoint::new(format!("far{n}"), n));
    cluster.update([near(1, Health::Healthy), near(2, Health::Unhealthy), far(3)], START);
    let found = counts(&cluster, 10_000);
    assert!((6_800..=7_200).contains(&found[&1]), "{found:?}");
    assert_eq!(found.get(&2), None);
    cluster.update([near(1, Health::Unhealthy), far(3)], START);
    assert_eq!(counts(&cluster, 20), BTreeMap::from([(3, 20)]));
    cluster.update([near(1, Health::Unhealthy)], START);
    assert_eq!(counts(&cluster, 20), BTreeMap::from([(0, 20)]));
}

#[test]
fn a_key_keeps_its_priority() {
    let cluster = cluster(maglev(), |_| {});
    let near = |n, health| at(0, health, Endpoint::new(format!("near{n}"), n));
    let far = at(1, Health::Healthy, Endpoint::new("far", 3));
    cluster.update([near(1, Health::Healthy), near(2, Health::Unhealthy), far], START);
    for hash in 0..200 {
        let expected = if hash % 100 < 70 { 1 } else { 3 };
        let cx = Context::new(START, 9).with_hash(Some(hash));
        assert_eq!(pick(&cluster, &cx), Some(expected));
    }
}

#[test]
fn degraded_hosts_are_not_hashed_to() {
    let degraded = || endpoints("10.0.0", 2).into_iter().map(|e| at(0, Health::Degraded, e));
    let hashing = cluster(maglev(), |_| {});
    hashing.update(degraded(), START);
    assert_eq!(pick(&hashing, &Context::new(START, 1).with_hash(Some(5))), None);
    let turns = cluster(Algorithm::RoundRobin(RoundRobin::default()), |_| {});
    turns.update(degraded(), START);
    assert_eq!(counts(&turns, 10), BTreeMap::from([(1, 5), (2, 5)]));
}

#[test]
fn a_retry_takes_another_host_while_there_is_one() {
    let cluster = cluster(Algorithm::RoundRobin(RoundRobin::default()), |_| {});
    cluster.update(endpoints("10.0.5", 2), START);
    for _ in 0..10 {
        let mut attempts = Attempts::default();
        let found = [(); 4].map(|()| {
            let pick = cluster.pick(&Context::new(START, 3).with_attempts(&attempts)).unwrap();
            attempts.record(&pick);
            *pick.endpoint()
        });
        let [x, y] = [found[0], 3 - found[0]];
        assert_eq!(found, [x, y, y, y]);
    }
}

#[test]
fn retries_in_remote_localities() {
    let check = |algorithm, remote, expected: [u32; 8]| {
        let cluster = cluster(algorithm, |_| {});
        let far = at(1, Health::Healthy, Endpoint::new("far", 2));
        cluster.update([Endpoint::new("near", 1), far], START);
        let mut attempts = Attempts::new(true, remote);
        let found = [(); 8].map(|()| {
            let cx = Context::new(START, 3).with_hash(Some(1)).with_attempts(&attempts);
            let pick = cluster.pick(&cx).unwrap();
            attempts.record(&pick);
            *pick.endpoint()
        });
        assert_eq!(found, expected);
    };
    let turns = || Algorithm::RoundRobin(RoundRobin::default());
    check(turns(), true, [1, 1, 2, 2, 1, 1, 2, 2]);
    check(turns(), false, [1; 8]);
    check(Algorithm::RingHash(RingHash::default()), true, [1; 8]);
}

fn detecting(change: impl FnOnce(&mut OutlierDetection)) -> Cluster<u32> {
    let mut outlier = OutlierDetection {
        consecutive_5xx: Some(1),
        max_ejection_percent: 100,
        ..OutlierDetection::default()
    };
    change(&mut outlier);
    cluster(maglev(), |config| config.outlier_detection = Some(outlier))
}

fn fail(cluster: &Cluster<u32>, hash: Option<u64>, now: Duration) -> u32 {
    let pick = cluster.pick(&Context::new(now, 0).with_hash(hash)).unwrap();
    let endpoint = *pick.endpoint();
    pick.finish(Outcome::status(500), now);
    endpoint
}

#[test]
fn an_ejected_host_comes_back_at_a_tick() {
    let cluster = detecting(|outlier| {
        outlier.consecutive_5xx = Some(2);
        outlier.interval = Duration::from_millis(500);
        outlier.base_ejection_time = Duration::from_secs(2);
    });
    cluster.update(endpoints("10.0.1", 4), START);
    let next = |now| pick(&cluster, &Context::new(now, 0).with_hash(user(0)));
    assert_eq!(fail(&cluster, user(0), START), 2);
    assert_eq!(fail(&cluster, user(0), START), 2);
    assert_eq!(next(START), Some(3));
    let late = |millis| START + Duration::from_millis(millis);
    cluster.sweep(late(1999));
    assert_eq!(next(late(1999)), Some(3));
    assert_eq!(cluster.next_sweep(), Some(late(2000)));
    cluster.sweep(late(2000));
    assert_eq!(next(late(2000)), Some(2));
    assert_eq!(fail(&cluster, user(0), late(2000)), 2);
    assert_eq!(next(late(2000)), Some(2), "the count begins at zero");
}

#[test]
fn panic_uses_the_ejected_too() {
    let check = |panic_threshold, hosts, expected: bool| {
        let cluster = detecting(|_| {});
        let mut config = cluster.config().clone();
        config.load_balancing.panic_threshold = panic_threshold;
        let cluster = Cluster::new(config, 1, START);
        cluster.update(endpoints("10.0.1", hosts), START);
        let first = fail(&cluster, user(0), START);
        let cx = Context::new(START, 0).with_hash(user(0));
        assert_eq!(pick(&cluster, &cx) == Some(first), expected, "{panic_threshold} %");
    };
    check(50, 1, true);
    check(0, 1, false);
    check(60, 2, true);
    check(50, 2, false);
    check(0, 2, false);
}

#[test]
fn only_so_many_are_ejected() {
    let check = |percent, expected: u32| {
        let cluster = detecting(|outlier| outlier.max_ejection_percent = percent);
        cluster.update(endpoints("10.0.2", 3), START);
        (0..30).for_each(|hash| {
            if pick(&cluster, &Context::new(START, 0).with_hash(user(hash))).is_some() {
                fail(&cluster, user(hash), START);
            }
        });
        let ejected = cluster.endpoints().iter().filter(|e| e.ejected).count();
        assert_eq!(ejected, expected as usize, "{percent} %");
    };
    check(33, 0);
    check(34, 1);
    check(67, 2);
    check(100, 3);
}

#[test]
fn state_outlives_updates() {
    let cluster = detecting(|_| {});
    cluster.update(endpoints("10.0.1", 3), START);
    let gone = fail(&cluster, user(0), START);
    let busy = cluster.pick(&Context::new(START, 0).with_hash(user(0))).unwrap();
    let before = cluster.endpoints();
    cluster.update(endpoints("10.0.1", 4), START + Duration::from_secs(1));
    let after = cluster.endpoints();
    assert_eq!(after[..3], before[..]);
    assert!(after[gone as usize - 1].ejected);
    assert_eq!(after[*busy.endpoint() as usize - 1].active_requests, 1);
    drop(busy);
    assert!(cluster.endpoints().iter().all(|e| e.active_requests == 0));
    // Leaving and coming back makes a new host of it.
    cluster.update(endpoints("10.0.9", 1), START);
    cluster.update(endpoints("10.0.1", 3), START);
    assert!(cluster.endpoints().iter().all(|e| !e.ejected));
}

#[test]
fn turns_go_on_over_updates() {
    let cluster = cluster(Algorithm::RoundRobin(RoundRobin::default()), |_| {});
    cluster.update(endpoints("10.0.1", 3), START);
    let cx = Context::new(START, 0);
    let first = pick(&cluster, &cx).unwrap();
    cluster.update(endpoints("10.0.1", 3), START);
    assert_eq!(pick(&cluster, &cx), Some(first % 3 + 1));
}

#[test]
fn weighted_turns_go_on_when_only_values_change() {
    let turns = |update: bool| {
        let cluster = cluster(Algorithm::RoundRobin(RoundRobin::default()), |_| {});
        let weighted =
            || endpoints("10.0.1", 3).into_iter().map(|e| Endpoint { weight: e.value, ..e });
        cluster.update(weighted(), START);
        let mut found = Vec::new();
        for _ in 0..12 {
            found.push(pick(&cluster, &Context::new(START, 0)));
            if update {
                cluster.update(weighted(), START);
            }
        }
        found
    };
    assert_eq!(turns(true), turns(false));
}

#[test]
fn dialled_addresses_are_kept_while_in_use() {
    let cluster = cluster(Algorithm::OriginalDestination, |_| {});
    cluster.update(endpoints("10.0.1", 1), START);
    assert_eq!(pick(&cluster, &Context::new(START, 0)), None);
    let known = cluster.pick_address("10.0.1.1:8080", || 99, START);
    assert_eq!(*known.endpoint(), 1);
    let dialled = cluster.pick_address("10.7.7.7:80", || 77, START);
    let again = cluster.pick_address("10.7.7.7:80", || 78, START);
    assert_eq!((*dialled.endpoint(), *again.endpoint()), (77, 77));
    cluster.sweep(START);
    assert_eq!(*cluster.pick_address("10.7.7.7:80", || 79, START).endpoint(), 77);
    drop((dialled, again));
    cluster.sweep(START);
    assert_eq!(*cluster.pick_address("10.7.7.7:80", || 80, START).endpoint(), 80);
}

#[test]
fn many_threads_at_once() {
    let cluster = cluster(Algorithm::default(), |config| {
        config.outlier_detection = Some(OutlierDetection {
            consecutive_5xx: Some(1),
            max_ejection_percent: 50,
            ..OutlierDetection::default()
        });
    });
    cluster.update(endpoints("10.0.1", 8), START);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let cluster = &cluster;
            scope.spawn(move || {
                for n in 0..2000_u64 {
                    let pick = cluster.pick(&Context::new(START, thread << 32 | n)).unwrap();
                    let status = if *pick.endpoint() == 1 { 500 } else { 200 };
                    pick.finish(Outcome::status(status), START);
                    if n % 500 == 0 {
                        cluster.update(endpoints("10.0.1", 8), START);
                    }
                }
            });
        }
    });
    let found = cluster.endpoints();
    assert!(found[0].ejected);
    assert!(found.iter().skip(1).all(|e| !e.ejected));
    assert!(found.iter().all(|e| e.active_requests == 0));
}
