//! Stages 18 and 20: who comes in, and who decides where to.

use super::{
    edge_door::{Certificate, Open, visit},
    expect_status, headers,
};
use crate::{
    tour::{Account, StageError, Yaml},
    town::{INGRESS, Town},
};

const BOOKINFO: &str = "bookinfo.example.org";
const API: &str = "api.example.org";

/// Stage 18: TLS by server name at the door, mutual TLS behind it, and a certificate that changes.
pub async fn ingress(town: &Town, files: &[&str], yaml: Yaml) -> Result<Account, StageError> {
    let (bookinfo, api) = (Certificate::new(BOOKINFO)?, Certificate::new(API)?);
    let secrets = vec![bookinfo.secret("bookinfo-certificate"), api.secret("api-certificate")];
    let files = if yaml == Yaml::Applied { files } else { &[] };
    let open = Open::new(town, INGRESS, files, secrets).await?;
    let account = enter(&open, &bookinfo, &api).await;
    open.close().await;
    account
}

async fn enter(
    open: &Open,
    bookinfo: &Certificate,
    api: &Certificate,
) -> Result<Account, StageError> {
    let (http, https) = (open.address(80)?, open.address(443)?);
    let redirect = visit(http, BOOKINFO, "/productpage?u=1", &headers(&[])).await;
    expect_status(&redirect, 301, "plain HTTP")?;
    let location = redirect.headers.get("location").and_then(|value| value.to_str().ok());
    let Some(location @ "https://bookinfo.example.org/productpage?u=1") = location else {
        return Err(StageError::differs("the same page by https", redirect));
    };
    let page = bookinfo.visit(https, BOOKINFO, BOOKINFO, "/productpage").await;
    expect_status(&page, 200, "the product page over TLS")?;
    let gateway = "spiffe://cluster.local/ns/default/sa/bookinfo-ingress";
    if page.text("/caller/identity") != Some(gateway) {
        return Err(StageError::differs("the gateway as productpage's caller", page));
    }
    let book = api.visit(https, API, API, "/v1/books/0").await;
    expect_status(&book, 200, "a book by the other name")?;
    if book.text("/author") != Some("William Shakespeare") {
        return Err(StageError::differs("details of a book", book));
    }
    let crossed = bookinfo.visit(https, BOOKINFO, API, "/v1/books/0").await;
    expect_status(&crossed, 404, "the other name's host on this name's connection")?;
    let unknown = bookinfo.visit(https, "nobody.example.org", BOOKINFO, "/productpage").await;
    expect_status(&unknown, 0, "a server name that nobody has")?;
    let renewed = Certificate::new(BOOKINFO)?;
    open.mesh.apply([renewed.secret("bookinfo-certificate")]);
    let before = bookinfo.visit(https, BOOKINFO, BOOKINFO, "/productpage").await;
    expect_status(&before, 0, "whoever trusts the old certificate alone")?;
    let after = renewed.visit(https, BOOKINFO, BOOKINFO, "/productpage").await;
    expect_status(&after, 200, "whoever trusts the new certificate")?;
    Ok(Account {
        met: vec![
            format!("http://{BOOKINFO}/productpage?u=1: 301 to {location}"),
            format!("https://{BOOKINFO}/productpage: 200, and productpage was called by {gateway}"),
            format!("https://{API}/v1/books/0: 200, with a certificate of its own"),
            format!("server name {BOOKINFO}, Host {API}: 404"),
            "a server name that nobody has: no handshake".into(),
            "the Secret is replaced: the next handshake shows the new certificate".into(),
        ],
        why: open.why_server(API),
    })
}

/// Stage 20: who owns the host delegates paths to teams, and each team routes its own.
pub async fn delegate(town: &Town, files: &[&str], yaml: Yaml) -> Result<Account, StageError> {
    let files = if yaml == Yaml::Applied { files } else { &[] };
    let open = Open::new(town, INGRESS, files, Vec::new()).await?;
    let account = delegated(&open).await;
    open.close().await;
    account
}

async fn delegated(open: &Open) -> Result<Account, StageError> {
    let to = open.address(80)?;
    let (nobody, jason) = (headers(&[]), headers(&[("end-user", "jason")]));
    for (who, version) in [(&nobody, "v1"), (&jason, "v2")] {
        let reviews = visit(to, BOOKINFO, "/reviews/0", who).await;
        expect_status(&reviews, 200, "reviews")?;
        if reviews.text("/version") != Some(version) {
            return Err(StageError::differs(format!("reviews {version}"), reviews));
        }
    }
    let details = visit(to, BOOKINFO, "/details/0", &nobody).await;
    expect_status(&details, 200, "details")?;
    let other = visit(to, BOOKINFO, "/ratings/0", &nobody).await;
    expect_status(&other, 404, "a path that is nobody's")?;
    Ok(Account {
        met: vec![
            "/reviews/0: v1, for jason v2, as team-reviews has it".into(),
            "/details/0: 200, as team-details has it".into(),
            "/ratings/0: 404, nobody was given it".into(),
        ],
        why: open.why_route(BOOKINFO, "/reviews/0", &jason),
    })
}
