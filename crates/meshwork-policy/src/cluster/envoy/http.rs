//! The HTTP options of a cluster.

use serde_json::{Map, Value, json};

use super::number::duration;
use crate::{ClusterPolicy, Transport, UpstreamProtocol};

impl ClusterPolicy {
    /// `HttpProtocolOptions`; `None` where nothing differs from Envoy's defaults.
    pub(super) fn http_options(&self) -> Option<Value> {
        let mut out = Map::new();
        let mut set = |key: &str, value: Value| out.insert(key.to_owned(), value);
        if let Some(common) = self.common_options() {
            set("common_http_protocol_options", common);
        }
        let tls = match &self.transport {
            Transport::Tls(tls) | Transport::ByEndpoint(tls) => Some(tls),
            _ => None,
        };
        let automatic = [
            ("auto_sni", tls.is_some_and(|tls| tls.auto_sni)),
            ("auto_san_validation", tls.is_some_and(|tls| tls.auto_san_validation)),
        ];
        let automatic: Map<String, Value> = automatic
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(key, on)| (key.to_owned(), json!(on)))
            .collect();
        if !automatic.is_empty() {
            set("upstream_http_protocol_options", Value::Object(automatic));
        }
        if let Some(outlier) = &self.traffic_policy.outlier_detection
            && !outlier.http_error_codes.is_empty()
        {
            set("outlier_detection", error_matcher(&outlier.http_error_codes));
        }
        match self.protocol {
            UpstreamProtocol::Http1 if out.is_empty() && !self.preserve_header_case => return None,
            UpstreamProtocol::Http1 => out.insert(
                "explicit_http_config".to_owned(),
                json!({ "http_protocol_options": self.http1_options() }),
            ),
            UpstreamProtocol::Http2 => out.insert(
                "explicit_http_config".to_owned(),
                json!({ "http2_protocol_options": self.http2_options() }),
            ),
            UpstreamProtocol::Downstream => out.insert(
                "use_downstream_protocol_config".to_owned(),
                json!({
                    "http_protocol_options": self.http1_options(),
                    "http2_protocol_options": {},
                }),
            ),
        };
        out.insert(
            "@type".to_owned(),
            json!("type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
        );
        Some(Value::Object(out))
    }

    fn common_options(&self) -> Option<Value> {
        let pool = &self.traffic_policy.connection_pool;
        let mut common = Map::new();
        let durations = [
            ("idle_timeout", pool.idle_timeout),
            ("max_connection_duration", pool.max_connection_duration),
        ];
        for (key, value) in durations {
            if let Some(value) = value {
                common.insert(key.to_owned(), duration(value));
            }
        }
        if let Some(requests) = pool.max_requests_per_connection {
            common.insert("max_requests_per_connection".to_owned(), json!(requests));
        }
        // The two for HTTP/2 leave an empty block behind, even on other clusters.
        let touched = pool.max_concurrent_streams.is_some() || pool.http2_keepalive.is_some();
        (touched || !common.is_empty()).then_some(Value::Object(common))
    }

    fn http1_options(&self) -> Value {
        if !self.preserve_header_case {
            return json!({});
        }
        let config = json!({
            "@type": "type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
        });
        let formatter = json!({ "name": "preserve_case", "typed_config": config });
        json!({ "header_key_format": { "stateful_formatter": formatter } })
    }

    fn http2_options(&self) -> Value {
        let pool = &self.traffic_policy.connection_pool;
        let mut options = Map::new();
        if let Some(streams) = pool.max_concurrent_streams {
            options.insert("max_concurrent_streams".to_owned(), json!(streams));
        }
        if let Some(ping) = &pool.http2_keepalive {
            let fields = [("interval", ping.interval), ("timeout", ping.timeout)];
            let fields = fields
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), duration(value?))));
            options.insert("connection_keepalive".to_owned(), Value::Object(fields.collect()));
        }
        Value::Object(options)
    }
}

fn error_matcher(codes: &[u16]) -> Value {
    let rule = |code: &u16| {
        let header = json!({ "name": ":status", "string_match": { "exact": code.to_string() } });
        json!({ "http_response_headers_match": { "headers": [header] } })
    };
    let matcher = match codes {
        [code] => rule(code),
        codes => json!({ "or_match": { "rules": codes.iter().map(rule).collect::<Vec<_>>() } }),
    };
    json!({ "error_matcher": matcher })
}
