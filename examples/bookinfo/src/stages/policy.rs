//! Stages 14, 16 and 17: who may call whom, policies that are broken, policies on trial.

use axum::http::{HeaderMap, Method, Request};
use meshwork::{
    Event, Mesh,
    authz::AuthzInput,
    core::{Attributes, RequestHead, ResourceRef},
};

use super::{expect_status, headers, url};
use crate::{
    apps::{Answer, send},
    tour::{Account, StageError, Yaml},
    town::{PORT, Town},
};

const DENIED: &str = "RBAC: access denied";

async fn call(town: &Town, caller: (&str, &str), method: Method, url: &str) -> Answer {
    match town.mesh(caller.0, caller.1) {
        Some(mesh) => send(&mesh.client(), method, url, &HeaderMap::new()).await,
        None => Answer::nothing(format!("there is no workload {caller:?}")),
    }
}

/// Expects a refusal by a policy.
fn expect_denied(answer: &Answer, what: &str) -> Result<(), StageError> {
    if (answer.status, answer.body.as_str()) == (403, Some(DENIED)) {
        return Ok(());
    }
    Err(StageError::differs(format!("403 {DENIED} for {what}"), answer))
}

/// Stage 14: only productpage may call reviews, only by GET; DENY wins; an empty ALLOW allows
/// nothing.
pub async fn authorization(town: &Town) -> Result<Account, StageError> {
    let (reviews, ratings) = (url("reviews", "/reviews/0"), url("ratings", "/ratings/0"));
    let productpage = ("productpage", "v1");
    let allowed = call(town, productpage, Method::GET, &reviews).await;
    expect_status(&allowed, 200, "GET by productpage")?;
    let posted = call(town, productpage, Method::POST, &reviews).await;
    expect_denied(&posted, "POST by productpage")?;
    let other = call(town, ("details", "v1"), Method::GET, &reviews).await;
    expect_denied(&other, "GET by details")?;
    let mallory = headers(&[("end-user", "mallory")]);
    let denied = town.call("productpage", "v1", &reviews, &mallory).await;
    expect_denied(&denied, "GET by productpage for mallory")?;
    let nobody = call(town, ("reviews", "v2"), Method::GET, &ratings).await;
    expect_denied(&nobody, "ratings, whose ALLOW has no rules")?;
    let why = town.mesh("reviews", "v1").map(|mesh| explain(mesh, &mallory)).unwrap_or_default();
    Ok(Account {
        met: vec![
            "productpage GET reviews: 200".into(),
            "productpage POST reviews: 403".into(),
            "details GET reviews: 403".into(),
            "productpage GET reviews for mallory: 403, DENY wins over ALLOW".into(),
            "reviews GET ratings: 403, an ALLOW without rules".into(),
        ],
        why,
    })
}

/// Why reviews refuses what productpage asks for mallory.
fn explain(mesh: &Mesh, headers: &HeaderMap) -> String {
    let Ok(mut request) = Request::get("http://reviews:9080/reviews/0").body(()) else {
        return String::new();
    };
    request.headers_mut().extend(headers.clone());
    let mut connection = Attributes::default();
    connection.peer = Some("spiffe://cluster.local/ns/default/sa/bookinfo-productpage");
    connection.tls = true;
    let input = AuthzInput::request(&connection, RequestHead::from(&request));
    mesh.snapshot().load().security.authorization().explain(&input).to_string()
}

/// Stage 16: a broken update leaves the last good policy in force; a broken new policy closes what
/// it selects until it is mended or gone. Both are alarms.
pub async fn broken(town: &Town, yaml: Yaml) -> Result<Account, StageError> {
    let (reviews, details) = (url("reviews", "/reviews/0"), url("details", "/details/0"));
    let productpage = ("productpage", "v1");
    if yaml == Yaml::Applied {
        town.tell(&town.stage_file("16-broken.yaml")?);
    }
    let allowed = call(town, productpage, Method::GET, &reviews).await;
    expect_status(&allowed, 200, "productpage, by the last good policy of reviews")?;
    let other = call(town, ("details", "v1"), Method::GET, &reviews).await;
    expect_denied(&other, "details, by the last good policy of reviews")?;
    let closed = call(town, productpage, Method::GET, &details).await;
    expect_denied(&closed, "details, whose new policy cannot be read")?;
    let ratings = call(town, ("reviews", "v2"), Method::GET, &url("ratings", "/ratings/0")).await;
    expect_status(&ratings, 200, "ratings, which no policy selects")?;
    let health = town.mesh("details", "v1").map(Mesh::health);
    let alarms: Vec<String> =
        health.iter().flat_map(|health| health.report.alarms()).map(ToString::to_string).collect();
    for part in
        ["stages/16-broken.yaml:", "reviews-viewer", "principle", "details-viewer", "PERMIT"]
    {
        if !alarms.iter().any(|alarm| alarm.contains(part)) {
            return Err(StageError::differs(format!("an alarm that names `{part}`"), alarms));
        }
    }
    let why = town
        .mesh("details", "v1")
        .and_then(|mesh| mesh.snapshot().load().security.closed().map(ToString::to_string));
    town.tell(&[Event::delete(ResourceRef::new(
        "AuthorizationPolicy",
        "default",
        "details-viewer",
    ))]);
    let opened = call(town, productpage, Method::GET, &details).await;
    expect_status(&opened, 200, "details, when the broken policy is gone")?;
    let met = [
        "16-broken.yaml: reviews, whose policy is updated badly: productpage 200, details 403"
            .to_owned(),
        "details, whose new policy cannot be read: 403; when it is gone: 200".to_owned(),
        "ratings: 200".to_owned(),
    ];
    Ok(Account { met: met.into_iter().chain(alarms).collect(), why: why.unwrap_or_default() })
}

/// Stage 17: version 2 of details observes the policies that version 1 enforces.
pub async fn observed(town: &Town) -> Result<Account, StageError> {
    let details = url("details", "/details/0");
    let trial = headers(&[("x-tour", "trial")]);
    let passed = town.call("productpage", "v1", &details, &trial).await;
    expect_status(&passed, 200, "productpage to version 2, which observes")?;
    let enforced = town.call("productpage", "v1", &details, &headers(&[])).await;
    expect_denied(&enforced, "productpage to version 1, which enforces")?;
    let plain = format!("http://127.0.0.18:{PORT}/details/0");
    let plain = town.open_url(&plain, &headers(&[])).await;
    expect_status(&plain, 200, "plaintext to version 2")?;
    let report = town.mesh("details", "v2").map(Mesh::observed_refusals).unwrap_or_default();
    let told = |identity: Option<&str>, reason: &str| {
        let mut refusals = report.refusals.iter();
        refusals.any(|it| it.identity.as_deref() == identity && it.reason.contains(reason))
    };
    let productpage = Some("spiffe://cluster.local/ns/default/sa/bookinfo-productpage");
    if !told(productpage, "ALLOW") || !told(None, "PeerAuthentication default/details") {
        return Err(StageError::differs("both callers in the report", report));
    }
    let listed = report.refusals.iter().map(|refusal| {
        let who = refusal.identity.as_deref().unwrap_or("somebody over plaintext");
        format!("would be refused: {who}, {} times: {}", refusal.count, refusal.reason)
    });
    let met = ["version 1 enforces: 403; version 2 observes: 200, over plaintext too".to_owned()];
    Ok(Account { met: met.into_iter().chain(listed).collect(), why: String::new() })
}
