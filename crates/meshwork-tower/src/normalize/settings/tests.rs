//! What settings become.

use std::time::Duration;

use super::*;
use crate::normalize::StreamLimits;

fn settings(own: Option<&str>, default: &str, direction: Direction) -> HttpSettings {
    let mesh = format!(r#"{{"defaultConfig":{default}}}"#);
    let mesh: MeshConfig = serde_json::from_str(&mesh).unwrap();
    let own: Option<ProxyConfig> = own.map(|own| serde_json::from_str(own).unwrap());
    HttpSettings::of(&mesh, own.as_ref(), direction)
}

const EDGE: &str = r#"{"connectionSettings":{"profile":"EDGE"}}"#;

#[test]
fn the_edge_profile_is_for_gateways() {
    let edge = settings(Some(EDGE), "{}", Direction::Gateway);
    assert_eq!(edge.path, PathNormalization::EDGE);
    assert_eq!(edge.underscores, HeadersWithUnderscores::Reject);
    for direction in [Direction::Inbound, Direction::Outbound] {
        let sidecar = settings(Some(EDGE), "{}", direction);
        assert_eq!(sidecar, HttpSettings::new(direction));
    }
}

#[test]
fn what_is_written_goes_before_the_profile_and_holds_for_sidecars_too() {
    let own = r#"{"connectionSettings":{"profile":"EDGE","httpMergeSlashes":false,
        "httpPathWithEscapedSlashesAction":"REJECT_REQUEST",
        "httpHeadersWithUnderscoresAction":"HEADERS_WITH_UNDERSCORES_DROP_HEADER"}}"#;
    for direction in [Direction::Gateway, Direction::Inbound, Direction::Outbound] {
        let found = settings(Some(own), "{}", direction);
        assert!(!found.path.merge_slashes);
        assert_eq!(found.path.escaped_slashes, EscapedSlashes::Reject);
        assert_eq!(found.underscores, HeadersWithUnderscores::Drop);
    }
}

#[test]
fn the_proxys_own_configuration_stands_in_the_meshs_place() {
    let hops = |count: u32| format!(r#"{{"gatewayTopology":{{"numTrustedProxies":{count}}}}}"#);
    let found = |own: Option<&str>, default: &str| settings(own, default, Direction::Gateway);
    assert_eq!(found(None, &hops(2)).trusted_hops, 2);
    assert_eq!(found(Some(&hops(1)), &hops(2)).trusted_hops, 1);
    assert_eq!(found(Some("{}"), &hops(2)).trusted_hops, 0);
    // But for one block.
    assert_eq!(found(Some(&hops(1)), EDGE).underscores, HeadersWithUnderscores::Reject);
}

fn of_headers(headers: &str, direction: Direction) -> HttpSettings {
    settings(Some(&format!(r#"{{"proxyHeaders":{{{headers}}}}}"#)), "{}", direction)
}

const ALL: [Direction; 3] = [Direction::Outbound, Direction::Inbound, Direction::Gateway];

#[test]
fn headers_are_switched_for_every_direction() {
    for direction in ALL {
        let default = HttpSettings::new(direction);
        let found = of_headers(r#""requestId":{"disabled":true}"#, direction);
        assert_eq!(found, HttpSettings { request_id: false, ..default.clone() });
        let found = of_headers(r#""server":{"disabled":true}"#, direction);
        assert_eq!(found, HttpSettings { server: None, ..default.clone() });
        let found = of_headers(r#""server":{"value":"mine"}"#, direction);
        let server = Some(HeaderValue::from_static("mine"));
        assert_eq!(found, HttpSettings { server, ..default.clone() });
        let found = of_headers(r#""xForwardedPort":{"enabled":true}"#, direction);
        assert_eq!(found, HttpSettings { forwarded_port: true, ..default.clone() });
        let found = of_headers(r#""preserveHttp1HeaderCase":true"#, direction);
        assert_eq!(found, HttpSettings { header_case: true, ..default.clone() });
        let found = of_headers(
            r#""attemptCount":{"disabled":true},"envoyDebugHeaders":{"disabled":true},
               "xForwardedHost":{"enabled":true}"#,
            direction,
        );
        let added = AddedHeaders { attempt_count: false, debug: false, forwarded_host: true };
        assert_eq!(found, HttpSettings { added, ..default.clone() });
        assert_eq!(of_headers("", direction), default);
    }
}

#[test]
fn gateways_have_a_setting_of_their_own_for_client_certificates() {
    let headers = r#""forwardedClientCert":"SANITIZE",
        "setCurrentClientCertDetails":{"subject":false,"cert":true,"chain":true,"dns":false}"#;
    let found = of_headers(headers, Direction::Inbound);
    assert_eq!(found.forward_client_cert, ForwardClientCert::Sanitize);
    let details =
        ClientCertDetails { cert: true, chain: true, subject: false, uri: true, dns: false };
    assert_eq!(found.client_cert, details);
    for direction in [Direction::Gateway, Direction::Outbound] {
        assert_eq!(of_headers(headers, direction), HttpSettings::new(direction));
    }
    let topology = r#"{"gatewayTopology":{"forwardClientCertDetails":"ALWAYS_FORWARD_ONLY"}}"#;
    for direction in ALL {
        let found = settings(Some(topology), "{}", direction).forward_client_cert;
        let own = HttpSettings::new(direction).forward_client_cert;
        let gateway = direction == Direction::Gateway;
        assert_eq!(found, if gateway { ForwardClientCert::AlwaysForwardOnly } else { own });
    }
}

#[test]
fn limits_are_read_for_every_direction() {
    let own = r#"{"connectionSettings":{"httpIdleTimeout":"10s","httpMaxConnectionDuration":"20s",
        "httpDrainTimeout":"3s","httpRequestTimeout":"4s","httpRequestHeadersTimeout":"2s",
        "httpStreamIdleTimeout":"6s","httpMaxStreamDuration":"7s","httpMaxConcurrentStreams":8,
        "http2InitialStreamWindowSize":70000,"http2InitialConnectionWindowSize":80000,
        "listenerPerConnectionBufferLimitBytes":9,"globalDownstreamConnectionLimit":11}}"#;
    let seconds = Duration::from_secs;
    for direction in ALL {
        let gateway = direction == Direction::Gateway;
        let found = settings(Some(own), "{}", direction).limits;
        let want = ConnectionLimits {
            idle_timeout: seconds(10),
            max_duration: Some(seconds(20)),
            drain_timeout: seconds(3),
            request_headers_timeout: Some(seconds(2)),
            max_concurrent_streams: Some(8),
            stream_window: Some(70_000),
            connection_window: Some(80_000),
            global_connections: Some(11),
            stream: StreamLimits {
                request_timeout: Some(seconds(4)),
                idle_timeout: Some(seconds(6)),
                // Istio's inbound routes say that there is none.
                max_duration: (direction != Direction::Inbound).then_some(seconds(7)),
                buffer_limit: gateway.then_some(9),
            },
        };
        assert_eq!(found, want);
    }
}

#[test]
fn zero_is_no_limit_and_the_edge_profile_fills_in() {
    let own = r#"{"connectionSettings":{"httpRequestTimeout":"0s","httpStreamIdleTimeout":"0s"}}"#;
    let found = settings(Some(own), "{}", Direction::Gateway).limits;
    assert_eq!(found, ConnectionLimits::default());
    let edge = settings(Some(EDGE), "{}", Direction::Gateway).limits;
    let minutes = |count: u64| Some(Duration::from_secs(60 * count));
    let want = ConnectionLimits {
        request_headers_timeout: minutes(1),
        max_concurrent_streams: Some(100),
        stream_window: Some(65_536),
        connection_window: Some(1_048_576),
        stream: StreamLimits {
            request_timeout: minutes(5),
            idle_timeout: minutes(5),
            max_duration: None,
            buffer_limit: Some(32_768),
        },
        ..ConnectionLimits::default()
    };
    assert_eq!(edge, want);
    assert_eq!(edge.head().map(|(limit, ..)| limit), minutes(1));
}
