//! What meshwork answers, in the same terms as what was recorded.

use std::{collections::BTreeSet, time::Duration};

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    recorded::{FindingRecord, Received},
    scenario::{OneOrMany, Question},
};

/// Why a unit cannot be expressed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported(pub String);

/// An answer, or why there can be none yet.
pub type Answer<T> = Result<T, Unsupported>;

/// The answers to one question, in its order.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Answers {
    /// One a case.
    pub cases: Vec<Answer<CaseAnswer>>,
    /// By proxy and name; `None` where the cluster does not exist.
    pub clusters: IndexMap<String, IndexMap<String, Answer<Option<Value>>>>,
    /// One an Istio object.
    pub verdicts: Vec<Answer<String>>,
    /// One an Istio object.
    pub schema: Vec<Answer<SchemaAnswer>>,
    /// The findings, where they are asked for.
    pub findings: Option<Answer<Vec<FindingRecord>>>,
}

impl Answers {
    /// The same reason for everything that a question asks.
    pub fn unsupported(question: &Question, reason: &str) -> Self {
        let no = || Unsupported(reason.to_owned());
        let mut clusters: IndexMap<String, IndexMap<_, _>> = IndexMap::new();
        for (proxy, names) in &question.clusters {
            let all = names.iter().map(|name| (name.clone(), Err(no())));
            clusters.insert(proxy.clone(), all.collect());
        }
        Self {
            cases: question.cases.iter().map(|_| Err(no())).collect(),
            clusters,
            verdicts: (0..question.verdicts).map(|_| Err(no())).collect(),
            schema: (0..question.schema).map(|_| Err(no())).collect(),
            findings: question.findings.then(|| Err(no())),
        }
    }
}

/// The answer to a case.
#[derive(Clone, Debug)]
pub enum CaseAnswer {
    /// It was sent once.
    Once(Box<Observation>),
    /// It was sent many times.
    Many(Vec<Observation>),
}

/// What was seen of one connection or request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Observation {
    /// HTTP status.
    pub status: Option<u16>,
    /// The cluster that was chosen.
    pub destination: Option<String>,
    /// Name of the route.
    pub route: Option<String>,
    /// Response flags.
    pub flags: BTreeSet<String>,
    /// Response code details.
    pub details: Option<String>,
    /// What happened without an HTTP answer.
    pub connection: Option<String>,
    /// What the last endpoint saw.
    pub received: Option<Received>,
    /// The endpoints that were tried, in order.
    pub attempts: Vec<String>,
    /// What external authorizers were asked.
    pub checks: Vec<Received>,
    /// Shadow requests.
    pub mirrored: Vec<Received>,
    /// Headers of the answer, names in lower case.
    pub response_headers: IndexMap<String, OneOrMany>,
    /// Body of the answer.
    pub body: Option<String>,
    /// How long it took, in virtual time.
    pub elapsed: Duration,
    /// The endpoints that the destination has; empty where they are not known.
    pub members: Vec<String>,
}

/// What the schema says of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaAnswer {
    /// `accepted` or `rejected`.
    pub verdict: String,
    /// Paths that an API server would drop.
    pub unknown_fields: Vec<String>,
}
