//! The transport of a cluster.

use serde_json::{Map, Value, json};

use crate::{Certificate, CertificateAuthority, ClusterPolicy, Transport, UpstreamTls};

impl ClusterPolicy {
    pub(super) fn transport_fields(&self, set: &mut impl FnMut(&str, Value) -> Option<Value>) {
        let wrapped = self.proxy_protocol().is_some();
        let wrap = |mut fields: Map<String, Value>| {
            if wrapped {
                fields.insert("wrapped".to_owned(), json!("ProxyProtocolUpstreamTransport"));
            }
            Value::Object(fields)
        };
        match &self.transport {
            Transport::Plaintext | Transport::Refused(_) => {
                if wrapped {
                    set("tls", wrap(plaintext()));
                }
            }
            Transport::Tls(tls) => {
                set("tls", wrap(fields(tls)));
            }
            Transport::ByEndpoint(tls) => {
                let mut marked = fields(tls);
                marked.insert("match".to_owned(), json!({ "tlsMode": "istio" }));
                let mut others = plaintext();
                others.insert("match".to_owned(), json!({}));
                set("tls_matches", json!([wrap(marked), wrap(others)]));
            }
        }
    }
}

fn plaintext() -> Map<String, Value> {
    [("mode".to_owned(), json!("plaintext"))].into_iter().collect()
}

fn fields(tls: &UpstreamTls) -> Map<String, Value> {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| out.insert(key.to_owned(), value);
    set("mode", json!("tls"));
    set("min_version", json!("TLSv1_2"));
    set("max_version", json!("TLSv1_3"));
    if let Some(sni) = &tls.sni {
        set("sni", json!(sni));
    }
    if !tls.subject_alt_names.is_empty() {
        let names = tls.subject_alt_names.iter().map(|name| json!({ "exact": name }));
        set("subject_alt_names", names.collect());
    }
    match &tls.authority {
        None => {}
        Some(CertificateAuthority::Mesh) => {
            set("ca", json!("ROOTCA"));
        }
        Some(CertificateAuthority::System) => {
            set("ca", json!("file-root:system"));
        }
        Some(CertificateAuthority::File(file)) => {
            set("ca", json!(format!("file-root:{file}")));
        }
        Some(CertificateAuthority::Secret(secret)) => {
            set("ca", json!(secret));
        }
    }
    match &tls.certificate {
        None => {}
        Some(Certificate::Workload) => {
            set("certificate", json!(["default"]));
        }
        Some(Certificate::Files { chain, key }) => {
            set("certificate", json!([format!("file-cert:{chain}~{key}")]));
        }
        Some(Certificate::Secret(secret)) => {
            set("certificate", json!([secret]));
        }
    }
    if !tls.alpn.is_empty() {
        set("alpn", json!(tls.alpn));
    }
    out
}
