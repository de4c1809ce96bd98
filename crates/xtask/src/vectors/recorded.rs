//! What was recorded. It opens only in exchange for an answer of one's own.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::scenario::OneOrMany;

/// A recorded value that is read after the own answer exists.
#[derive(Clone, Debug)]
pub struct Sealed(Value);

impl Sealed {
    /// Seals a value.
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    /// Reads the recorded value, having answered.
    ///
    /// # Errors
    /// When it has not the form that the description of the vectors gives.
    pub fn open<T: DeserializeOwned, A>(&self, _own: &A) -> Result<T, serde_json::Error> {
        T::deserialize(&self.0)
    }

    /// The value, to be changed by tests of the comparison.
    pub fn tamper(&mut self) -> &mut Value {
        &mut self.0
    }
}

/// The recorded half of a scenario, in the order of its question.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Key {
    /// One a case, with the values that must agree exactly.
    pub cases: Vec<(Sealed, BTreeSet<String>)>,
    /// By proxy and cluster.
    pub clusters: IndexMap<String, IndexMap<String, Sealed>>,
    /// One an Istio object.
    pub verdicts: Vec<Sealed>,
    /// One an Istio object.
    pub schema: Vec<Sealed>,
    /// The list of findings.
    pub findings: Option<Sealed>,
}

/// What is recorded of a case.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// HTTP status.
    pub status: Option<u16>,
    /// The cluster that was chosen.
    pub destination: Option<String>,
    /// Name of the route.
    pub route: Option<String>,
    /// Response flags, comma-separated.
    pub flags: Option<String>,
    /// Response code details.
    pub details: Option<String>,
    /// What happened without an HTTP answer.
    pub connection: Option<String>,
    /// Connection termination details.
    pub termination: Option<String>,
    /// What the last endpoint saw.
    pub received: Option<Received>,
    /// Endpoints that were tried, where there was more than one attempt.
    pub attempts: Option<Vec<String>>,
    /// What external authorizers were asked.
    pub checks: Option<Vec<Received>>,
    /// Shadow requests.
    pub mirrored: Option<Vec<Received>>,
    /// Headers of the answer.
    pub response_headers: Option<IndexMap<String, OneOrMany>>,
    /// Body of an answer that no endpoint gave.
    pub body: Option<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: Option<u64>,
    /// How often each outcome occurred.
    pub outcomes: Option<Vec<Share>>,
    /// How often each endpoint occurred.
    pub endpoints: Option<IndexMap<String, u32>>,
}

/// What an endpoint saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// The method.
    pub method: Option<String>,
    /// The Host header or `:authority`.
    pub authority: Option<String>,
    /// Path and query.
    pub path: Option<String>,
    /// Headers, names in lower case.
    #[serde(default)]
    pub headers: IndexMap<String, OneOrMany>,
    /// The TLS of the connection.
    pub tls: Option<ReceivedTls>,
    /// `HTTP/2.0`, `HTTP/1.0`, `tcp`, `handshake failed`; HTTP/1.1 where it is absent.
    pub protocol: Option<String>,
    /// The address it was seen at.
    pub endpoint: Option<String>,
    /// The length of a body that an authorizer got.
    pub body: Option<u64>,
}

/// What an endpoint saw of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedTls {
    /// The server name.
    pub sni: Option<String>,
    /// The first protocol offered.
    pub alpn: Option<String>,
    /// The names in the client's certificate.
    pub client: Option<String>,
}

/// One outcome of a case that is sent many times, and its count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// HTTP status.
    pub status: Option<u16>,
    /// The cluster.
    pub destination: Option<String>,
    /// Response flags.
    pub flags: Option<String>,
    /// What happened without an HTTP answer.
    pub connection: Option<String>,
    /// How often.
    pub count: u32,
}

/// The webhook's verdict of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictRecord {
    /// The object's kind.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's namespace; `default` where it is absent.
    pub namespace: Option<String>,
    /// `accepted`, `warned`, `rejected` or `unparsable`.
    pub verdict: String,
    /// What istiod said.
    pub message: Option<String>,
}

impl VerdictRecord {
    /// Whether the object took no part.
    pub fn refuses(&self) -> bool {
        matches!(self.verdict.as_str(), "rejected" | "unparsable")
    }
}

/// The schema's verdict of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaRecord {
    /// The object's name.
    pub name: String,
    /// `accepted` or `rejected`.
    pub verdict: String,
    /// Paths that an API server would drop.
    #[serde(default)]
    pub unknown_fields: Vec<String>,
    /// What the API server said.
    pub message: Option<String>,
}

/// One finding of an analyzer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingRecord {
    /// `IST0101` and so on.
    pub code: String,
    /// `Error`, `Warning` or `Info`.
    pub level: String,
    /// `Kind namespace/name`.
    pub resource: String,
    /// What the analyzer said.
    #[serde(default)]
    pub message: String,
}
