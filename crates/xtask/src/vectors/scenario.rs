//! The form of a scenario: what is asked, kept apart from what was recorded.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// What a scenario asks. It holds nothing of the recorded answers, so whoever has it can only
/// compute.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Question {
    /// What the scenario pins down.
    pub about: String,
    /// MeshConfig fields that differ from Istio's defaults.
    pub mesh: Option<Value>,
    /// The objects in order of creation, as written.
    pub resources: Vec<Value>,
    /// For each resource, whether the webhook had refused it: it takes no part then.
    pub refused: Vec<bool>,
    /// The proxies by name.
    pub proxies: IndexMap<String, Proxy>,
    /// What endpoints do.
    pub backends: Backends,
    /// Ports on which every address answers, beside those of the endpoints.
    pub backend_ports: Vec<u16>,
    /// The names in the certificates of servers, by `ip` or `ip:port`.
    pub identities: IndexMap<String, String>,
    /// The cases, in order.
    pub cases: Vec<Case>,
    /// The clusters that are asked for, by proxy.
    pub clusters: IndexMap<String, Vec<String>>,
    /// How many verdicts of the webhook are asked for.
    pub verdicts: usize,
    /// How many verdicts of the schema are asked for.
    pub schema: usize,
    /// Whether the analyzers' findings are asked for.
    pub findings: bool,
}

/// One proxy of a scenario.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Proxy {
    /// `sidecar` or `gateway`.
    #[serde(rename = "type")]
    pub kind: ProxyType,
    /// The namespace of its workload.
    pub namespace: String,
    /// Labels of its workload.
    #[serde(default)]
    pub labels: IndexMap<String, String>,
    /// Its service account.
    pub service_account: Option<String>,
    /// Its address.
    pub ip: String,
    /// `region/zone/subzone`.
    pub locality: Option<String>,
    /// Its cluster's name.
    pub cluster: Option<String>,
    /// Its network.
    pub network: Option<String>,
    /// Node metadata.
    #[serde(default)]
    pub metadata: IndexMap<String, Value>,
}

/// The two kinds of proxies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyType {
    /// Beside an application.
    #[default]
    Sidecar,
    /// In front of the mesh.
    Gateway,
}

/// What endpoints do, by `ip:port` or `*`.
pub type Backends = IndexMap<String, Vec<Step>>;

/// What an endpoint does with one request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The status of its answer; 200 by default.
    pub status: Option<u16>,
    /// How long it takes, in milliseconds.
    pub delay_ms: Option<u64>,
    /// It ends the connection instead of answering.
    #[serde(default)]
    pub reset: bool,
    /// Headers of its answer.
    #[serde(default)]
    pub headers: IndexMap<String, OneOrMany>,
    /// It answers as a gRPC server does, with this status.
    pub grpc: Option<Text>,
}

/// One connection or request, and how it is compared.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// Its name in the file.
    pub name: String,
    /// Whose point of view.
    pub proxy: String,
    /// What is sent.
    pub send: Send,
    /// What endpoints do in this case.
    pub backends: Option<Backends>,
}

/// What is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The original destination of the proxy's own application.
    pub outbound: Option<Target>,
    /// The port of the proxy's workload that a peer connects to.
    pub inbound: Option<Inbound>,
    /// The port of the gateway that a client connects to.
    pub gateway: Option<GatewayPort>,
    /// The peer's address.
    pub source: Option<String>,
    /// The peer's port.
    pub source_port: Option<u16>,
    /// The client speaks TLS.
    pub tls: Option<ClientHello>,
    /// The request.
    pub request: Option<Request>,
    /// Bytes that are not HTTP.
    pub tcp: Option<String>,
    /// How often it is sent, each on a new connection.
    pub times: Option<u32>,
    /// Seconds that pass after the case.
    pub settle: Option<f64>,
    /// Whether the time that it takes is compared.
    #[serde(default)]
    pub timed: bool,
}

/// An address and a port.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The address.
    pub ip: String,
    /// The port.
    pub port: u16,
}

/// A port of the proxy's workload.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// The port.
    pub port: u16,
    /// The address, where it is not the proxy's own.
    pub ip: Option<String>,
}

/// A port of a gateway.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayPort {
    /// The port.
    pub port: u16,
}

/// What a client says in TLS.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientHello {
    /// The server name.
    pub sni: Option<String>,
    /// The protocols it offers.
    pub alpn: Option<Vec<String>>,
    /// The names in its certificate, comma-separated; none means no certificate.
    pub principal: Option<String>,
}

/// A request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET` by default.
    pub method: Option<String>,
    /// The Host header or `:authority`; absent means that there is none.
    pub authority: Option<String>,
    /// `/` by default.
    pub path: Option<String>,
    /// Headers in order.
    #[serde(default)]
    pub headers: IndexMap<String, OneOrMany>,
    /// The body.
    pub body: Option<String>,
    /// `1.1`, `1.0` or `2`.
    pub version: Option<Text>,
    /// HTTP/2's `:scheme`.
    pub scheme: Option<String>,
}

/// A text that YAML may have taken for a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(&Value::deserialize(deserializer)?)
            .map(Self)
            .ok_or_else(|| de::Error::custom("not a text"))
    }
}

/// One value, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values.iter().map(text).collect(),
            value => text(&value).map(|text| vec![text]),
        };
        values.map(Self).ok_or_else(|| de::Error::custom("neither a text nor a list of texts"))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

impl fmt::Display for Send {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.outbound, &self.inbound, &self.gateway) {
            (Some(to), _, _) => write!(f, "outbound {}:{}", to.ip, to.port)?,
            (_, Some(to), _) => write!(f, "inbound {}", to.port)?,
            (_, _, Some(to)) => write!(f, "gateway {}", to.port)?,
            _ => f.write_str("nowhere")?,
        }
        if let Some(tls) = &self.tls {
            write!(f, " TLS {}", tls.sni.as_deref().unwrap_or("-"))?;
        }
        match &self.request {
            Some(request) => write!(
                f,
                " {} {} {}",
                request.method.as_deref().unwrap_or("GET"),
                request.authority.as_deref().unwrap_or("-"),
                request.path.as_deref().unwrap_or("/")
            ),
            None => f.write_str(" TCP"),
        }
    }
}
