//! What a change of endpoints costs, and how much memory a snapshot takes.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use meshwork_api::read::Reader;
use meshwork_benches::{endpoint_slice, services};
use meshwork_config::{ConfigStore, Event, Snapshot, events_of};
use meshwork_registry::Proxy;

const SIDECAR: &str = "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: default}
spec:
  egress:
  - hosts: [./s0.default.svc.cluster.local, ./s1.default.svc.cluster.local,
      ./s2.default.svc.cluster.local, ./s3.default.svc.cluster.local,
      ./s4.default.svc.cluster.local, ./s5.default.svc.cluster.local,
      ./s6.default.svc.cluster.local, ./s7.default.svc.cluster.local,
      ./s8.default.svc.cluster.local, ./s9.default.svc.cluster.local]
";

fn update(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("registry");
    for size in [1, 10, 100, 1_000, 10_000] {
        let mut store = ConfigStore::default();
        store.apply_all(services(size, 10));
        let slices = [endpoint_slice(0, 10), endpoint_slice(0, 9)];
        group.bench_function(BenchmarkId::new("update_endpoint", size), |bencher| {
            let mut next = slices.iter().cycle();
            bencher.iter(|| {
                if let Some(slice) = next.next() {
                    store.apply(Event::apply(slice.clone()));
                }
            });
        });
    }
    group.finish();
}

/// Printed, not timed: bytes that a snapshot holds beside its store.
fn memory(_: &mut Criterion) {
    let proxy = Proxy::sidecar("default");
    for (name, narrowed) in [("everything", false), ("10 of 1000", true)] {
        let mut store = ConfigStore::default();
        store.apply_all(services(1_000, 10));
        if narrowed {
            store.apply_all(events_of(&Reader::default(), "sidecar.yaml", SIDECAR.as_bytes()));
        }
        let mut snapshot = None;
        let counted = allocation_counter::measure(|| {
            snapshot = Some(Snapshot::compile(&store, &proxy, None));
        });
        let clusters = snapshot.map_or(0, |(snapshot, _)| snapshot.clusters().count());
        eprintln!(
            "registry/snapshot_bytes: {name}: {} bytes held, {} at the most, {clusters} clusters",
            counted.bytes_current, counted.bytes_max
        );
    }
}

criterion_group!(benches, update, memory);
criterion_main!(benches);
