//! The assembled mesh: readiness, refused configuration, policies, shutdown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, routing::get};
use http::StatusCode;
use http_body_util::BodyExt as _;
use meshwork::{Event, Mesh, Running, Sink, Source, SourceError, StartError, Workload};
use tokio::net::TcpListener;

fn me() -> Workload {
    Workload::new("default", "web-1").label("app", "web")
}

/// A service `web` whose only endpoint is `address`, on its port 80.
fn web(address: SocketAddr) -> String {
    format!(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: web}}
spec:
  hosts: [web.example]
  ports: [{{number: 80, name: http, protocol: HTTP, targetPort: {}}}]
  resolution: STATIC
  endpoints: [{{address: {}}}]
",
        address.port(),
        address.ip()
    )
}

const DENY_POST: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-post}
spec:
  action: DENY
  rules: [{to: [{operation: {methods: [POST]}}]}]
";

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn app() -> Router {
    Router::new().route("/", get(|| async { "hello" }).post(|| async { "posted" }))
}

async fn text(response: http::Response<meshwork::Body>) -> (StatusCode, String) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn status(mesh: &Mesh, method: &str) -> StatusCode {
    let request = http::Request::builder()
        .method(method)
        .uri("http://web.example/")
        .body(meshwork::Body::empty())
        .unwrap();
    let answer = async {
        let Ok(answer) = mesh.client().send(request).await;
        text(answer).await.0
    };
    tokio::time::timeout(Duration::from_secs(10), answer).await.expect("an answer in time")
}

#[tokio::test]
async fn calls_and_policies_end_to_end() {
    let (listener, address) = listener().await;
    let mesh = Mesh::builder(me()).yaml("web.yaml", &web(address)).start().await.unwrap();
    let serving = tokio::spawn(mesh.serve(listener, app()));
    let answer = mesh.client().get("http://web.example/").await.unwrap();
    assert_eq!(text(answer).await, (StatusCode::OK, "hello".into()));
    assert_eq!(status(&mesh, "POST").await, StatusCode::OK);

    // No Service declares the port; HTTP on it is seen and judged all the same.
    let reader = meshwork::Reader::default();
    mesh.apply(meshwork::events_of(&reader, "deny.yaml", DENY_POST.as_bytes()));
    assert_eq!(status(&mesh, "GET").await, StatusCode::OK);
    assert_eq!(status(&mesh, "POST").await, StatusCode::FORBIDDEN);

    let policy = meshwork::core::ResourceRef::new("AuthorizationPolicy", "default", "no-post");
    mesh.apply([Event::delete(policy)]);
    assert_eq!(status(&mesh, "POST").await, StatusCode::OK);
    mesh.shutdown();
    tokio::time::timeout(Duration::from_secs(5), serving).await.unwrap().unwrap().unwrap();
}

/// A Service that declares the port to speak `protocol`.
fn declared(protocol: &str, address: SocketAddr) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  clusterIP: 10.96.0.1
  ports: [{{name: {protocol}, port: 80, targetPort: {}}}]
  selector: {{app: web}}
",
        address.port()
    )
}

#[tokio::test]
async fn observed_policies_refuse_nothing() {
    for enforce in [true, false] {
        let (listener, address) = listener().await;
        let declared = declared("http", address);
        let me = me().address(address.ip());
        let mesh = Mesh::builder(me)
            .yaml("web.yaml", &web(address))
            .yaml("service.yaml", &declared)
            .yaml("deny.yaml", DENY_POST)
            .enforce(enforce)
            .start()
            .await
            .unwrap();
        tokio::spawn(mesh.serve(listener, app()));
        assert_eq!(status(&mesh, "GET").await, StatusCode::OK);
        let refused = if enforce { StatusCode::FORBIDDEN } else { StatusCode::OK };
        assert_eq!(status(&mesh, "POST").await, refused);
        mesh.shutdown();
    }
}

/// On a port that speaks TCP a condition on requests cannot be met: the rule denies more.
#[tokio::test]
async fn policies_judge_connections_where_no_http_is_declared() {
    let (listener, address) = listener().await;
    let mesh = Mesh::builder(me().address(address.ip()))
        .yaml("web.yaml", &web(address))
        .yaml("service.yaml", &declared("tcp", address))
        .start()
        .await
        .unwrap();
    tokio::spawn(mesh.serve(listener, app()));
    assert_eq!(status(&mesh, "GET").await, StatusCode::OK);
    let reader = meshwork::Reader::default();
    mesh.apply(meshwork::events_of(&reader, "deny.yaml", DENY_POST.as_bytes()));
    assert_eq!(status(&mesh, "GET").await, StatusCode::FORBIDDEN, "an open connection, too");
}

/// A source that tells nothing until it is told to.
#[derive(Clone, Default)]
struct Late(Arc<Mutex<Option<Sink>>>);

impl Source for Late {
    fn start(self: Box<Self>, sink: Sink) -> Result<Running, SourceError> {
        *self.0.lock().unwrap() = Some(sink);
        Ok(Running::nothing())
    }
}

#[tokio::test(start_paused = true)]
async fn traffic_before_the_first_snapshot_waits_and_then_gets_503() {
    let late = Late::default();
    let mesh = Mesh::builder(me())
        .source(late.clone())
        .ready_timeout(Duration::from_secs(2))
        .start()
        .await
        .unwrap();
    let begin = tokio::time::Instant::now();
    assert_eq!(status(&mesh, "GET").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(begin.elapsed().as_secs(), 2);

    let waiting = tokio::spawn({
        let mesh = mesh.clone();
        async move { status(&mesh, "GET").await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished(), "it waits for the first snapshot");
    let policy = "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec:
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
  egress: [{hosts: [\"./*\"]}]
";
    let mut events = vec![Event::Init];
    events.extend(meshwork::events_of(&meshwork::Reader::default(), "p.yaml", policy.as_bytes()));
    events.push(Event::InitDone);
    late.0.lock().unwrap().as_ref().unwrap().send(events);
    assert_eq!(waiting.await.unwrap(), StatusCode::BAD_GATEWAY, "REGISTRY_ONLY decides then");
}

#[tokio::test]
async fn refused_configuration_fails_the_start_with_its_place() {
    let broken = web("127.0.0.1:1".parse().unwrap()).replace("resolution", "resolutoin");
    let start =
        |tolerate| Mesh::builder(me()).yaml("web.yaml", &broken).tolerate_invalid(tolerate).start();
    let Err(StartError::Invalid { rendered, report }) = start(false).await else {
        panic!("it starts");
    };
    for part in ["web.yaml:8", "resolutoin", "did you mean `resolution`"] {
        assert!(rendered.contains(part), "{part} in {rendered}");
    }
    assert!(report.has_alarms());
    let mesh = start(true).await.unwrap();
    assert!(!mesh.health().is_good());
    let missing = Mesh::builder(me()).folder("/does/not/exist").start().await;
    assert!(matches!(missing, Err(StartError::Source(_))));
    let empty = tempfile::tempdir().unwrap();
    assert!(Mesh::builder(me()).folder(empty.path()).start().await.is_ok());
}

#[tokio::test]
async fn a_watched_folder_is_followed() {
    let (listener, address) = listener().await;
    let folder = tempfile::tempdir().unwrap();
    let mesh = Mesh::builder(me()).watch_folder(folder.path()).start().await.unwrap();
    tokio::spawn(mesh.serve(listener, app()));
    let before = mesh.health().version;
    std::fs::write(folder.path().join("web.yaml"), web(address)).unwrap();
    let appeared = async {
        while mesh.health().version == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), appeared).await.unwrap();
    assert_eq!(status(&mesh, "GET").await, StatusCode::OK);
}

#[tokio::test]
async fn the_explanation_names_the_rule() {
    let mesh = Mesh::builder(me())
        .yaml("web.yaml", &web("127.0.0.1:1".parse().unwrap()))
        .start()
        .await
        .unwrap();
    let request = http::Request::get("http://web.example/").body(()).unwrap();
    assert!(mesh.explain(&request).to_string().contains("ServiceEntry default/web"));
}

#[tokio::test]
async fn a_listing_lets_go_what_the_same_source_told_and_nothing_else() {
    let entry = |host: &str| web("127.0.0.1:1".parse().unwrap()).replace("web", host);
    let listing = |text: &str| {
        let reader = meshwork::Reader::default();
        let mut events = vec![Event::Init];
        events.extend(meshwork::events_of(&reader, "listing.yaml", text.as_bytes()));
        events.push(Event::InitDone);
        events
    };
    let late = Late::default();
    let mesh = Mesh::builder(me())
        .yaml("code.yaml", &entry("code"))
        .source(listing(&entry("first")))
        .source(late.clone())
        .start()
        .await
        .unwrap();
    let resources = || mesh.health().resources;
    let both = resources();
    assert_eq!(both % 2, 0, "of code and of the first source");
    let sink = late.0.lock().unwrap().clone().unwrap();
    sink.send(listing(&entry("late")));
    let mut health = mesh.health().version;
    while mesh.health().version == health {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(resources(), both / 2 * 3, "beside those of the others");
    health = mesh.health().version;
    sink.send(vec![Event::Init, Event::InitDone]);
    while mesh.health().version == health {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(resources(), both, "the late source's own are gone");
}
