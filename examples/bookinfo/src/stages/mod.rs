//! What each stage does and expects.

pub mod change;
pub mod edge;
mod edge_door;
pub mod edge_egress;
pub mod edge_tcp;
pub mod failure;
pub mod identity;
pub mod policy;
pub mod reach;
pub mod rotation;
pub mod traffic;

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::{
    apps::Answer,
    tour::StageError,
    town::{PORT, Town},
};

/// Headers of a request, from constants.
fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    pairs.collect()
}

/// How often each version of reviews answered the product page.
async fn versions(
    town: &Town,
    headers: &HeaderMap,
    times: u32,
) -> Result<BTreeMap<String, u32>, StageError> {
    let mut counts = BTreeMap::new();
    for _ in 0..times {
        let page = town.open(headers).await;
        let Some(version) = page.text("/reviews/body/version") else {
            return Err(StageError::differs("a product page with reviews", page));
        };
        *counts.entry(version.to_owned()).or_default() += 1;
    }
    Ok(counts)
}

/// Expects one status.
fn expect_status(answer: &Answer, status: u16, what: &str) -> Result<(), StageError> {
    if answer.status == status {
        return Ok(());
    }
    Err(StageError::differs(format!("{status} for {what}"), answer))
}

/// Why productpage's requests to `url` go where they go.
fn why(town: &Town, name: &str, version: &str, url: &str, headers: &HeaderMap) -> String {
    let Some(mesh) = town.mesh(name, version) else { return String::new() };
    let Ok(mut request) = Request::get(url).body(()) else { return String::new() };
    request.headers_mut().extend(headers.clone());
    mesh.explain(&request).to_string()
}

/// A URL of one of bookinfo's services.
fn url(service: &str, path: &str) -> String {
    format!("http://{service}:{PORT}{path}")
}
