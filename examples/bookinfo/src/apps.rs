//! The four bookinfo services and an external library, as ordinary axum applications.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode},
    routing::get,
};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client as PlainClient, connect::HttpConnector};
use meshwork::{Client, Peer};
use serde_json::{Value, json};

/// What the applications pass on of a request's own headers; trace headers and the request id
/// travel by themselves.
const FORWARDED: [&str; 2] = ["end-user", "x-tour"];

/// One of the applications, in one of its versions.
#[derive(Clone, Debug)]
pub struct App {
    /// For instance `reviews`.
    pub name: &'static str,
    /// For instance `v2`.
    pub version: &'static str,
    /// How the application calls the others.
    pub client: Client,
    /// How ratings feel today.
    pub mood: Mood,
    /// How many requests for details it has seen.
    pub served: Arc<AtomicU32>,
}

/// Makes ratings fail or dawdle on demand, so that the tour has something to survive.
#[derive(Clone, Debug, Default)]
pub struct Mood(Arc<Moods>);

#[derive(Debug, Default)]
struct Moods {
    failures: AtomicU32,
    delay_ms: AtomicU32,
}

impl Mood {
    /// The next `count` requests are answered with 503.
    pub fn fail(&self, count: u32) {
        self.0.failures.store(count, Ordering::Relaxed);
    }

    /// Every request takes this long, in milliseconds.
    pub fn delay(&self, milliseconds: u32) {
        self.0.delay_ms.store(milliseconds, Ordering::Relaxed);
    }

    async fn meet(&self) -> Result<(), StatusCode> {
        let delay = self.0.delay_ms.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(delay.into())).await;
        }
        let failing = self
            .0
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        failing.map_or(Ok(()), |_| Err(StatusCode::SERVICE_UNAVAILABLE))
    }
}

impl App {
    /// The application as axum serves it.
    pub fn router(self) -> Router {
        let router = match self.name {
            "productpage" => Router::new().route("/productpage", get(product_page)),
            "details" => Router::new().route("/details/{id}", get(details)),
            "reviews" => Router::new().route("/reviews/{id}", get(reviews)),
            "ratings" => Router::new().route("/ratings/{id}", get(ratings)),
            "status" => Router::new().route("/status", get(async || "well")),
            _ => Router::new().route("/", get(library)),
        };
        router.with_state(self)
    }
}

/// Who called, as an application of the mesh is told.
fn caller(peer: &Peer) -> Value {
    let address = peer.address().map(|address| address.to_string());
    json!({ "identity": peer.identity(), "mtls": peer.is_mtls(), "address": address })
}

async fn product_page(State(app): State<App>, peer: Peer, headers: HeaderMap) -> Json<Value> {
    let (details, reviews) = tokio::join!(
        fetch(&app.client, "http://details:9080/details/0", &headers),
        fetch(&app.client, "http://reviews:9080/reviews/0", &headers),
    );
    Json(json!({
        "caller": caller(&peer),
        "details": details.report(),
        "reviews": reviews.report(),
    }))
}

async fn details(State(app): State<App>, peer: Peer) -> Json<Value> {
    app.served.fetch_add(1, Ordering::Relaxed);
    Json(json!({
        "caller": caller(&peer),
        "id": 0,
        "author": "William Shakespeare",
        "year": 1595,
        "pages": 200,
    }))
}

async fn reviews(State(app): State<App>, peer: Peer, headers: HeaderMap) -> Json<Value> {
    let caller = caller(&peer);
    let generation = headers.get("x-generation").and_then(|value| value.to_str().ok());
    let colour = match app.version {
        "v1" => {
            return Json(json!({
                "caller": caller,
                "version": "v1",
                "reviews": 2,
                "generation": generation,
            }));
        }
        "v2" => "black",
        _ => "red",
    };
    let ratings = fetch(&app.client, "http://ratings:9080/ratings/0", &headers).await;
    Json(json!({
        "caller": caller,
        "version": app.version,
        "generation": generation,
        "reviews": 2,
        "stars": { "colour": colour, "ratings": ratings.report() },
    }))
}

async fn ratings(State(app): State<App>, peer: Peer) -> Result<Json<Value>, StatusCode> {
    app.mood.meet().await?;
    let caller = caller(&peer);
    Ok(Json(json!({ "caller": caller, "id": 0, "ratings": { "Reviewer1": 5, "Reviewer2": 4 } })))
}

async fn library() -> Json<Value> {
    Json(json!({ "library": "a host outside of the mesh" }))
}

/// What a call met.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status, 0 where there was no HTTP answer at all.
    pub status: u16,
    /// Envoy's response flags, where the mesh answered itself.
    pub flags: String,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The body, read as JSON where it is.
    pub body: Value,
}

impl Answer {
    /// No answer at all, and why.
    pub fn nothing(reason: impl Into<String>) -> Self {
        let (headers, body) = (HeaderMap::new(), Value::String(reason.into()));
        Self { status: 0, flags: String::new(), headers, body }
    }

    fn report(self) -> Value {
        json!({ "status": self.status, "body": self.body })
    }

    /// The text at a JSON pointer of the body.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    /// The number at a JSON pointer of the body.
    pub fn number(&self, pointer: &str) -> Option<u64> {
        self.body.pointer(pointer).and_then(Value::as_u64)
    }

    async fn read<B>(response: Response<B>, flags: String) -> Self
    where
        B: axum::body::HttpBody,
        B::Error: std::fmt::Display,
    {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        match response.into_body().collect().await {
            Ok(body) => {
                let bytes = body.to_bytes();
                let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
                let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
                Self { status, flags, headers, body }
            }
            Err(error) => Self::nothing(error.to_string()),
        }
    }
}

/// GET through the mesh, passing on what the applications pass on.
pub async fn fetch(client: &Client, url: &str, incoming: &HeaderMap) -> Answer {
    send(client, Method::GET, url, incoming).await
}

/// The same with any method.
pub async fn send(client: &Client, method: Method, url: &str, incoming: &HeaderMap) -> Answer {
    let mut request = match get_request(url, incoming) {
        Ok(request) => request,
        Err(error) => return Answer::nothing(error.to_string()),
    };
    *request.method_mut() = method;
    match client.send(request).await {
        Ok(response) => {
            let flags = meshwork::response_flags(&response).to_string();
            Answer::read(response, flags).await
        }
        Err(error) => Answer::nothing(error.to_string()),
    }
}

/// GET from outside of the mesh.
pub async fn open(
    client: &PlainClient<HttpConnector, Empty<Bytes>>,
    url: &str,
    headers: &HeaderMap,
) -> Answer {
    let request = match get_request(url, headers) {
        Ok(request) => request,
        Err(error) => return Answer::nothing(error.to_string()),
    };
    match client.request(request).await {
        Ok(response) => Answer::read(response, String::new()).await,
        Err(error) => Answer::nothing(error.to_string()),
    }
}

fn get_request(
    url: &str,
    incoming: &HeaderMap,
) -> Result<Request<Empty<Bytes>>, axum::http::Error> {
    let mut request = Request::get(url);
    for name in FORWARDED.map(HeaderName::from_static) {
        if let Some(value) = incoming.get(&name) {
            request = request.header(name, value);
        }
    }
    request.body(Empty::new())
}
