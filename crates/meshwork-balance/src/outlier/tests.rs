//! Counting and ejecting, by what Envoy 1.40 did.

use std::time::Duration;

use super::{record::Trigger, *};

fn statuses(config: &OutlierDetection, statuses: &[u16]) -> Vec<[Option<Trigger>; 2]> {
    let record = HostRecord::default();
    statuses.iter().map(|status| record.count(config, Outcome::status(*status))).collect()
}

fn triggered(config: &OutlierDetection, list: &[u16]) -> Vec<bool> {
    statuses(config, list).iter().map(|triggers| triggers.iter().any(Option::is_some)).collect()
}

#[test]
fn a_success_begins_anew() {
    let config = OutlierDetection { consecutive_5xx: Some(3), ..OutlierDetection::default() };
    assert_eq!(
        triggered(&config, &[500, 500, 429, 500, 500, 500]),
        [false, false, false, false, false, true]
    );
}

#[test]
fn another_error_begins_the_gateway_count_anew() {
    let config = OutlierDetection {
        consecutive_5xx: None,
        consecutive_gateway_failure: Some(3),
        ..OutlierDetection::default()
    };
    assert_eq!(triggered(&config, &[503, 500, 502, 503, 504]), [false, false, false, false, true]);
}

#[test]
fn listed_statuses_alone_are_errors() {
    let config = OutlierDetection {
        consecutive_5xx: Some(3),
        http_error_codes: [429].into(),
        ..OutlierDetection::default()
    };
    assert_eq!(triggered(&config, &[429, 429, 500, 429]), [false; 4]);
    assert_eq!(triggered(&config, &[429, 429, 429]), [false, false, true]);
    let record = HostRecord::default();
    let outcomes = [Outcome::ConnectFailure; 3].map(|outcome| record.count(&config, outcome));
    assert_eq!(outcomes[2], [None, Some(Trigger::Errors)]);
    let record = HostRecord::default();
    let grpc = Outcome::Response { status: 200, grpc_status: Some(14) };
    let outcomes = [grpc; 3].map(|outcome| record.count(&config, outcome));
    assert_eq!(outcomes[2], [None, Some(Trigger::Errors)]);
}

#[test]
fn grpc_status_replaces_the_http_status() {
    let config = OutlierDetection { consecutive_5xx: Some(1), ..OutlierDetection::default() };
    for grpc in 0..17 {
        let outcome = Outcome::Response { status: 503, grpc_status: Some(grpc) };
        let found = HostRecord::default().count(&config, outcome)[1].is_some();
        assert_eq!(found, matches!(grpc, 2 | 4 | 12 | 13 | 14 | 15), "grpc-status {grpc}");
    }
}

#[test]
fn split_resets_never_add_up() {
    let config = OutlierDetection {
        split_external_local_origin_errors: true,
        consecutive_local_origin_failure: 2,
        consecutive_5xx: Some(1),
        ..OutlierDetection::default()
    };
    let record = HostRecord::default();
    for _ in 0..10 {
        assert_eq!(record.count(&config, Outcome::Reset), [None, None]);
        assert_eq!(record.count(&config, Outcome::Timeout), [None, None]);
    }
    let record = HostRecord::default();
    assert_eq!(record.count(&config, Outcome::ConnectFailure), [None, None]);
    assert_eq!(
        record.count(&config, Outcome::ConnectTimeout),
        [Some(Trigger::LocalFailures), None]
    );
    assert_eq!(record.count(&config, Outcome::status(500)), [None, Some(Trigger::Errors)]);
}

#[test]
fn how_many_may_be_out() {
    let check = |percent, hosts| {
        let config =
            OutlierDetection { max_ejection_percent: percent, ..OutlierDetection::default() };
        (0..).take_while(|ejected| may_eject(&config, *ejected, hosts)).count()
    };
    assert_eq!(check(10, 2), 0);
    assert_eq!(check(10, 9), 0);
    assert_eq!(check(10, 10), 1);
    assert_eq!(check(33, 3), 0);
    assert_eq!(check(34, 3), 1);
    assert_eq!(check(67, 3), 2);
    assert_eq!(check(99, 1), 0);
    assert_eq!(check(100, 1), 1);
    assert_eq!(check(10, 20), 2);
}

/// The times from ejection to return when the host fails again at once after each return.
fn times(config: &OutlierDetection, count: usize) -> Vec<u128> {
    let record = HostRecord::default();
    let mut now = Duration::ZERO;
    let mut found = Vec::new();
    for _ in 0..count {
        record.eject(config, now);
        let from = now;
        loop {
            now += config.interval;
            if record.tick(config, now) {
                break;
            }
        }
        found.push((now - from).as_millis());
    }
    found
}

#[test]
fn repeated_ejections_last_longer_and_only_to_a_limit() {
    let base = OutlierDetection {
        interval: Duration::from_millis(100),
        base_ejection_time: Duration::from_millis(300),
        ..OutlierDetection::default()
    };
    assert_eq!(times(&base, 6), [300, 600, 900, 1200, 1500, 1800]);
    let limited = OutlierDetection { max_ejection_time: Duration::from_secs(1), ..base.clone() };
    assert_eq!(times(&limited, 6), [300, 600, 900, 1000, 1000, 1000]);
    let slow = OutlierDetection { interval: Duration::from_secs(1), ..base };
    assert_eq!(times(&slow, 1), [1000]);
}

#[test]
fn quiet_intervals_shorten_the_next_ejection() {
    let config = OutlierDetection::default();
    let record = HostRecord::default();
    record.eject(&config, Duration::ZERO);
    assert!(!record.tick(&config, Duration::from_secs(20)));
    assert!(record.tick(&config, Duration::from_secs(30)));
    assert!(!record.is_quiet());
    assert!(!record.tick(&config, Duration::from_secs(40)));
    assert!(record.is_quiet());
}
