//! What routes do to requests, over connections in memory and with virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{Backend, Notes, app, get, handler, live, post, routes, text};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use meshwork_tower::{Body, ClusterHandle, OutboundService, ResponseFlags, Seeds, outbound};
use tokio::time::Instant;
use tower::ServiceExt as _;

const ENDPOINT: &str = "10.0.0.1:8080";

fn client(backend: &Backend, http: &str) -> OutboundService {
    let config = app("http", &[ENDPOINT.parse().unwrap()]) + &routes(http);
    outbound(live(&config)).seeds(Seeds::from_seed(1)).connector(backend.connector()).build()
}

async fn send(client: &OutboundService, request: Request<Body>) -> Response<Body> {
    client.clone().oneshot(request).await.unwrap()
}

fn flags(response: &Response<Body>) -> String {
    response.extensions().get::<ResponseFlags>().unwrap().to_string()
}

fn status(statuses: &'static [u16]) -> Backend {
    Backend::new(handler(move |number, request| async move {
        let status = statuses.get(number).or(statuses.last()).copied().unwrap_or(200);
        let attempt = request.headers().get("x-envoy-attempt-count").cloned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status.try_into().unwrap();
        if let Some(attempt) = attempt {
            response.headers_mut().insert("x-attempt", attempt);
        }
        response
    }))
}

const RETRY: &str = "  - retries: {attempts: 2, retryOn: '5xx', backoff: 10ms}
    route: [{destination: {host: app.example}}]
";

#[tokio::test(start_paused = true)]
async fn a_retry_sends_the_body_again() {
    let backend = status(&[503, 500, 200]);
    let response = send(&client(&backend, RETRY), post("/", "body")).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (200, "-"));
    assert_eq!(response.headers()["x-attempt"], "3");
    assert_eq!(text(response).await, "body");
}

#[tokio::test(start_paused = true)]
async fn retries_end_with_the_last_answer() {
    let backend = status(&[503]);
    let response = send(&client(&backend, RETRY), get("/")).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (503, "URX"));
    assert_eq!(backend.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_long_body_is_sent_once() {
    let backend = status(&[503]);
    let body = Bytes::from(vec![b'x'; (1 << 20) + 1]);
    let request = Request::post("http://app.example/").body(Body::from(body)).unwrap();
    let response = send(&client(&backend, RETRY), request).await;
    assert_eq!((backend.count(), flags(&response).as_str()), (1, "-"));
}

fn slow(millis: u64) -> Backend {
    Backend::new(handler(move |_, _| async move {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Response::new(Body::from("late"))
    }))
}

#[tokio::test(start_paused = true)]
async fn a_timeout_strikes_in_time() {
    let client = client(
        &slow(1200),
        "  - timeout: 0.3s
    route: [{destination: {host: app.example}}]
",
    );
    let began = Instant::now();
    let response = send(&client, get("/")).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (504, "UT"));
    assert_eq!(began.elapsed().as_millis(), 300);
    assert_eq!(text(response).await, "upstream request timeout");
    let grpc = Request::post("http://app.example/").header("content-type", "application/grpc");
    let response = send(&client, grpc.body(Body::empty()).unwrap()).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (200, "UT"));
    assert_eq!(response.headers()["grpc-status"], "14");
}

#[tokio::test(start_paused = true)]
async fn a_try_has_its_own_timeout() {
    let client = client(
        &slow(1500),
        "  - retries: {attempts: 2, perTryTimeout: 0.2s, retryOn: reset, backoff: 1ms}
    route: [{destination: {host: app.example}}]
",
    );
    let began = Instant::now();
    let response = send(&client, get("/")).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (504, "UT,URX"));
    assert!((600..620).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn grpc_is_told_the_time_of_a_try_and_stays_grpc() {
    let backend = Backend::new(handler(|_, request| async move {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert("x-seen", request.headers()["grpc-timeout"].clone());
        response
    }));
    let grpc = || {
        let request = Request::post("http://app.example/");
        request.header("content-type", "application/grpc").body(Body::empty()).unwrap()
    };
    for (http, told) in [
        ("timeout: 0.2s", "200m"),
        ("timeout: 0.2s\n    retries: {attempts: 1, perTryTimeout: 0.15s}", "150m"),
        ("retries: {attempts: 1, perTryTimeout: 0.15s}", "150m"),
    ] {
        let route = "route: [{destination: {host: app.example}}]";
        let client = client(&backend, &format!("  - {http}\n    {route}\n"));
        assert_eq!(send(&client, grpc()).await.headers()["x-seen"], told, "{http}");
    }

    // Whether an answer is gRPC was settled before the operations on headers.
    let client = client(
        &slow(1200),
        "  - timeout: 0.3s
    headers: {request: {remove: [content-type]}}
    route: [{destination: {host: app.example}}]
",
    );
    assert_eq!(send(&client, grpc()).await.headers()["grpc-status"], "14");
}

#[tokio::test(start_paused = true)]
async fn faults_come_before_everything() {
    let backend = status(&[200]);
    let client = client(
        &backend,
        "  - fault:
      delay: {percentage: {value: 100}, fixedDelay: 2s}
      abort: {percentage: {value: 100}, httpStatus: 418}
    headers: {response: {set: {x-code: '%RESPONSE_CODE%'}}}
    route: [{destination: {host: app.example}}]
",
    );
    let began = Instant::now();
    let response = send(&client, get("/")).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (418, "DI,FI"));
    assert_eq!((began.elapsed().as_secs(), backend.count()), (2, 0));
    assert_eq!(response.headers()["x-code"], "0");
    assert_eq!(text(response).await, "fault filter abort");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_gets_a_copy_and_is_not_waited_for() {
    let notes = Notes::default();
    let seen = notes.clone();
    let backend = Backend::new(handler(move |_, request| {
        let seen = seen.clone();
        async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            seen.add(format!("{path} {}", String::from_utf8_lossy(&body)));
            Response::new(Body::from("ok"))
        }
    }));
    let client = client(
        &backend,
        "  - mirrors: [{destination: {host: app.example}}, {destination: {host: nowhere.example}}]
    rewrite: {uri: /new}
    route: [{destination: {host: app.example}}]
",
    );
    let response = send(&client, post("/", "hi")).await;
    assert_eq!(text(response).await, "ok");
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(notes.all(), ["/new hi", "/new hi"]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_has_no_original_destination() {
    let backend = status(&[200]);
    let config = app("http", &[ENDPOINT.parse().unwrap()])
        + "---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: any}
spec:
  hosts: [any.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: NONE
" + &routes(
        "  - mirrors: [{destination: {host: any.example}}]
    route: [{destination: {host: app.example}}]
",
    );
    let client =
        outbound(live(&config)).seeds(Seeds::from_seed(1)).connector(backend.connector()).build();
    assert_eq!(send(&client, get("/")).await.status(), 200);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(backend.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_routes_answer_themselves() {
    let backend = status(&[200]);
    let client = client(
        &backend,
        "  - match: [{uri: {prefix: /old}}]
    redirect: {uri: /new}
  - match: [{uri: {prefix: /teapot}}]
    directResponse: {status: 418, body: {string: short}}
  - match: [{uri: {prefix: /made}}]
    directResponse: {status: 201}
  - match: [{uri: {prefix: /there}}]
    headers: {response: {remove: [location]}}
    directResponse: {status: 307}
  - match: [{uri: {prefix: /gone}}]
    route: [{destination: {host: app.example, subset: none}}]
  - match: [{uri: {prefix: /app}}]
    route: [{destination: {host: app.example}}]
",
    );
    let check = async |path: &str, expected: (u16, &str)| {
        let response = send(&client, get(path)).await;
        assert_eq!((response.status().as_u16(), flags(&response).as_str()), expected, "{path}");
        response
    };
    let redirected = check("/old?q", (301, "-")).await;
    assert_eq!(redirected.headers()["location"], "http://app.example/new?q");
    // Envoy names the request itself where a status asks for a location.
    let made = check("/made?q", (201, "-")).await;
    assert_eq!(made.headers()["location"], "http://app.example/made?q");
    assert!(!check("/there", (307, "-")).await.headers().contains_key("location"));
    let teapot = check("/teapot", (418, "-")).await;
    assert!(!teapot.headers().contains_key("location"));
    assert_eq!(text(teapot).await, "short");
    check("/gone", (503, "NC")).await;
    check("/unknown", (404, "NR")).await;
    check("/app", (200, "-")).await;
    assert_eq!(backend.count(), 1);
    // A protocol that is not known is refused where there is a route.
    for (path, expected) in [("/app", (403, "-")), ("/unknown", (404, "NR"))] {
        let request = Request::get(format!("http://app.example{path}"))
            .header("connection", "upgrade")
            .header("upgrade", "other");
        let response = send(&client, request.body(Body::empty()).unwrap()).await;
        assert_eq!((response.status().as_u16(), flags(&response).as_str()), expected, "{path}");
    }
    // A protocol that is nothing fits no route.
    let request = Request::get("http://app.example/app").header("x-forwarded-proto", "");
    let response = send(&client, request.body(Body::empty()).unwrap()).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (404, "NR"));
}

#[tokio::test(start_paused = true)]
async fn own_answers_have_no_code_yet() {
    let code = "headers: {response: {set: {x-code: '%RESPONSE_CODE% %RESP(:status)% \
                %UPSTREAM_REQUEST_ATTEMPT_COUNT% %UPSTREAM_CLUSTER%'}}}";
    let client = client(
        &status(&[200]),
        &format!(
            "  - match: [{{uri: {{prefix: /teapot}}}}]
    {code}
    directResponse: {{status: 418}}
  - match: [{{uri: {{prefix: /gone}}}}]
    {code}
    route: [{{destination: {{host: nowhere.example}}}}]
  - {code}
    route: [{{destination: {{host: app.example}}}}]
"
        ),
    );
    for (path, expected) in [
        ("/teapot", "0 418 0 "),
        ("/gone", "0 503 0 "),
        ("/app", "200 200 1 outbound|80||app.example"),
    ] {
        let response = send(&client, get(path)).await;
        assert_eq!(
            response.headers()["x-code"].to_str().unwrap().trim(),
            expected.trim(),
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_answers_at_once() {
    let backend = slow(500);
    let config = app("http", &[ENDPOINT.parse().unwrap()])
        + "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: app}
spec:
  host: app.example
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}
";
    let client = outbound(live(&config)).connector(backend.connector()).build();
    let began = Instant::now();
    let calls = (0..5).map(|_| async {
        let response = send(&client, get("/")).await;
        (response.status().as_u16(), flags(&response), began.elapsed().as_millis())
    });
    let mut answers = futures_util::future::join_all(calls).await;
    answers.sort();
    let refused = (503, "UO".to_owned(), 0);
    let ok = |at| (200, "-".to_owned(), at);
    assert_eq!(answers[0], ok(500));
    assert_eq!(&answers[1..], vec![refused; 4]);
    assert_eq!(backend.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn connections_that_cannot_be_made_are_told() {
    let refuse = tower::service_fn(|_: meshwork_tower::Dial| {
        std::future::ready(Err::<tokio::io::DuplexStream, _>(std::io::Error::other("refused")))
    });
    let config = app("http", &[ENDPOINT.parse().unwrap()]);
    let client = outbound(live(&config)).connector(refuse).build();
    let response = send(&client, get("/")).await;
    assert_eq!((response.status().as_u16(), flags(&response).as_str()), (503, "UF,URX"));
    let body = text(response).await;
    assert!(body.ends_with("retried and the latest reset reason: remote connection failure"));
    let endpoints: Vec<_> =
        client.clusters().running().iter().map(ClusterHandle::name).cloned().collect();
    assert_eq!(endpoints, ["outbound|80||app.example".into()]);
}

#[tokio::test(start_paused = true)]
async fn every_request_has_its_line() {
    let backend = status(&[200]);
    let lines = Notes::default();
    let taken = lines.clone();
    let config = app("http", &[ENDPOINT.parse().unwrap()]);
    let client = outbound(live(&config))
        .connector(backend.connector())
        .on_access(move |entry| taken.add(entry.to_string()))
        .build();
    let mut request = post("/a/../b", "hello");
    request.headers_mut().insert("x-request-id", "id".parse().unwrap());
    let response = send(&client, request).await;
    assert!(lines.all().is_empty());
    assert_eq!(text(response).await, "hello");
    assert_eq!(
        lines.all(),
        [
            "\"POST /b HTTP/1.1\" 200 - via_upstream - \"-\" 5 5 0 0 \"-\" \"-\" \"id\" \"app.example\" \
          \"10.0.0.1:8080\" outbound|80||app.example - - - - default"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_is_told_of_too() {
    let lines = Notes::default();
    let taken = lines.clone();
    let config = app("http", &[ENDPOINT.parse().unwrap()]);
    let client = outbound(live(&config))
        .connector(slow(1000).connector())
        .on_access(move |entry| taken.add(entry.to_string()))
        .build();
    let call = client.oneshot(get("/given-up"));
    assert!(tokio::time::timeout(Duration::from_millis(10), call).await.is_err());
    assert!(lines.all()[0].contains("0 DC downstream_remote_disconnect"), "{:?}", lines.all());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_up_at_once_is_not_called_without_end() {
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = calls.clone();
    let hang_up = tower::service_fn(move |_: meshwork_tower::Dial| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        std::future::ready(Ok::<_, std::io::Error>(tokio::io::duplex(64).0))
    });
    let config = app("http", &[ENDPOINT.parse().unwrap()]);
    let client = outbound(live(&config)).connector(hang_up).build();
    let response = send(&client, get("/")).await;
    assert_eq!(response.status(), 503);
    assert!(calls.load(std::sync::atomic::Ordering::SeqCst) <= 3);
}
