//! Random changes: made one upon the other, compiled anew, and told in another order.

use meshwork_config::{CompileReport, ConfigStore, Event, Snapshot};
use meshwork_registry::Proxy;

use super::{parts, same};

fn proxies() -> Vec<Proxy> {
    let mut own = Proxy::sidecar("default");
    own.addresses = vec!["10.9.0.1".parse().unwrap()];
    own.labels = [("app", "client")].into_iter().collect();
    let mut gateway = Proxy::gateway("istio-system");
    gateway.labels = [("istio", "ingress")].into_iter().collect();
    vec![own, Proxy::sidecar("ns2"), gateway]
}

/// A small generator of numbers, so that a failure comes again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn from_the_snapshot_before_as_anew() {
    let parts = parts::parts();
    let proxies = proxies();
    let mut store = ConfigStore::default();
    let mut numbers = Numbers(11);
    let mut before: Vec<Option<Snapshot>> = vec![None; proxies.len()];
    let mut patched = 0;
    // At first most parts come, so that what follows happens in a mesh that has something in it.
    for step in 0..200 {
        let changes = if numbers.below(5) == 0 { 1 + numbers.below(4) } else { 1 };
        for _ in 0..changes {
            let part = &parts[numbers.below(parts.len())];
            let gone = numbers.below(if step < 60 { 20 } else { 4 }) == 0;
            if gone {
                store.apply(part.gone());
            } else {
                store.apply_all(part.event(numbers.below(part.forms())));
            }
        }
        for (proxy, before) in proxies.iter().zip(&mut before) {
            let on = Snapshot::compile(&store, proxy, before.as_ref());
            let anew = Snapshot::compile(&store, proxy, None);
            same::check(&on, &anew);
            if let Some(before) = before {
                patched += usize::from(on.0.has_clusters_of(before));
            }
            *before = Some(on.0);
        }
    }
    assert!(patched > 100, "only {patched} snapshots had the clusters of the one before");
}

#[test]
fn in_any_order() {
    let parts = parts::parts();
    let mut numbers = Numbers(5);
    for _ in 0..20 {
        let mut events: Vec<Vec<Event>> = Vec::new();
        for part in &parts {
            if numbers.below(3) > 0 {
                events.push(part.event(numbers.below(part.forms())));
            }
        }
        let compile = |events: &[Vec<Event>]| -> Vec<(Snapshot, CompileReport)> {
            let mut store = ConfigStore::default();
            for events in events {
                store.apply_all(events.clone());
            }
            proxies().iter().map(|proxy| Snapshot::compile(&store, proxy, None)).collect()
        };
        let first = compile(&events);
        for last in (1..events.len()).rev() {
            events.swap(last, numbers.below(last + 1));
        }
        for (one, other) in first.iter().zip(&compile(&events)) {
            same::check(one, other);
        }
    }
}
