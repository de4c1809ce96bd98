//! What an operator reads before STRICT or a policy is enforced, and what probes may still do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::net::SocketAddr;

use axum::{Router, routing::get};
use common::{STRICT, WEB_ONLY, api, authority, call, client, id, plaintext};
use http::StatusCode;
use meshwork::{Mesh, MeshBuilder, Reader, events_of};
use tokio::net::TcpListener;

async fn serve(builder: MeshBuilder, listener: TcpListener) -> (Mesh, SocketAddr) {
    let address = listener.local_addr().unwrap();
    let mesh = builder.start().await.unwrap();
    let app = Router::new()
        .route("/", get(async || "hello").post(async || "posted"))
        .route("/healthz", get(async || "well").post(async || "posted"));
    tokio::spawn(mesh.serve(listener, app));
    (mesh, address)
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// The workload of the address that the tests call from.
const CALLER: &str = "
apiVersion: v1
kind: Pod
metadata: {name: old-1, namespace: legacy, labels: {app: old}}
spec: {serviceAccountName: old}
status: {phase: Running, podIP: 127.0.0.1, conditions: [{type: Ready, status: 'True'}]}
";

#[tokio::test]
async fn who_calls_in_plaintext_is_listed_and_a_change_is_tried_beforehand() {
    let authority = authority();
    let (mesh, address) = serve(api(&authority).yaml("pods", CALLER), listener().await).await;
    for _ in 0..2 {
        assert!(plaintext(address, "GET /").await.starts_with("HTTP/1.1 200"));
    }
    let web = client(&authority, "web", ("HTTP", address)).await;
    assert_eq!(call(&web, "/").await.0, StatusCode::OK);
    let report = mesh.plaintext_callers();
    let [caller] = &report.callers[..] else { panic!("{report:?}") };
    assert_eq!((caller.port, caller.connections, caller.refused), (address.port(), 2, 0));
    assert_eq!(caller.address, Some(address.ip()));
    assert_eq!(caller.workload.as_deref(), Some("legacy/old-1"));
    assert_eq!(caller.identity.as_deref(), Some("spiffe://cluster.local/ns/legacy/sa/old"));
    assert!(caller.first_seen <= caller.last_seen);

    let strict = || events_of(&Reader::default(), "strict", STRICT.as_bytes());
    let elsewhere = STRICT.replace("shop", "elsewhere");
    let elsewhere = events_of(&Reader::default(), "strict", elsewhere.as_bytes());
    assert_eq!(mesh.refused_by(elsewhere).callers, []);
    assert_eq!(mesh.refused_by(strict()).callers.len(), 1);
    assert!(plaintext(address, "GET /").await.starts_with("HTTP/1.1 200"), "nothing was changed");
    mesh.apply(strict());
    assert_eq!(mesh.refused_by(strict()).callers, [], "it is in force already");
    assert_eq!(plaintext(address, "GET /").await, "");
    let caller = mesh.plaintext_callers().callers[0].clone();
    assert_eq!((caller.connections, caller.refused), (4, 1));
}

#[tokio::test]
async fn observed_policies_say_who_would_have_been_refused() {
    let authority = authority();
    let builder = api(&authority).yaml("strict", STRICT).yaml("web-only", WEB_ONLY);
    let (mesh, address) = serve(builder.enforce(false), listener().await).await;
    let web = client(&authority, "web", ("HTTP", address)).await;
    assert_eq!(call(&web, "/").await.0, StatusCode::OK);
    assert_eq!(mesh.observed_refusals().refusals, []);
    let stranger = client(&authority, "stranger", ("HTTP", address)).await;
    for _ in 0..3 {
        assert_eq!(call(&stranger, "/").await.0, StatusCode::OK);
    }
    assert!(plaintext(address, "GET /").await.starts_with("HTTP/1.1 200"));
    let report = mesh.observed_refusals();
    let named = |part: &str| {
        let found: Vec<_> = report.refusals.iter().filter(|r| r.reason.contains(part)).collect();
        assert!(!found.is_empty(), "{part}: {report:?}");
        found
    };
    let stranger = id("stranger").to_string();
    let by_policy = named("ALLOW");
    let strangers = by_policy.iter().find(|r| r.identity.as_deref() == Some(&*stranger)).unwrap();
    assert_eq!(strangers.count, 3);
    let strict = named("PeerAuthentication shop/default");
    assert_eq!((strict[0].count, &strict[0].identity, &strict[0].request), (1, &None, &None));
}

#[tokio::test]
async fn a_request_that_is_observed_is_shown() {
    let authority = authority();
    let listener = listener().await;
    let address = listener.local_addr().unwrap();
    let declared = format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: api, namespace: shop}}
spec:
  clusterIP: 10.96.0.1
  ports: [{{name: http, port: 80, targetPort: {}}}]
  selector: {{app: api}}
",
        address.port()
    );
    let me = meshwork::Workload::new("shop", "api-1").label("app", "api").address(address.ip());
    let builder = Mesh::builder(me).yaml("service", &declared).yaml("web-only", WEB_ONLY);
    let builder = builder.identity(common::source(&authority, "api")).enforce(false);
    let (mesh, address) = serve(builder, listener).await;
    let stranger = client(&authority, "stranger", ("HTTP", address)).await;
    assert_eq!(call(&stranger, "/?a=b").await.0, StatusCode::OK);
    let report = mesh.observed_refusals();
    let [refusal] = &report.refusals[..] else { panic!("{report:?}") };
    assert_eq!(refusal.request.as_deref(), Some("GET /?a=b"));
    assert_eq!(refusal.identity.as_deref(), Some(id("stranger").as_str()));
}

#[tokio::test]
async fn a_probe_path_stays_plaintext_and_nothing_else() {
    let authority = authority();
    let builder = api(&authority).yaml("strict", STRICT).yaml("web-only", WEB_ONLY);
    let (mesh, address) = serve(builder.probe_path("/healthz"), listener().await).await;
    let well = plaintext(address, "GET /healthz?verbose").await;
    assert!(well.starts_with("HTTP/1.1 200") && well.ends_with("well"), "{well}");
    for line in ["GET /", "POST /healthz", "GET /healthz/", "GET //healthz", "GET /x/../healthz"] {
        let refused = plaintext(address, line).await;
        assert!(refused.starts_with("HTTP/1.1 403"), "{line}: {refused}");
    }
    assert_eq!(mesh.plaintext_callers().callers, [], "probes are no callers");
    let web = client(&authority, "web", ("HTTP", address)).await;
    assert_eq!(call(&web, "/").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_probe_port_stays_plaintext_and_the_others_do_not() {
    let authority = authority();
    let (probe, port) = (listener().await, listener().await);
    let probe_port = probe.local_addr().unwrap().port();
    let builder = api(&authority).yaml("strict", STRICT).yaml("web-only", WEB_ONLY);
    let (mesh, address) = serve(builder.probe_port(probe_port), port).await;
    let probed = probe.local_addr().unwrap();
    tokio::spawn(mesh.serve(probe, Router::new().route("/healthz", get(async || "well"))));
    assert!(plaintext(probed, "GET /healthz").await.ends_with("well"));
    assert_eq!(plaintext(address, "GET /healthz").await, "");
    assert_eq!(mesh.plaintext_callers().callers.len(), 1);
}
