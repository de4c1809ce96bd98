//! The in-memory network and the clients, without a mesh between them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{self, Got},
    network::{Network, Tls},
};
use crate::vectors::scenario::{Backends, Send};

/// Sends straight to an endpoint.
fn direct(network: &Network, send: Value) -> Got {
    let send: Send = serde_json::from_value(send).unwrap();
    super::run(async {
        let mut io = network.connect("10.0.0.1:80", None, &"c".into()).unwrap();
        assert!(client::modelled_tls(&send, &mut io).await);
        client::send(&send, Box::new(io), Duration::from_secs(120)).await
    })
}

fn network(backends: Value) -> Network {
    Network::new(&serde_json::from_value::<Backends>(backends).unwrap(), Default::default())
}

fn status(got: &Got) -> u16 {
    match got {
        Got::Http { status, .. } => *status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_protocol_reaches_the_endpoint() {
    let network = network(json!({}));
    for version in ["1.1", "2", "1.0"] {
        network.begin(None);
        let request = json!({ "authority": "web", "path": "/a?b", "version": version });
        assert_eq!(status(&direct(&network, json!({ "request": request }))), 200, "{version}");
        let seen = network.seen().swap_remove(0).received;
        assert_eq!(seen.authority.as_deref(), Some("web"), "{version}");
        assert_eq!(seen.path.as_deref(), Some("/a?b"), "{version}");
    }
    network.begin(None);
    assert_eq!(direct(&network, json!({ "tcp": "hello" })), Got::Bytes);
    assert_eq!(network.seen().swap_remove(0).received.protocol.as_deref(), Some("tcp"));
}

#[test]
fn endpoints_follow_their_steps() {
    let steps = json!([{ "status": 503, "delay_ms": 60_000 }, { "reset": true }, { "grpc": "14" }]);
    let network = network(json!({ "*": steps }));
    let request = || json!({ "request": { "authority": "web" } });
    assert_eq!(status(&direct(&network, request())), 503);
    assert_eq!(direct(&network, request()), Got::Closed);
    for _ in 0..2 {
        let request = json!({ "request": { "authority": "web", "version": "2" } });
        let Got::Http { headers, .. } = direct(&network, request) else { panic!() };
        assert_eq!(headers["grpc-status"].0, ["14"]);
    }
}

#[test]
fn a_client_that_expects_another_name_fails_the_handshake() {
    let names = [("10.0.0.1".to_owned(), "spiffe://td/ns/a/sa/b".to_owned())];
    let network = Network::new(&Backends::default(), names.into_iter().collect());
    let tls = |expected: &str| Tls { expected: vec![expected.into()], ..Tls::default() };
    let connect = |tls: &Tls| network.connect("10.0.0.1:80", Some(tls), &"c".into());
    super::run(async {
        assert!(connect(&tls("spiffe://td/ns/a/sa/b")).is_ok());
        assert!(connect(&tls("spiffe://td/ns/a/sa/c")).is_err());
    });
    let seen = network.seen().swap_remove(0).received;
    assert_eq!(seen.protocol.as_deref(), Some("handshake failed"));
}

#[test]
fn an_endpoint_ends_tls_that_was_passed_on() {
    let network = network(json!({}));
    let send = json!({ "tls": { "sni": "web" }, "request": { "authority": "web" } });
    assert_eq!(status(&direct(&network, send)), 200);
    let seen = network.seen().swap_remove(0).received;
    assert_eq!(seen.tls.unwrap().sni.as_deref(), Some("web"));
    assert_eq!(seen.method.as_deref(), Some("GET"));
}
