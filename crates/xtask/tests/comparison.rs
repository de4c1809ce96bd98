//! The comparison itself: an answer that repeats what was recorded agrees, and every change shows.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by it")]

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use xtask::vectors::{
    Engine, Filter,
    answer::{Answers, CaseAnswer, Observation, SchemaAnswer},
    compare::{self, Outcome},
    read::{self, Scenario},
    recorded::{Expect, SchemaRecord, VerdictRecord},
    scenario::Question,
};

/// The answers that were recorded.
fn parrot(scenario: &Scenario) -> Answers {
    let Scenario { question, key, .. } = scenario;
    let mut answers = Answers::unsupported(question, "");
    for (answer, (sealed, _)) in answers.cases.iter_mut().zip(&key.cases) {
        *answer = Ok(repeat(sealed.open(&()).unwrap()));
    }
    for (answer, sealed) in answers.verdicts.iter_mut().zip(&key.verdicts) {
        *answer = Ok(sealed.open::<VerdictRecord, _>(&()).unwrap().verdict);
    }
    for (answer, sealed) in answers.schema.iter_mut().zip(&key.schema) {
        let SchemaRecord { verdict, unknown_fields, .. } = sealed.open(&()).unwrap();
        *answer = Ok(SchemaAnswer { verdict, unknown_fields });
    }
    for (proxy, clusters) in &key.clusters {
        for (name, sealed) in clusters {
            let own = sealed.open::<Value, _>(&()).unwrap();
            answers.clusters[proxy][name] = Ok(Some(own).filter(|own| !own.is_null()));
        }
    }
    if let Some(sealed) = &key.findings {
        answers.findings = Some(Ok(sealed.open(&()).unwrap()));
    }
    answers
}

fn repeat(expect: Expect) -> CaseAnswer {
    let Some(outcomes) = &expect.outcomes else { return CaseAnswer::Once(Box::new(once(expect))) };
    let mut seen = Vec::new();
    for share in outcomes {
        let one = Expect {
            status: share.status,
            destination: share.destination.clone(),
            flags: share.flags.clone(),
            connection: share.connection.clone(),
            ..Expect::default()
        };
        seen.extend((0..share.count).map(|_| once(one.clone())));
    }
    let endpoints = expect.endpoints.iter().flatten();
    let endpoints = endpoints.flat_map(|(name, count)| (0..*count).map(move |_| name.clone()));
    for (one, endpoint) in seen.iter_mut().zip(endpoints) {
        one.received.get_or_insert_default().endpoint = Some(endpoint);
    }
    CaseAnswer::Many(seen)
}

fn once(expect: Expect) -> Observation {
    let mut seen = Observation::default();
    seen.status = expect.status;
    seen.destination = expect.destination;
    seen.route = expect.route;
    let flags = expect.flags.unwrap_or_default();
    seen.flags = flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
    seen.connection = expect.connection;
    seen.received = expect.received;
    seen.attempts = expect.attempts.unwrap_or_default();
    seen.checks = expect.checks.unwrap_or_default();
    seen.mirrored = expect.mirrored.unwrap_or_default();
    seen.response_headers = expect.response_headers.unwrap_or_default();
    seen.body = expect.body;
    seen.elapsed = Duration::from_millis(expect.elapsed_ms.unwrap_or_default());
    seen
}

fn scenarios() -> Vec<Scenario> {
    let files = read::find(&[xtask::home().join("vectors")]).unwrap();
    files.iter().map(|file| Scenario::read(file).unwrap()).collect()
}

#[test]
fn what_was_recorded_agrees_with_itself() {
    let mut total = 0;
    for scenario in scenarios() {
        for unit in compare::compare(&scenario, &parrot(&scenario)) {
            assert_eq!(unit.outcome, Outcome::Agreed, "{}", unit.place());
            total += 1;
        }
    }
    assert!(total > 10_000, "{total} units");
}

/// For each kind of value that is compared, how to change it.
#[test]
fn every_compared_field_shows_a_change() {
    let change = |expect: &mut Value, path: &str, value: Value| {
        let Some(slot) = expect.pointer_mut(path) else { return false };
        *slot = value;
        true
    };
    let changes: [(&str, Value); 14] = [
        ("/status", json!(666)),
        ("/destination", json!("outbound|1||elsewhere")),
        ("/flags", json!("LR")),
        ("/connection", json!("no answer")),
        ("/received/method", json!("BREW")),
        ("/received/authority", json!("elsewhere")),
        ("/received/path", json!("/elsewhere")),
        ("/received/protocol", json!("handshake succeeded")),
        ("/received/headers/x-forwarded-proto", json!("gopher")),
        ("/received/tls/sni", json!("elsewhere")),
        ("/received/tls/client", json!("spiffe://elsewhere")),
        ("/attempts", json!(["a", "b", "c", "d", "e", "f", "g", "h"])),
        ("/mirrored/0/authority", json!("elsewhere")),
        ("/elapsed_ms", json!(99_999)),
    ];
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut tried: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for scenario in scenarios() {
        let answers = parrot(&scenario);
        for (path, value) in &changes {
            // Two files of each family are enough to see a field that is not compared.
            let tried = tried.entry((scenario.family.clone(), path)).or_default();
            if *tried == 2 {
                continue;
            }
            let mut changed = scenario.clone();
            let mut at = None;
            for (number, (sealed, _)) in changed.key.cases.iter_mut().enumerate() {
                if change(sealed.tamper(), path, value.clone()) {
                    at = Some(number);
                    break;
                }
            }
            let Some(at) = at else { continue };
            *tried += 1;
            let units = compare::compare(&changed, &answers);
            assert!(
                matches!(units[at].outcome, Outcome::Differ(_)),
                "{}: {path} does not show",
                units[at].place()
            );
            *shown.entry(path).or_default() += 1;
        }
    }
    assert_eq!(shown.len(), changes.len(), "every field occurs: {shown:?}");
}

#[test]
fn a_panic_is_a_difference_of_every_unit() {
    struct Broken;
    impl Engine for Broken {
        fn answer(&self, _: &Question) -> Answers {
            panic!("broken on purpose")
        }
    }
    let scenario = scenarios().swap_remove(0);
    let units = xtask::vectors::one(&scenario, &Broken, &Filter::default());
    assert!(!units.is_empty());
    assert!(units.iter().all(|unit| matches!(unit.outcome, Outcome::Differ(_))));
}
