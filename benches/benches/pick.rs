//! Picking an endpoint.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use meshwork_balance::{
    Algorithm, Cluster, ClusterConfig, Context, Endpoint, LoadBalancing, Outcome,
};

fn pick(criterion: &mut Criterion) {
    let algorithms = [
        ("round_robin", Algorithm::RoundRobin(Default::default())),
        ("least_request", Algorithm::LeastRequest(Default::default())),
        ("random", Algorithm::Random(Default::default())),
        ("ring_hash", Algorithm::RingHash(Default::default())),
        ("maglev", Algorithm::Maglev(Default::default())),
    ];
    for (name, algorithm) in algorithms {
        let mut group = criterion.benchmark_group(format!("pick/{name}"));
        for size in [1_u32, 10, 100, 1_000] {
            let mut config = ClusterConfig::default();
            config.load_balancing =
                LoadBalancing { algorithm: algorithm.clone(), ..config.load_balancing };
            let cluster = Cluster::new(config, 7, Duration::ZERO);
            let endpoints: Vec<_> = (0..size)
                .map(|n| Endpoint::new(format!("10.0.{}.{}:80", n >> 8, n & 0xff), n))
                .collect();
            cluster.update(endpoints, Duration::ZERO);
            group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
                let mut random = 1_u64;
                bencher.iter(|| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let cx = Context::new(Duration::ZERO, random).with_hash(Some(random));
                    let picked = cluster.pick(&cx);
                    picked.map(|pick| pick.finish(Outcome::Connected, Duration::ZERO)).is_ok()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, pick);
criterion_main!(benches);
