//! Decisions by family and size; compiling, whole and after one change.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use meshwork_benches::{FAMILIES, Family, gateway, services, virtual_services};
use meshwork_config::{ConfigStore, Event, Snapshot};
use meshwork_core::{Attributes, SeededDraws};
use meshwork_registry::Proxy;

const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];
const ROTATING: usize = 1_024;

fn route(criterion: &mut Criterion) {
    let connection = Attributes::default();
    let draws = SeededDraws::new(0);
    for (family, name) in FAMILIES {
        for size in SIZES {
            let routes = family.routes(size);
            let last = family.request(size - 1);
            let found = last.decide(&routes, &connection, &draws).route.is_some();
            assert_eq!(found, family != Family::Miss, "{name}/{size}");
            let examined = last.examined(&routes, &connection, &draws);
            eprintln!("route/{name}/{size}: {examined} rules examined");
            criterion.bench_function(&format!("route/{name}/{size}"), |bencher| {
                bencher.iter(|| last.decide(&routes, &connection, &draws));
            });
            let rotating: Vec<_> = (0..ROTATING).map(|n| family.request(n * 7 % size)).collect();
            criterion.bench_function(&format!("route/rotating/{name}/{size}"), |bencher| {
                let mut next = rotating.iter().cycle();
                bencher.iter(|| {
                    next.next().map(|request| request.decide(&routes, &connection, &draws))
                });
            });
        }
    }
}

fn compile(criterion: &mut Criterion) {
    let proxy = Proxy::sidecar("default");
    let mut group = criterion.benchmark_group("route");
    group.sample_size(10);
    for size in SIZES {
        let mut store = ConfigStore::default();
        store.apply_all(services(size, 1));
        store.apply_all(virtual_services(size).into_iter().map(Event::apply));
        group.bench_function(BenchmarkId::new("compile", size), |bencher| {
            bencher.iter(|| Snapshot::compile(black_box(&store), &proxy, None));
        });
        // One VirtualService in the middle of the list has now two routes, now three.
        let whole = virtual_services(size).swap_remove(size / 2);
        let mut short = whole.clone();
        short.spec.http.pop();
        let (mut snapshot, _) = Snapshot::compile(&store, &proxy, None);
        group.bench_function(BenchmarkId::new("recompile_one", size), |bencher| {
            let mut next = [&short, &whole].into_iter().cycle();
            bencher.iter(|| {
                if let Some(changed) = next.next() {
                    store.apply(Event::apply(changed.clone()));
                }
                snapshot = Snapshot::compile(black_box(&store), &proxy, Some(&snapshot)).0;
            });
        });
    }
    group.finish();
}

/// The same for a gateway that all VirtualServices are bound to.
fn compile_gateway(criterion: &mut Criterion) {
    let proxy = Proxy::gateway("istio-system");
    let mut group = criterion.benchmark_group("route");
    group.sample_size(10);
    for size in SIZES {
        let rules: Vec<_> = virtual_services(size)
            .into_iter()
            .map(|mut rule| {
                rule.spec.gateways = vec!["istio-system/gw".into()];
                rule
            })
            .collect();
        let mut store = ConfigStore::default();
        store.apply_all(services(size, 1));
        store.apply(Event::apply(gateway()));
        store.apply_all(rules.iter().cloned().map(Event::apply));
        let Some(whole) = rules.get(size / 2) else { continue };
        let mut short = whole.clone();
        short.spec.http.pop();
        let (mut snapshot, _) = Snapshot::compile(&store, &proxy, None);
        group.bench_function(BenchmarkId::new("recompile_one_of_gateway", size), |bencher| {
            let mut next = [&short, whole].into_iter().cycle();
            bencher.iter(|| {
                if let Some(changed) = next.next() {
                    store.apply(Event::apply(changed.clone()));
                }
                snapshot = Snapshot::compile(black_box(&store), &proxy, Some(&snapshot)).0;
            });
        });
    }
    group.finish();
}

criterion_group!(benches, route, compile, compile_gateway);
criterion_main!(benches);
