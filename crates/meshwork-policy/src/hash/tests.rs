//! Hashes of requests, by what Envoy 1.40 computed.

use http::{HeaderMap, HeaderName, HeaderValue};
use meshwork_core::{Attributes, RequestHead};
use serde_json::json;
use xxhash_rust::xxh64::xxh64;

use super::*;
use crate::testing::{client, policies, rule, service};

struct Sent<'a> {
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    source: &'a str,
    destination: &'a str,
}

const SENT: Sent<'_> =
    Sent { path: "/", headers: &[], source: "127.0.0.1:31001", destination: "127.0.0.1:22000" };

fn hash(policies: &[HashPolicy], sent: &Sent<'_>) -> RequestHash {
    let mut headers = HeaderMap::new();
    for (name, value) in sent.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    let head = RequestHead::new("GET", "http", "s.example", sent.path, &headers);
    let mut attributes = Attributes::default();
    attributes.source = Some(sent.source.parse().unwrap());
    attributes.destination = Some(sent.destination.parse().unwrap());
    HashPolicy::request_hash(policies, &HashInput::sidecar(&head, &attributes))
}

fn key(policy: HashPolicy, sent: &Sent<'_>) -> Option<u64> {
    hash(&[policy], sent).key
}

fn text(text: &str) -> Option<u64> {
    Some(xxh64(text.as_bytes(), 0))
}

fn cookie(ttl: Option<Duration>) -> HashPolicy {
    let attribute =
        |name: &str, value: &str| CookieAttribute { name: name.into(), value: value.into() };
    HashPolicy::Cookie(HashCookie {
        name: "sid".into(),
        path: "/foo".into(),
        ttl,
        attributes: [attribute("SameSite", "Strict"), attribute("Secure", "")].into(),
    })
}

use std::time::Duration;

#[test]
fn headers() {
    let header = || HashPolicy::Header("x-user".into());
    let with = |headers: &[(&str, &str)]| key(header(), &Sent { headers, ..SENT });
    assert_eq!(with(&[("x-user", "user-1")]), Some(0xa173_746b_114c_6be8));
    assert_eq!(with(&[("x-user", "")]), Some(0xef46_db37_51d8_e999));
    assert_eq!(with(&[]), None);
    let two = with(&[("x-user", "b"), ("x-user", "a")]);
    assert_eq!(two, Some(xxh64(b"b", xxh64(b"a", 0))));
    assert_eq!(two, with(&[("x-user", "a"), ("x-user", "b")]));
    assert_eq!(with(&[("x-user", "a,b")]), text("a,b"));
}

#[test]
fn query_parameters_are_not_decoded() {
    let with = |path| key(HashPolicy::QueryParameter("q".into()), &Sent { path, ..SENT });
    assert_eq!(with("/?q=a%20b"), text("a%20b"));
    assert_eq!(with("/?x=0&q=1&q=2"), text("1"));
    assert_eq!(with("/?q"), text(""));
    assert_eq!(with("/?qq=1"), None);
    assert_eq!(with("/"), None);
}

#[test]
fn the_caller_is_the_last_that_was_forwarded_for() {
    let with =
        |headers: &[(&str, &str)]| key(HashPolicy::SourceIp(true), &Sent { headers, ..SENT });
    assert_eq!(with(&[]), Some(0xc08b_1587_df65_b7a7));
    assert_eq!(with(&[("x-forwarded-for", "1.1.1.1, 9.9.9.9")]), text("9.9.9.9"));
    assert_eq!(with(&[("x-forwarded-for", "nobody")]), text("127.0.0.1"));
    assert_eq!(key(HashPolicy::SourceIp(false), &SENT), None);
}

#[test]
fn sent_cookies() {
    let with = |value: &str| {
        hash(&[cookie(Some(Duration::ZERO))], &Sent { headers: &[("cookie", value)], ..SENT })
    };
    let same = RequestHash { key: text("v1"), set_cookies: Vec::new() };
    assert_eq!(with("sid=v1"), same);
    assert_eq!(with("a=b; sid=\"v1\"; sid=v2"), same);
    assert_ne!(with("sid="), same);
    assert_eq!(with("sid=").set_cookies.len(), 1, "an empty one counts as none");
}

#[test]
fn made_cookies() {
    let made = |ttl| hash(&[cookie(Some(ttl))], &SENT);
    let with_age = made(Duration::from_secs(60));
    assert_eq!(with_age.key, text("971a2f493431ff64"));
    assert_eq!(
        with_age.set_cookies,
        ["sid=\"971a2f493431ff64\"; Max-Age=60; Path=/foo; SameSite=Strict; Secure; HttpOnly"]
    );
    for short in [Duration::ZERO, Duration::from_millis(500)] {
        assert_eq!(
            made(short).set_cookies,
            ["sid=\"971a2f493431ff64\"; Path=/foo; SameSite=Strict; Secure; HttpOnly"]
        );
    }
    assert_eq!(hash(&[cookie(None)], &SENT), RequestHash::default());
}

#[test]
fn several_policies_are_combined() {
    let header = HashPolicy::Header("x-user".into());
    let sent = Sent { headers: &[("x-user", "user-1")], ..SENT };
    let one = xxh64(b"user-1", 0);
    let both = hash(&[header.clone(), header.clone()], &sent).key;
    assert_eq!(both, Some(one.rotate_left(1) ^ one));
    let silent = HashPolicy::QueryParameter("q".into());
    assert_eq!(hash(&[silent, header], &sent).key, Some(one));
}

#[test]
fn the_policy_of_a_destination() {
    let by = |header: &str| json!({ "consistentHash": { "httpHeaderName": header } });
    let spec = json!({
        "host": "s.example",
        "trafficPolicy": {
            "loadBalancer": by("X-Rule"),
            "portLevelSettings": [
                { "port": { "number": 80 }, "loadBalancer": { "simple": "ROUND_ROBIN" } },
                { "port": { "number": 81 }, "loadBalancer": by("x-port") },
            ],
        },
        "subsets": [
            { "name": "plain", "trafficPolicy": { "loadBalancer": { "simple": "RANDOM" } } },
            { "name": "own", "trafficPolicy": { "loadBalancer": by("x-subset") } },
        ],
    });
    let policies = policies(&[rule(1, "b/rule", spec)]);
    let check = |subset, port, expected: &str| {
        let found = policies.hash_policy(&client("a"), &service("b", "s.example"), subset, port);
        assert_eq!(found, Some(HashPolicy::Header(expected.into())), "{subset:?} {port:?}");
    };
    check(None, None, "x-rule");
    check(None, Some(80), "x-rule");
    check(None, Some(81), "x-port");
    check(Some("plain"), Some(81), "x-port");
    check(Some("own"), Some(81), "x-subset");
}
