//! Fields that no recorded scenario sets, each with its effect and without.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use meshwork_core::SeededDraws;
use meshwork_routing::{AvoidPreviousHosts, Backoff, Route};
use support::{Request, SERVICES, World, answer, with_rules};

/// The only route of a VirtualService for `web`.
fn route(entry: &str) -> Arc<Route> {
    let spec =
        format!("{{hosts: [web], http: [{{{entry}, route: [{{destination: {{host: web}}}}]}}]}}");
    let routes = with_rules(&[("vs", &spec)]).sidecar("ns1", 80);
    Request::new("GET web/").decide(&routes).route.unwrap()
}

#[test]
fn whole_percentages_of_a_mirror() {
    let spec = |more: &str| {
        format!(
            "{{hosts: [web], http: [{{mirror: {{host: api}}{more}, route: [{{destination: {{host: web}}}}]}}]}}"
        )
    };
    for (more, least, most) in [
        ("", 1000, 1000),
        (", mirrorPercent: 0", 0, 0),
        (", mirrorPercent: 30", 200, 400),
        // The field of today goes before it.
        (", mirrorPercent: 0, mirrorPercentage: {value: 100}", 1000, 1000),
    ] {
        let routes = with_rules(&[("vs", &spec(more))]).sidecar("ns1", 80);
        let decision = Request::new("GET web/").decide(&routes);
        let sent = |seed| decision.mirrors(&SeededDraws::new(seed)).count();
        let sent: usize = (0..1000).map(sent).sum();
        assert!((least..=most).contains(&sent), "`{more}`: {sent}");
    }
}

#[test]
fn origins_as_they_were_written_before() {
    let allows = |cors: &str, origin: &str| {
        let policy = route(&format!("corsPolicy: {{{cors}}}")).cors.clone().unwrap();
        let mut answer = HeaderMap::new();
        let request = Request::new(&format!("GET web/ | origin: {origin}"));
        policy.decorate(&request.head(), &mut answer);
        !answer.is_empty()
    };
    assert!(allows("allowOrigin: ['https://a.com']", "https://a.com"));
    assert!(!allows("allowOrigin: ['https://a.com']", "https://b.com"));
    // The field of today takes its place.
    let both = "allowOrigin: ['https://a.com'], allowOrigins: [{exact: 'https://b.com'}]";
    assert!(!allows(both, "https://a.com") && allows(both, "https://b.com"));
}

#[test]
fn the_pause_before_a_retry() {
    let pause = |retries: &str| route(&format!("retries: {{attempts: 1{retries}}}")).retry.clone();
    let backoff = |retries: &str| pause(retries).unwrap().backoff;
    assert_eq!(backoff(""), Backoff::default());
    assert_eq!(backoff(", backoff: 0s"), Backoff::default());
    assert_eq!(backoff(", backoff: 70ms"), Backoff::from_base(Duration::from_millis(70)));
}

#[test]
fn retries_of_the_mesh() {
    let retry = |policy: &str| {
        let world = World::new(&format!(
            "defaultHttpRetryPolicy: {{attempts: 1{policy}}}\n---\n{SERVICES}"
        ));
        let routes = world.sidecar("ns1", 80);
        Request::new("GET web/").decide(&routes).route.unwrap().retry.clone().unwrap()
    };
    assert_eq!(retry("").avoid_previous_localities, None);
    assert_eq!(retry(", retryRemoteLocalities: true").avoid_previous_localities, Some(2));
    assert_eq!(retry("").avoid_previous_hosts, AvoidPreviousHosts::Always);
    let hosts = retry(", retryIgnorePreviousHosts: false").avoid_previous_hosts;
    assert_eq!(hosts, AvoidPreviousHosts::Never);
    assert_eq!(retry("").backoff, Backoff::default());
    let backoff = retry(", backoff: 70ms").backoff;
    assert_eq!(backoff, Backoff::from_base(Duration::from_millis(70)));
}

#[test]
fn a_proxy_for_unknown_hosts() {
    let to = |policy: &str| {
        let sidecar = format!(
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {{name: s}}\n\
             spec: {{outboundTrafficPolicy: {policy}}}\n---\n"
        );
        let world = World::new(&format!("{SERVICES}{sidecar}"));
        answer(&world.sidecar("ns1", 80), "GET unknown.com/")
    };
    let with = |proxy: &str| to(&format!("{{mode: ALLOW_ANY, egressProxy: {proxy}}}"));
    let whole = "{host: api.ns1.svc.cluster.local, subset: v1, port: {number: 80}}";
    assert_eq!(with(whole), "outbound|80|v1|api");
    let other = "{host: db.ns1.svc.cluster.local, subset: v2, port: {number: 81}}";
    assert_eq!(with(other), "outbound|81|v2|db");
    let plain = "{host: api.ns1.svc.cluster.local, port: {number: 80}}";
    assert_eq!(with(plain), "outbound|80||api");
    assert_eq!(to("{mode: ALLOW_ANY}"), "PassthroughCluster");
    assert_eq!(to("{mode: REGISTRY_ONLY}"), "502");
}
