//! Compares answers with what was recorded, as the description of the vectors says.

mod case;
mod cluster;
mod headers;
mod shares;

use std::{collections::BTreeSet, fmt::Debug};

use super::{
    answer::{Answer, Answers, CaseAnswer, Unsupported},
    read::Scenario,
    recorded::{Expect, FindingRecord, SchemaRecord, VerdictRecord},
};

/// One difference in one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Which field.
    pub field: String,
    /// What was recorded.
    pub expected: String,
    /// What meshwork answers.
    pub got: String,
}

impl Mismatch {
    pub(crate) fn new(field: impl Into<String>, expected: &impl Debug, got: &impl Debug) -> Self {
        let plain = |text: String| text.trim_matches('"').to_owned();
        Self {
            field: field.into(),
            expected: plain(format!("{expected:?}")),
            got: plain(format!("{got:?}")),
        }
    }
}

/// How a unit came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As recorded.
    Agreed,
    /// Not as recorded.
    Differ(Vec<Mismatch>),
    /// The runner cannot express it yet.
    Unsupported(String),
}

/// One thing that is counted: a case, a verdict, a schema verdict, a cluster, a list of findings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unit {
    /// The family of its file.
    pub family: String,
    /// The name of its file.
    pub file: String,
    /// Its name, unique in the file.
    pub name: String,
    /// What is sent, where it is a case.
    pub asked: String,
    /// How it came out.
    pub outcome: Outcome,
}

impl Unit {
    /// `family/file: name`, as the lists of differences name it.
    pub fn place(&self) -> String {
        format!("{}/{}: {}", self.family, self.file, self.name)
    }
}

/// Compares all answers to a scenario.
pub fn compare(scenario: &Scenario, answers: &Answers) -> Vec<Unit> {
    let Scenario { question, key, .. } = scenario;
    let mut units = Units { scenario, names: BTreeSet::new(), units: Vec::new() };
    let named = named_routes(&question.resources);
    for (at, case) in question.cases.iter().enumerate() {
        let outcome = match (answers.cases.get(at), key.cases.get(at)) {
            (Some(Ok(answer)), Some((sealed, exact))) => {
                let timed = case.send.timed;
                judge(sealed.open::<Expect, _>(answer), |expect| match answer {
                    CaseAnswer::Once(seen) => case::compare(expect, seen, exact, timed, &named),
                    CaseAnswer::Many(seen) => shares::compare(expect, seen, exact),
                })
            }
            (answer, _) => unanswered(answer),
        };
        units.push(&case.name, case.send.to_string(), outcome);
    }
    for (at, sealed) in key.verdicts.iter().enumerate() {
        let answer = answers.verdicts.get(at);
        let record = sealed.open::<VerdictRecord, _>(&answer);
        let name = record.as_ref().map_or_else(|_| at.to_string(), object_name);
        let outcome = match answer {
            Some(Ok(verdict)) => judge(record, |record| equal("verdict", &record.verdict, verdict)),
            answer => unanswered(answer),
        };
        units.push(&format!("verdict {name}"), String::new(), outcome);
    }
    for (at, sealed) in key.schema.iter().enumerate() {
        let answer = answers.schema.get(at);
        let record = sealed.open::<SchemaRecord, _>(&answer);
        let name = record.as_ref().map_or_else(|_| at.to_string(), |record| record.name.clone());
        let outcome = match answer {
            Some(Ok(own)) => judge(record, |record| {
                let mut found = equal("verdict", &record.verdict, &own.verdict);
                let set = |paths: &[String]| paths.iter().cloned().collect::<BTreeSet<_>>();
                let (expected, got) = (set(&record.unknown_fields), set(&own.unknown_fields));
                found.extend(equal("unknown_fields", &expected, &got));
                found
            }),
            answer => unanswered(answer),
        };
        units.push(&format!("schema {name}"), String::new(), outcome);
    }
    for (proxy, clusters) in &key.clusters {
        for (name, sealed) in clusters {
            let outcome = match answers.clusters.get(proxy).and_then(|own| own.get(name)) {
                Some(Ok(own)) => {
                    judge(sealed.open(own), |recorded| cluster::compare(recorded, own.as_ref()))
                }
                answer => unanswered(answer),
            };
            units.push(&format!("cluster {proxy} {name}"), String::new(), outcome);
        }
    }
    if let Some(sealed) = &key.findings {
        let outcome = match &answers.findings {
            Some(Ok(own)) => judge(sealed.open::<Vec<FindingRecord>, _>(own), |recorded| {
                equal("findings", &multiset(recorded), &multiset(own))
            }),
            answer => unanswered(answer.as_ref()),
        };
        units.push("findings", String::new(), outcome);
    }
    units.units
}

/// Gathers the units of one scenario under unique names.
struct Units<'a> {
    scenario: &'a Scenario,
    names: BTreeSet<String>,
    units: Vec<Unit>,
}

impl Units<'_> {
    fn push(&mut self, name: &str, asked: String, outcome: Outcome) {
        let mut unique = name.to_owned();
        let mut copy = 2;
        while !self.names.insert(unique.clone()) {
            unique = format!("{name} #{copy}");
            copy += 1;
        }
        let Scenario { family, file, .. } = self.scenario;
        self.units.push(Unit {
            family: family.clone(),
            file: file.clone(),
            name: unique,
            asked,
            outcome,
        });
    }
}

fn judge<T>(
    recorded: Result<T, serde_json::Error>,
    compare: impl FnOnce(&T) -> Vec<Mismatch>,
) -> Outcome {
    let found = match recorded {
        Ok(recorded) => compare(&recorded),
        Err(error) => vec![Mismatch::new("expect", &error.to_string(), &"an answer")],
    };
    if found.is_empty() { Outcome::Agreed } else { Outcome::Differ(found) }
}

fn unanswered<T>(answer: Option<&Answer<T>>) -> Outcome {
    match answer {
        Some(Err(Unsupported(reason))) => Outcome::Unsupported(reason.clone()),
        _ => Outcome::Differ(vec![Mismatch::new("answer", &"an answer", &"none")]),
    }
}

pub(crate) fn equal<T: PartialEq + Debug>(field: &str, expected: &T, got: &T) -> Vec<Mismatch> {
    if expected == got { Vec::new() } else { vec![Mismatch::new(field, expected, got)] }
}

fn object_name(record: &VerdictRecord) -> String {
    let namespace = record.namespace.as_deref().unwrap_or("default");
    format!("{} {namespace}/{}", record.kind, record.name)
}

fn multiset(findings: &[FindingRecord]) -> Vec<String> {
    let one = |finding: &FindingRecord| {
        format!("{} {} {}", finding.code, finding.level, finding.resource)
    };
    let mut all: Vec<String> = findings.iter().map(one).collect();
    all.sort();
    all
}

/// The names that VirtualServices give to their HTTP routes and matches.
fn named_routes(resources: &[serde_json::Value]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let routes = resources
        .iter()
        .filter(|resource| resource.get("kind").is_some_and(|kind| kind == "VirtualService"))
        .filter_map(|resource| resource.get("spec")?.get("http")?.as_array())
        .flatten();
    let mut add = |value: &serde_json::Value| {
        if let Some(name) = value.get("name").and_then(serde_json::Value::as_str) {
            names.insert(name.to_owned());
        }
    };
    for route in routes {
        add(route);
        let matches = route.get("match").and_then(serde_json::Value::as_array);
        matches.into_iter().flatten().for_each(&mut add);
    }
    names
}
