//! Limits and retry budgets, by what Envoy 1.40 did.

use super::*;

const NOW: Duration = Duration::from_secs(100);

fn budget(percent: u32, min: u32, interval: Duration) -> Arc<Breaker> {
    Arc::new(Breaker::new(CircuitBreakers {
        max_retries: 100,
        retry_budget: Some(RetryBudget {
            percent: percent.into(),
            min_retry_concurrency: min,
            interval,
        }),
        ..CircuitBreakers::default()
    }))
}

fn retries(breaker: &Arc<Breaker>, now: Duration) -> usize {
    let permits: Vec<_> =
        std::iter::from_fn(|| breaker.try_acquire(Resource::Retry, now).ok()).take(1000).collect();
    permits.len()
}

#[test]
fn a_limit_holds_until_permits_are_dropped() {
    let limits = CircuitBreakers { max_requests: 2, ..CircuitBreakers::default() };
    let breaker = Arc::new(Breaker::new(limits));
    let first = breaker.try_acquire(Resource::Request, NOW).unwrap();
    let _second = breaker.try_acquire(Resource::Request, NOW).unwrap();
    let third = breaker.try_acquire(Resource::Request, NOW);
    assert_eq!(third.unwrap_err(), Overflow(Resource::Request));
    drop(first);
    assert!(breaker.try_acquire(Resource::Request, NOW).is_ok());
    assert_eq!(breaker.count(Resource::Request), 1);
}

#[test]
fn a_host_without_connection_may_have_one() {
    let limits = CircuitBreakers { max_connections: 1, ..CircuitBreakers::default() };
    let breaker = Arc::new(Breaker::new(limits));
    let _first = breaker.try_acquire(Resource::Connection, NOW).unwrap();
    let _other = breaker.acquire(Resource::Connection);
    assert_eq!(breaker.count(Resource::Connection), 2);
    assert!(breaker.try_acquire(Resource::Connection, NOW).is_err());
}

#[test]
fn a_budget_follows_what_is_under_way() {
    let breaker = budget(20, 3, Duration::ZERO);
    let load: Vec<_> = (0..25).map(|_| breaker.acquire(Resource::Request)).collect();
    assert_eq!(retries(&breaker, NOW), 5);
    drop(load);
    assert_eq!(retries(&breaker, NOW), 3);
    assert_eq!(retries(&budget(0, 3, Duration::ZERO), NOW), 3);
}

#[test]
fn a_budget_with_an_interval_follows_what_was_begun() {
    let breaker = budget(50, 1, Duration::from_secs(1));
    for _ in 0..20 {
        let _ = breaker.try_acquire(Resource::Request, NOW);
    }
    assert_eq!(retries(&breaker, NOW + Duration::from_millis(500)), 10);
    assert_eq!(retries(&breaker, NOW + Duration::from_millis(1500)), 1);
}
