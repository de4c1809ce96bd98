//! Cookies that hold a client to an endpoint.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by it")]

mod common;

use std::sync::Arc;

use common::{Backend, app, get, handler, live, routes};
use http::Response;
use meshwork_tower::{Body, ConnectionInfo, Seeds, outbound};
use tower::ServiceExt as _;

/// The `set-cookie` headers of an answer that comes after two failures, with this `loadBalancer`
/// of the subset that the route names; the rule as a whole hashes a cookie.
async fn cookies(subset: &str) -> Vec<String> {
    let rule = format!(
        "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: app}}
spec:
  host: app.example
  trafficPolicy: {{loadBalancer: {{consistentHash: {{httpCookie: {{name: sid, ttl: 60s}}}}}}}}
  subsets: [{{name: s{subset}}}]
"
    );
    let route = "  - retries: {attempts: 2, retryOn: '5xx', backoff: 1ms}
    route: [{destination: {host: app.example, subset: s}}]
";
    let config = app("http", &["10.0.0.1:8080".parse().unwrap()]) + &routes(route) + &rule;
    let backend = Backend::new(handler(|number, _| async move {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = if number < 2 { 503 } else { 200 }.try_into().unwrap();
        response
    }));
    let client =
        outbound(live(&config)).seeds(Seeds::from_seed(1)).connector(backend.connector()).build();
    let mut request = get("/");
    let addresses = ["10.9.0.1:40000", "10.97.0.1:80"].map(|a| Some(a.parse().unwrap()));
    let [peer, local] = addresses;
    request.extensions_mut().insert(Arc::new(ConnectionInfo::new(peer, local)));
    let response = client.oneshot(request).await.unwrap();
    assert_eq!((response.status().as_u16(), backend.count()), (200, 3));
    let cookies = response.headers().get_all("set-cookie").iter();
    cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn every_try_asks_for_the_cookie() {
    let set = cookies("").await;
    assert_eq!(set.len(), 3, "{set:?}");
    assert!(set.iter().all(|cookie| *cookie == set[0] && cookie.starts_with("sid=\"")), "{set:?}");
}

#[tokio::test(start_paused = true)]
async fn an_algorithm_that_does_not_hash_sets_none() {
    let random = ", trafficPolicy: {loadBalancer: {simple: RANDOM}}";
    assert_eq!(cookies(random).await, Vec::<String>::new());
}
