//! The configuration of Envoy: a server with mutual TLS, and a client that calls us.

use std::{net::SocketAddr, path::Path};

use serde_json::{Value, json};

/// The name that our server's certificate bears.
pub(super) const MESHWORK: &str = "spiffe://cluster.local/ns/interop/sa/meshwork";
/// The name that Envoy's certificate bears.
pub(super) const ENVOY: &str = "spiffe://cluster.local/ns/interop/sa/envoy";

/// Envoy beside a meshwork server at `peer`. `stranger` is a folder with a certificate of an
/// authority that meshwork does not trust.
pub(super) fn config(peer: SocketAddr, folder: &Path, stranger: &Path) -> Value {
    let own = Certificates { folder, account: "envoy" };
    let strange = Certificates { folder: stranger, account: "envoy" };
    let (one, two) = (&["istio-http/1.1", "istio", "http/1.1"], &["istio-h2", "istio", "h2"]);
    let clusters = [
        cluster("http1", peer, false, Some(own.client(MESHWORK, one))),
        cluster("http2", peer, true, Some(own.client(MESHWORK, two))),
        cluster("other-name", peer, false, Some(own.client(ENVOY, one))),
        cluster("stranger", peer, false, Some(strange.client_without_check(one))),
        cluster("plaintext", peer, false, None),
    ];
    let paths = ["http1", "http2", "other-name", "stranger", "plaintext"];
    let routes: Vec<Value> = paths
        .iter()
        .map(|name| {
            let path = format!("/{name}");
            json!({ "match": { "prefix": path }, "route": { "cluster": name } })
        })
        .collect();
    let answer = json!({
        "match": { "prefix": "/" },
        "direct_response": { "status": 200, "body": { "inline_string": "envoy" } },
    });
    json!({
        "admin": { "address": address(0) },
        "static_resources": {
            "clusters": clusters,
            "listeners": [
                listener("server", &[answer], Some(own.server())),
                listener("client", &routes, None),
            ],
        },
    })
}

fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

fn listener(name: &str, routes: &[Value], tls: Option<Value>) -> Value {
    let says = |header: &str, format: &str| json!({ "header": { "key": header, "value": format }, "keep_empty_value": true });
    let mut chain = json!({ "filters": [{
        "name": "http",
        "typed_config": {
            "@type": format!("{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager"),
            "stat_prefix": name,
            "http_filters": [{
                "name": "router",
                "typed_config": { "@type": format!("{EXTENSIONS}.filters.http.router.v3.Router") },
            }],
            "route_config": {
                "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }],
                "response_headers_to_add": [
                    says("x-seen-peer", "%DOWNSTREAM_PEER_URI_SAN%"),
                    says("x-seen-protocol", "%PROTOCOL%"),
                    says("x-seen-name", "%REQUESTED_SERVER_NAME%"),
                    says("x-seen-tls", "%DOWNSTREAM_TLS_VERSION%"),
                    says("x-seen-flags", "%RESPONSE_FLAGS%"),
                ],
            },
        },
    }] });
    if let (Some(tls), Some(chain)) = (tls, chain.as_object_mut()) {
        chain.insert("transport_socket".to_owned(), tls);
    }
    // It reads the server name.
    let inspector = json!({
        "name": "tls",
        "typed_config": {
            "@type": format!("{EXTENSIONS}.filters.listener.tls_inspector.v3.TlsInspector"),
        },
    });
    json!({
        "name": name,
        "address": address(0),
        "listener_filters": [inspector],
        "filter_chains": [chain],
    })
}

fn cluster(name: &str, peer: SocketAddr, http2: bool, tls: Option<Value>) -> Value {
    let protocol = if http2 { "http2_protocol_options" } else { "http_protocol_options" };
    let mut cluster = json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [
                { "endpoint": { "address": address(peer.port()) } },
            ] }],
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": format!("{EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions"),
                "explicit_http_config": { protocol: {} },
            },
        },
    });
    if let (Some(tls), Some(cluster)) = (tls, cluster.as_object_mut()) {
        cluster.insert("transport_socket".to_owned(), tls);
    }
    cluster
}

struct Certificates<'a> {
    folder: &'a Path,
    account: &'a str,
}

impl Certificates<'_> {
    /// As Istio's sidecars end TLS: a certificate of the trust domain is asked for.
    fn server(&self) -> Value {
        let names = json!([{
            "san_type": "URI", "matcher": { "prefix": "spiffe://cluster.local/" },
        }]);
        let mut common = self.common(&["h2", "http/1.1"]);
        self.check(&mut common, Some(names));
        json!({
            "name": "tls",
            "typed_config": {
                "@type": format!("{EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext"),
                "require_client_certificate": true,
                "common_tls_context": common,
            },
        })
    }

    /// As Istio's sidecars call: the server has to bear one name.
    fn client(&self, name: &str, alpn: &[&str]) -> Value {
        let names = json!([{ "san_type": "URI", "matcher": { "exact": name } }]);
        let mut common = self.common(alpn);
        self.check(&mut common, Some(names));
        Self::upstream(&common)
    }

    fn client_without_check(&self, alpn: &[&str]) -> Value {
        Self::upstream(&self.common(alpn))
    }

    fn upstream(common: &Value) -> Value {
        json!({
            "name": "tls",
            "typed_config": {
                "@type": format!("{EXTENSIONS}.transport_sockets.tls.v3.UpstreamTlsContext"),
                "sni": "outbound_.80_._.meshwork.interop.svc.cluster.local",
                "common_tls_context": common,
            },
        })
    }

    fn common(&self, alpn: &[&str]) -> Value {
        let file = |end: &str| json!({ "filename": self.file(end) });
        json!({
            "alpn_protocols": alpn,
            "tls_certificates": [{ "certificate_chain": file("pem"), "private_key": file("key") }],
        })
    }

    fn check(&self, common: &mut Value, names: Option<Value>) {
        let root = self.folder.join("root.pem");
        let mut context = json!({ "trusted_ca": { "filename": root } });
        if let (Some(names), Some(context)) = (names, context.as_object_mut()) {
            context.insert("match_typed_subject_alt_names".to_owned(), names);
        }
        if let Some(common) = common.as_object_mut() {
            common.insert("validation_context".to_owned(), context);
        }
    }

    fn file(&self, end: &str) -> String {
        self.folder.join(format!("{}.{end}", self.account)).display().to_string()
    }
}

const EXTENSIONS: &str = "type.googleapis.com/envoy.extensions";
