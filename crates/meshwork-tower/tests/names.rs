//! Endpoints that are names: looked up, balanced over their addresses, looked up again.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{Backend, get, handler, live, publisher};
use futures_util::future::BoxFuture;
use http::Response;
use meshwork_tower::{
    Body, Clusters, OutboundService, Resolve, Resolved, ResponseFlags, UpstreamHost, outbound,
};
use tower::ServiceExt as _;

fn app(resolution: &str, endpoints: &str) -> String {
    format!(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: app}}
spec:
  hosts: [app.example]
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  resolution: {resolution}
  endpoints: [{endpoints}]
"
    )
}

/// Answers that a test sets; a name without one is an error, and `silent.example` is never
/// answered.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<BTreeMap<String, Resolved>>>, Arc<Mutex<Vec<String>>>);

impl Answers {
    fn set(&self, name: &str, addresses: &[&str], seconds: u64) {
        let addresses = addresses.iter().map(|address| address.parse::<IpAddr>().unwrap());
        let answer = Resolved::new(addresses).valid_for(Duration::from_secs(seconds));
        self.0.lock().unwrap().insert(name.to_owned(), answer);
    }

    fn forget(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }

    /// How often each name was asked for since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.1.lock().unwrap())
    }
}

impl Resolve for Answers {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Resolved>> {
        self.1.lock().unwrap().push(name.to_owned());
        if name == "silent.example" {
            return Box::pin(std::future::pending());
        }
        let answer = self.0.lock().unwrap().get(name).cloned();
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}

fn backend() -> Backend {
    Backend::new(handler(|_, _| async { Response::new(Body::empty()) }))
}

/// The endpoints that a hundred requests reach, or the flags of the answers that none gave.
async fn reached(client: &OutboundService) -> String {
    let mut reached = BTreeSet::new();
    for _ in 0..100 {
        let response = client.clone().oneshot(get("/")).await.unwrap();
        let extensions = response.extensions();
        reached.insert(match extensions.get::<UpstreamHost>() {
            Some(host) => host.0.to_string(),
            None => extensions.get::<ResponseFlags>().unwrap().to_string(),
        });
    }
    reached.into_iter().collect::<Vec<_>>().join(" ")
}

/// Lets what is due happen.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

const SOON: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn every_address_of_a_name_is_an_endpoint() {
    let answers = Answers::default();
    answers.set("a.example", &["10.0.0.1", "10.0.0.2", "fd00::1"], 30);
    answers.set("b.example", &["10.0.0.2", "10.0.0.3"], 30);
    let clusters = Clusters::new(backend().connector()).resolver(answers.clone());
    let config = app("DNS", "{address: a.example}, {address: b.example}, {address: 10.0.0.9}");
    let client = outbound(live(&config)).clusters(clusters).build();

    let first = client.clone().oneshot(get("/")).await.unwrap();
    assert_eq!(first.status(), 200, "nobody waits for the first answer");
    pass(SOON).await;
    assert_eq!(reached(&client).await, "10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 10.0.0.9:80");
    assert_eq!(answers.asked(), ["a.example", "b.example"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_asked_for_again_when_its_answer_has_grown_old() {
    let answers = Answers::default();
    answers.set("a.example", &["10.0.0.1"], 30);
    let clusters = Clusters::new(backend().connector()).resolver(answers.clone());
    let client = outbound(live(&app("DNS", "{address: a.example}"))).clusters(clusters).build();
    reached(&client).await;
    pass(SOON).await;

    answers.set("a.example", &["10.0.0.2"], 0);
    pass(Duration::from_secs(29)).await;
    assert_eq!(reached(&client).await, "10.0.0.1:80", "the answer holds for 30 s");
    pass(Duration::from_secs(1)).await;
    assert_eq!(reached(&client).await, "10.0.0.2:80");
    answers.asked();

    // A TTL of nothing is a second, and what fails leaves the last answer.
    answers.forget("a.example");
    pass(Duration::from_millis(1_100)).await;
    assert_eq!(answers.asked().len(), 1);
    assert_eq!(reached(&client).await, "10.0.0.2:80");
    answers.set("a.example", &[], 30);
    pass(Duration::from_secs(59)).await;
    assert_eq!(answers.asked().len(), 0, "a failure is repeated at the mesh's dnsRefreshRate");
    pass(Duration::from_secs(2)).await;
    assert_eq!(reached(&client).await, "UH", "the name has no address any more");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nobody_answers_for_holds_up_no_other() {
    let answers = Answers::default();
    answers.set("a.example", &["10.0.0.1", "10.0.0.9"], 30);
    let clusters = Clusters::new(backend().connector()).resolver(answers.clone());
    let names = "{address: a.example}, {address: silent.example}, {address: 10.0.0.9}";
    let client = outbound(live(&app("DNS", names))).clusters(clusters).build();
    reached(&client).await;
    pass(Duration::from_secs(11)).await;
    assert_eq!(reached(&client).await, "10.0.0.1:80 10.0.0.9:80 silent.example:80");
    answers.set("a.example", &["10.0.0.2"], 30);
    pass(Duration::from_secs(45)).await;
    assert_eq!(reached(&client).await, "10.0.0.2:80 10.0.0.9:80 silent.example:80");
}

#[tokio::test(start_paused = true)]
async fn names_come_and_go_with_the_configuration() {
    let answers = Answers::default();
    answers.set("a.example", &["10.0.0.1"], 3600);
    answers.set("b.example", &["10.0.0.2"], 3600);
    let clusters = Clusters::new(backend().connector()).resolver(answers.clone());
    let publisher = publisher(&app("DNS", "{address: a.example}"));
    let client = outbound(publisher.live()).clusters(clusters.clone()).build();
    reached(&client).await;
    pass(SOON).await;
    answers.asked();

    let both = app("DNS", "{address: a.example}, {address: b.example}");
    publisher.publish(common::compile(&both));
    reached(&client).await;
    pass(SOON).await;
    assert_eq!(reached(&client).await, "10.0.0.1:80 10.0.0.2:80");
    assert_eq!(answers.asked(), ["a.example", "b.example"]);

    publisher.publish(common::compile(&app("DNS", "{address: b.example}")));
    assert_eq!(reached(&client).await, "10.0.0.2:80");
    pass(SOON).await;
    assert!(answers.asked().is_empty(), "nothing new is to be asked for");

    // A cluster that is gone asks no more.
    let none = common::compile("");
    clusters.reconcile(&none);
    publisher.publish(none);
    pass(Duration::from_secs(7200)).await;
    assert!(answers.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn round_robin_of_names_and_clusters_without_a_resolver_leave_it_to_the_connector() {
    let answers = Answers::default();
    answers.set("a.example", &["10.0.0.1", "10.0.0.2"], 30);
    for (resolution, resolver) in [("DNS_ROUND_ROBIN", true), ("DNS", false)] {
        let mut clusters = Clusters::new(backend().connector());
        if resolver {
            clusters = clusters.resolver(answers.clone());
        }
        let config = app(resolution, "{address: a.example}");
        let client = outbound(live(&config)).clusters(clusters).build();
        reached(&client).await;
        pass(SOON).await;
        assert_eq!(reached(&client).await, "a.example:80");
        assert!(answers.asked().is_empty());
    }
}
