//! The vectors in the project: what agrees today agrees tomorrow, and the judge can be wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::OnceLock,
};

use serde_json::{Value, json};
use xtask::{
    conformance,
    vectors::{
        self, Filter,
        compare::{Outcome, Unit},
        engine::Meshwork,
        lists::{Divergences, KnownDifferences},
        read::{self, Scenario},
    },
};

fn folder() -> PathBuf {
    xtask::home().join("vectors")
}

fn divergences() -> Divergences {
    Divergences::read(&folder().join("intended-divergences.txt")).unwrap()
}

/// One run over everything, shared by the tests.
fn units() -> &'static [Unit] {
    static UNITS: OnceLock<Vec<Unit>> = OnceLock::new();
    UNITS.get_or_init(|| {
        vectors::run(&[folder()], &Meshwork::default(), &Filter::default()).unwrap()
    })
}

#[test]
fn every_scenario_reads() {
    let files = read::find(&[folder()]).unwrap();
    assert!(files.len() > 300, "{} files", files.len());
    for file in files {
        Scenario::read(&file).unwrap();
    }
}

#[test]
fn differences_are_known_and_only_shrink() {
    let known = KnownDifferences::read(&folder().join("known-differences.txt")).unwrap();
    let divergences = divergences();
    let differs =
        |unit: &&Unit| unit.outcome != Outcome::Agreed && divergences.reason(unit).is_none();
    let new: Vec<String> =
        units().iter().filter(differs).filter(|unit| !known.holds(unit)).map(Unit::place).collect();
    assert!(new.is_empty(), "{} units no longer agree:\n{}", new.len(), new.join("\n"));
    let stale = known.stale(units());
    let how = "`cargo xtask conformance` takes them out";
    assert!(
        stale.is_empty(),
        "{} known differences agree, {how}:\n{}",
        stale.len(),
        stale.join("\n")
    );
    let unknown = known.unknown(units());
    assert!(unknown.is_empty(), "no such units:\n{}", unknown.join("\n"));
    let stale = divergences.stale(units());
    assert!(stale.is_empty(), "listed as divergences, but they agree:\n{}", stale.join("\n"));
}

#[test]
fn the_conformance_page_is_current() {
    let page = fs::read_to_string(xtask::root().join("docs/CONFORMANCE.md")).unwrap();
    let now = conformance::page(units(), &divergences());
    assert_eq!(page, now, "`cargo xtask conformance` writes it");
}

/// In each family, one recorded value is changed where we agree: it has to differ then.
#[test]
fn a_changed_value_differs_in_every_family() {
    let mut agreed: BTreeMap<&str, &Unit> = BTreeMap::new();
    for unit in units().iter().filter(|unit| unit.outcome == Outcome::Agreed) {
        agreed.entry(&unit.family).or_insert(unit);
    }
    let families: BTreeSet<&str> = units().iter().map(|unit| unit.family.as_str()).collect();
    for family in families {
        let Some(unit) = agreed.get(family) else {
            // Nothing agrees that could be changed. The known differences hold all of it.
            continue;
        };
        let mut scenario = Scenario::read(&folder().join(family).join(&unit.file)).unwrap();
        let filter = Filter(Some(unit.place()));
        let find = |units: Vec<Unit>| units.into_iter().find(|one| one.name == unit.name).unwrap();
        assert_eq!(
            find(vectors::one(&scenario, &Meshwork::default(), &filter)).outcome,
            Outcome::Agreed
        );
        tamper(&mut scenario, &unit.name);
        let changed = find(vectors::one(&scenario, &Meshwork::default(), &filter));
        assert!(matches!(changed.outcome, Outcome::Differ(_)), "{}", changed.place());
    }
}

/// Without the layer that changes headers, and nothing else, cases about headers differ.
#[test]
fn a_broken_layer_shows() {
    let filter = Filter::default();
    let mut broken = 0;
    for file in ["headers-several-destinations.yaml", "headers-one-destination.yaml"] {
        let scenario = Scenario::read(&folder().join("http-action").join(file)).unwrap();
        let whole = vectors::one(&scenario, &Meshwork::default(), &filter);
        let without = vectors::one(&scenario, &Meshwork::without_headers(), &filter);
        for (whole, without) in whole.iter().zip(&without) {
            let shows = whole.outcome == Outcome::Agreed && without.outcome != Outcome::Agreed;
            broken += usize::from(shows);
        }
    }
    assert!(broken > 0, "a layer was left out and nothing differs");
}

/// Changes the recorded half of a unit.
fn tamper(scenario: &mut Scenario, unit: &str) {
    let names = scenario.question.cases.iter().map(|case| case.name.as_str());
    let at = names.enumerate().find(|(_, name)| *name == unit).map(|(at, _)| at);
    if let Some((sealed, _)) = at.and_then(|at| scenario.key.cases.get_mut(at)) {
        let expect = sealed.tamper();
        match expect.get("status").and_then(Value::as_u64) {
            Some(status) => expect["status"] = json!(status + 1),
            None if expect.get("outcomes").is_some() => {
                expect["outcomes"][0]["status"] = json!(599);
            }
            None => expect["connection"] = json!("no answer"),
        }
        return;
    }
    for sealed in scenario.key.verdicts.iter_mut().chain(&mut scenario.key.schema) {
        sealed.tamper()["verdict"] = json!("changed");
    }
    for sealed in scenario.key.clusters.values_mut().flat_map(|clusters| clusters.values_mut()) {
        let cluster = sealed.tamper();
        *cluster = if cluster.is_null() { json!({}) } else { Value::Null };
    }
}
