//! Picking and finishing allocate nothing.

use std::time::Duration;

use meshwork_balance::{
    Algorithm, Attempts, Cluster, ClusterConfig, Context, Endpoint, LeastRequest, LoadBalancing,
    LocalityRouting, Maglev, Outcome, OutlierDetection, Random, RingHash, RoundRobin,
};

const NOW: Duration = Duration::from_secs(7);

fn check(algorithm: Algorithm, locality: LocalityRouting, weights: fn(u32) -> u32) {
    let config = ClusterConfig {
        load_balancing: LoadBalancing { algorithm, locality, ..LoadBalancing::default() },
        // Errors are counted; an ejection would build new sets.
        outlier_detection: Some(OutlierDetection {
            consecutive_5xx: Some(1_000_000),
            ..OutlierDetection::default()
        }),
        ..ClusterConfig::default()
    };
    let name = format!("{:?}", config.load_balancing);
    let cluster = Cluster::new(config, 3, NOW);
    let endpoints = (0..20).map(|n| Endpoint {
        weight: weights(n),
        priority: n % 2,
        locality: format!("r{}", n % 3).parse().unwrap_or_default(),
        ..Endpoint::new(format!("10.0.0.{n}:80"), n)
    });
    cluster.update(endpoints, NOW);
    // The first read of a published value sets up its thread.
    drop(cluster.pick(&Context::new(NOW, 0)));
    let measured = allocation_counter::measure(|| {
        for n in 0..100 {
            let mut attempts = Attempts::new(true, true);
            for _ in 0..4 {
                let cx = Context::new(NOW, n).with_hash(Some(n)).with_attempts(&attempts);
                let Ok(pick) = cluster.pick(&cx) else { unreachable!("all are healthy") };
                attempts.record(&pick);
                pick.finish(Outcome::status(if n % 5 == 0 { 500 } else { 200 }), NOW);
            }
        }
    });
    assert_eq!(measured.count_total, 0, "{name}");
}

#[test]
fn picks_do_not_allocate() {
    for algorithm in [
        Algorithm::RoundRobin(RoundRobin::default()),
        Algorithm::LeastRequest(LeastRequest::default()),
        Algorithm::Random(Random::default()),
        Algorithm::RingHash(RingHash::default()),
        Algorithm::Maglev(Maglev::default()),
    ] {
        for locality in [LocalityRouting::Ignored, LocalityRouting::Weighted] {
            check(algorithm.clone(), locality.clone(), |_| 1);
            check(algorithm.clone(), locality, |n| n + 1);
        }
    }
}
