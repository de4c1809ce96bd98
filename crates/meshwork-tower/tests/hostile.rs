//! Bytes that are no proper request, on a real socket: what Envoy answers, and never a panic.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use common::{Backend, app, handler, live, routes};
use http::Response;
use meshwork_tower::{Body, ConnectionInfo, HttpServer, outbound};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A proxy in front of a backend that tells the lengths it was told of.
async fn proxy() -> (SocketAddr, Backend) {
    let backend = Backend::new(handler(|_, request| async move {
        let told = |name| request.headers().get_all(name).iter().count();
        let told = format!("{} {}", told("content-length"), told("transfer-encoding"));
        Response::new(Body::from(told))
    }));
    let yaml = app("http", &[backend.listen().await]);
    let yaml = yaml + &routes("  - route: [{destination: {host: app.example}}]\n");
    let stack = outbound(live(&yaml)).build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((io, peer)) = listener.accept().await {
            let mut info = ConnectionInfo::new(Some(peer), io.local_addr().ok());
            info.destination = Some(SocketAddr::from(([10, 0, 0, 1], 80)));
            let stack = stack.clone();
            tokio::spawn(async move {
                HttpServer::new().serve(io, Arc::new(info), stack, std::future::pending()).await
            });
        }
    });
    (address, backend)
}

/// The answer to these bytes, and whether the connection ended behind it.
async fn exchange(proxy: SocketAddr, bytes: &[u8]) -> (String, bool) {
    let mut io = tokio::net::TcpStream::connect(proxy).await.unwrap();
    let (mut read, mut write) = io.split();
    let sent = async {
        // The server may have answered and closed before the last byte.
        let _ = write.write_all(bytes).await;
    };
    let received = async {
        let mut answer = Vec::new();
        while !is_whole(&answer) {
            match read.read_buf(&mut answer).await {
                Ok(0) | Err(_) => return (answer, true),
                Ok(_) => {}
            }
        }
        (answer, false)
    };
    let exchange = async { tokio::join!(sent, received).1 };
    let (answer, ended) = tokio::time::timeout(Duration::from_secs(20), exchange).await.unwrap();
    (String::from_utf8_lossy(&answer).into_owned(), ended)
}

/// Whether an answer with a length has arrived up to its last byte.
fn is_whole(answer: &[u8]) -> bool {
    let answer = String::from_utf8_lossy(answer);
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let mut lines = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
    body.len() >= lines.next().map_or(0, |length| length.parse().unwrap())
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn what_is_no_request_gets_envoys_answer() {
    let (proxy, _) = proxy().await;
    let long = "a".repeat(70 * 1024);
    let many: String = (0..120).map(|i| format!("x-{i}: 1\r\n")).collect();
    let cases: Vec<(&str, String, u16)> = vec![
        ("plain", "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 200),
        ("no host", "GET / HTTP/1.1\r\n\r\n".into(), 400),
        ("http/1.0", "GET / HTTP/1.0\r\nHost: app.example\r\n\r\n".into(), 426),
        ("absolute", "GET http://app.example/x HTTP/1.1\r\nHost: other\r\n\r\n".into(), 200),
        ("absolute without path", "GET http://app.example HTTP/1.1\r\nHost: other\r\n\r\n".into(), 200),
        ("absolute with query", "GET http://app.example?q HTTP/1.1\r\nHost: other\r\n\r\n".into(), 404),
        ("asterisk", "OPTIONS * HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 404),
        ("relative", "GET a/b HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 400),
        ("backslash", "GET \\admin HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 400),
        ("empty target", "GET  HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 400),
        ("lower-case method", "get / HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 400),
        ("unknown method", "FOO / HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 400),
        ("NUL in the path", "GET /%00 HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 400),
        ("percent garbage", "GET /%zz%2 HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 200),
        ("host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n".into(), 400),
        ("host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into(), 400),
        ("space before the colon", "GET / HTTP/1.1\r\nHost : app.example\r\n\r\n".into(), 400),
        ("NUL in a value", "GET / HTTP/1.1\r\nHost: app.example\r\nx: a\0b\r\n\r\n".into(), 400),
        ("two lengths", "POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".into(), 400),
        ("chunked twice", "POST / HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n".into(), 501),
        ("identity", "POST / HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na".into(), 400),
        ("chunked", "POST / HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n".into(), 200),
        ("negative length", "POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: -1\r\n\r\n".into(), 400),
        ("length with a plus", "POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: +1\r\n\r\na".into(), 400),
        ("bare line feeds", "GET / HTTP/1.1\nHost: app.example\n\n".into(), 200),
        ("long path", format!("GET /{long} HTTP/1.1\r\nHost: app.example\r\n\r\n"), 431),
        ("long header", format!("GET / HTTP/1.1\r\nHost: app.example\r\nx: {long}\r\n\r\n"), 431),
        ("32 KiB of header", format!("GET / HTTP/1.1\r\nHost: app.example\r\nx: {}\r\n\r\n", "a".repeat(32 * 1024)), 200),
        ("many headers", format!("GET / HTTP/1.1\r\nHost: app.example\r\n{many}\r\n"), 431),
        ("connect", "CONNECT app.example:80 HTTP/1.1\r\nHost: app.example\r\n\r\n".into(), 404),
        ("upgrade", "GET / HTTP/1.1\r\nHost: app.example\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n".into(), 403),
        ("garbage", "\u{1}\u{2}\u{3}\r\n\r\n".into(), 400),
        ("version", "GET / HTTP/9.9\r\nHost: app.example\r\n\r\n".into(), 400),
    ];
    let mut wrong = Vec::new();
    for (name, bytes, expected) in cases {
        let (answer, _) = exchange(proxy, bytes.as_bytes()).await;
        if status(&answer) != expected {
            let answer: String = answer.chars().take(120).collect();
            wrong.push(format!("{name}: expected {expected}, met {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// RFC 9112, 6.3: the chunks count, the length goes, and the connection ends; two equal lengths are
/// one. No reader behind the proxy can see another end of the body.
#[tokio::test]
async fn a_body_has_one_end_for_everybody() {
    let (proxy, backend) = proxy().await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.example\r\n\r\n";
    let length = format!("Content-Length: {}\r\n", smuggled.len() + 5);
    let chunked = "Transfer-Encoding: chunked\r\n";
    let lines = [format!("{length}{chunked}"), format!("{chunked}{length}")];
    for (count, lines) in lines.iter().enumerate() {
        let head = "POST / HTTP/1.1\r\nHost: app.example\r\n";
        let request = format!("{head}{lines}\r\n0\r\n\r\n{smuggled}");
        let (answer, _) = exchange(proxy, request.as_bytes()).await;
        assert_eq!(status(&answer), 200, "{answer}");
        assert!(answer.ends_with("\r\n\r\n0 1") || answer.ends_with("\r\n\r\n1 0"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert_eq!(backend.count(), count + 1, "the smuggled request was not seen");
    }
    let twice = "POST / HTTP/1.1\r\nHost: app.example\r\n\
        Content-Length: 1\r\nContent-Length: 1\r\n\r\na";
    let (answer, _) = exchange(proxy, twice.as_bytes()).await;
    assert!(answer.ends_with("\r\n\r\n1 0"), "{answer}");
}
