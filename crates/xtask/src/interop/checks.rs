//! What is checked, one thing after the other.

use std::{net::SocketAddr, path::Path, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use meshwork_transport::Identity;
use tokio::net::TcpStream;

use super::{
    certificates::{Authority, Fixed},
    config::{self, ENVOY, MESHWORK},
    envoy::Envoy,
    peer::{self, Answer},
};

/// One thing that has to hold.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// What.
    pub name: String,
    /// What was seen, or why it does not hold.
    pub found: Result<String, String>,
}

/// Starts both sides and checks everything.
pub(super) async fn all(program: &Path) -> Result<Vec<Check>, String> {
    let text = |error: std::io::Error| error.to_string();
    let (folder, elsewhere) =
        (tempfile::tempdir().map_err(text)?, tempfile::tempdir().map_err(text)?);
    let (ours, theirs) = (Authority::new("cluster.local")?, Authority::new("cluster.local")?);
    ours.write(folder.path(), "envoy")?;
    theirs.write(elsewhere.path(), "envoy")?;
    let meshwork = identity(&ours, &ours).await?;
    let stranger = identity(&theirs, &ours).await?;
    let server = peer::serve(meshwork.clone()).await?;
    let config = config::config(server, folder.path(), elsewhere.path());
    let envoy = Envoy::start(program, folder.path(), &config).await?;
    let (to, through) = (envoy.listener("server").await?, envoy.listener("client").await?);
    let mut checks = Vec::new();
    calls_of_meshwork(&mut checks, to, &meshwork, &stranger).await?;
    calls_of_envoy(&mut checks, through).await;
    drop(envoy);
    Ok(checks)
}

async fn identity(authority: &Authority, roots: &Authority) -> Result<Identity, String> {
    let context = authority.workload("meshwork", roots)?;
    Identity::start(Fixed(context)).await.map_err(|error| error.to_string())
}

/// Meshwork's client and Envoy's server.
async fn calls_of_meshwork(
    checks: &mut Vec<Check>,
    to: SocketAddr,
    meshwork: &Identity,
    stranger: &Identity,
) -> Result<(), String> {
    let mut check = |name: &str, found: Result<String, String>| {
        checks.push(Check { name: format!("meshwork to Envoy, {name}"), found });
    };
    for (name, port, protocol) in [("HTTP/1.1", 80, "HTTP/1.1"), ("HTTP/2", 81, "HTTP/2")] {
        let stack = peer::client(to, Some(meshwork.clone()))?;
        let url = format!("http://envoy.interop.svc.cluster.local:{port}/");
        let sni = format!("outbound_.{port}_._.envoy.interop.svc.cluster.local");
        let found = peer::call(stack, &url).await.and_then(|answer| {
            expect(&answer, 200)?;
            same("the client's identity", answer.header("x-seen-peer"), MESHWORK)?;
            same("the protocol", answer.header("x-seen-protocol"), protocol)?;
            same("the server name", answer.header("x-seen-name"), &sni)?;
            same("the body", &answer.body, "envoy")?;
            let version = answer.header("x-seen-tls");
            Ok(format!("{protocol} over {version}, Envoy saw {MESHWORK} ask for {sni}"))
        });
        check(name, found);
    }
    let stack = peer::client(to, Some(meshwork.clone()))?;
    let found = peer::call(stack, "http://other.interop.svc.cluster.local/").await;
    check(
        "a server with another name is not talked to",
        found.and_then(|answer| unavailable(&answer)),
    );
    let stack = peer::client(to, Some(stranger.clone()))?;
    let found = peer::call(stack, "http://envoy.interop.svc.cluster.local/").await;
    check(
        "Envoy refuses a client of another authority",
        found.and_then(|answer| unavailable(&answer)),
    );
    let stack = peer::client(to, None)?;
    let found = peer::call(stack, "http://plaintext.interop.svc.cluster.local/").await;
    check("Envoy refuses plaintext", found.and_then(|answer| unavailable(&answer)));
    Ok(())
}

/// Envoy's client and meshwork's server.
async fn calls_of_envoy(checks: &mut Vec<Check>, through: SocketAddr) {
    let mut check = |name: &str, found: Result<String, String>| {
        checks.push(Check { name: format!("Envoy to meshwork, {name}"), found });
    };
    for (name, path, protocol) in
        [("HTTP/1.1", "/http1", "HTTP/1.1"), ("HTTP/2", "/http2", "HTTP/2.0")]
    {
        let found = get(through, "GET", path).await.and_then(|answer| {
            expect(&answer, 200)?;
            same("the client's identity", answer.header("x-told-peer"), ENVOY)?;
            same("the protocol", answer.header("x-told-protocol"), protocol)?;
            same("the body", &answer.body, "meshwork")?;
            let element = answer.header("x-told-xfcc");
            let (by, uri) = (format!("By={MESHWORK};"), format!(";URI={ENVOY}"));
            if !(element.starts_with(&by) && element.ends_with(&uri)) {
                return Err(format!("x-forwarded-client-cert is `{element}`"));
            }
            Ok(format!("{protocol}, meshwork saw {ENVOY}"))
        });
        check(name, found);
    }
    let found = get(through, "POST", "/http1").await.and_then(|answer| {
        expect(&answer, 403)?;
        same("the body", &answer.body, "RBAC: access denied")?;
        Ok("403, RBAC: access denied".to_owned())
    });
    check("a method that the policy does not allow", found);
    for (name, path) in [
        ("Envoy does not talk to a server with another name", "/other-name"),
        ("meshwork refuses a client of another authority", "/stranger"),
        ("meshwork refuses plaintext under STRICT", "/plaintext"),
    ] {
        check(name, get(through, "GET", path).await.and_then(|answer| unavailable(&answer)));
    }
}

/// Asks Envoy in plaintext to call on.
async fn get(through: SocketAddr, method: &str, path: &str) -> Result<Answer, String> {
    let asked = async {
        let text = |error: hyper::Error| error.to_string();
        let stream = TcpStream::connect(through).await.map_err(|error| error.to_string())?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(text)?;
        let driver = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "meshwork.interop.svc.cluster.local")
            .body(Empty::<Bytes>::new())
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(text)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(text)?.to_bytes();
        driver.abort();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    };
    match tokio::time::timeout(Duration::from_secs(10), asked).await {
        Ok(answer) => answer,
        Err(_) => Err("no answer within 10 s".to_owned()),
    }
}

fn expect(answer: &Answer, status: u16) -> Result<(), String> {
    if answer.status == status {
        return Ok(());
    }
    Err(format!("{} instead of {status}: {}", answer.status, answer.body))
}

/// 503: there was no connection.
fn unavailable(answer: &Answer) -> Result<String, String> {
    expect(answer, 503)?;
    Ok(format!("503, {}", answer.body.chars().take(150).collect::<String>()))
}

fn same(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} is `{found}` instead of `{expected}`"))
}
