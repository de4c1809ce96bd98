//! A gateway of the town, the certificates that are shown there, and visitors who check them.

use std::{fmt::Display, net::SocketAddr, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use meshwork::{
    Event, Gateway, Mesh,
    api::{Object, kubernetes::Secret},
    core::{Attributes, RequestHead, SeededDraws},
    routing::{FirstBytes, RouteInput},
    tower::Io,
};
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    client::TlsStream,
    rustls,
    rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};

use crate::{
    apps::Answer,
    tour::StageError,
    town::{Door, Town},
};

/// A gateway that is open for one stage.
pub(super) struct Open {
    pub(super) mesh: Mesh,
    gateway: Gateway,
}

impl Open {
    /// Opens the servers that the YAML has: 80 at port 8080 of the door's address, 443 at 8443.
    pub(super) async fn new(
        town: &Town,
        door: Door,
        files: &[&str],
        more: Vec<Event>,
    ) -> Result<Self, StageError> {
        let mesh = town.door(door, files).await?;
        mesh.apply(more);
        let gateway = mesh.gateway().address(door.address).port(80, 8080).port(443, 8443);
        let gateway = gateway.start().await.map_err(failed("a gateway"))?;
        Ok(Self { mesh, gateway })
    }

    /// Where a port of the resources is reached.
    pub(super) fn address(&self, port: u16) -> Result<SocketAddr, StageError> {
        let found = self.gateway.address(port);
        let listeners = self.gateway.listeners();
        found.ok_or_else(|| StageError::differs(format!("a server of port {port}"), listeners))
    }

    /// Closes the gateway, and waits until its ports are free.
    pub(super) async fn close(self) {
        self.mesh.shutdown();
        self.gateway.ended().await;
    }

    /// Why a connection with this server name gets to its server.
    pub(super) fn why_server(&self, name: &str) -> String {
        let mut attributes = Attributes::default();
        attributes.sni = Some(name);
        let snapshot = self.mesh.snapshot().load();
        snapshot.routes.explain_gateway(443, &attributes, FirstBytes::Tls).to_string()
    }

    /// Why a request in plaintext takes its route.
    pub(super) fn why_route(&self, host: &str, path: &str, headers: &HeaderMap) -> String {
        let (snapshot, attributes) = (self.mesh.snapshot().load(), Attributes::default());
        let draws = SeededDraws::new(0);
        let decision = snapshot.routes.gateway(80, &attributes, FirstBytes::Http1, &draws);
        let Some(routes) = decision.http() else { return String::new() };
        let head = RequestHead::new("GET", "http", host, path, headers);
        routes.explain(&RouteInput::new(head, &attributes, &draws)).to_string()
    }
}

/// A certificate of a name, which nobody else signed.
pub(super) struct Certificate {
    pub(super) der: CertificateDer<'static>,
    key: KeyPair,
    name: &'static str,
}

impl Certificate {
    pub(super) fn new(name: &'static str) -> Result<Self, StageError> {
        let key = KeyPair::generate().map_err(failed("a key"))?;
        let params = CertificateParams::new([name.to_owned()]).map_err(failed("a name"))?;
        let certificate = params.self_signed(&key).map_err(failed("a certificate"))?;
        Ok(Self { der: certificate.der().clone(), key, name })
    }

    /// The Secret that a gateway's `credentialName` means.
    pub(super) fn secret(&self, name: &str) -> Event {
        let pem = |label: &str, der: &[u8]| {
            let body = STANDARD.encode(der);
            format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
        };
        let mut secret = Secret { type_: "kubernetes.io/tls".into(), ..Secret::default() };
        secret.string_data.insert("tls.crt".into(), pem("CERTIFICATE", &self.der));
        secret.string_data.insert("tls.key".into(), pem("PRIVATE KEY", self.key.serialized_der()));
        Event::apply(Object::new("default", name, secret))
    }

    /// A server that shows the certificate, says what it is, and knows nothing of the mesh.
    pub(super) async fn serve(&self, address: SocketAddr) -> Result<JoinHandle<()>, StageError> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).map_err(failed("a key"))?;
        let config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(failed("versions of TLS"))?
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .map_err(failed("a certificate"))?;
        let (acceptor, name) = (TlsAcceptor::from(Arc::new(config)), self.name);
        let listener = TcpListener::bind(address).await.map_err(failed("an address"))?;
        Ok(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await?;
                    stream.write_all(format!("this is {name}").as_bytes()).await?;
                    stream.shutdown().await
                });
            }
        }))
    }

    /// Shakes hands with a server that has to show this certificate for `name`.
    pub(super) async fn expect<I: Io>(
        &self,
        io: std::io::Result<I>,
        name: &str,
    ) -> std::io::Result<TlsStream<I>> {
        let other = std::io::Error::other::<rustls::Error>;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.der.clone()).map_err(other)?;
        let config = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).map_err(std::io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, io?).await
    }

    /// GETs a page over TLS; status 0 where there is no answer.
    pub(super) async fn visit(&self, to: SocketAddr, name: &str, host: &str, path: &str) -> Answer {
        match self.expect(TcpStream::connect(to).await, name).await {
            Ok(stream) => get(stream, host, path, &HeaderMap::new()).await,
            Err(error) => Answer::nothing(error.to_string()),
        }
    }
}

/// GETs a page over plaintext; status 0 where there is no answer.
pub(super) async fn visit(to: SocketAddr, host: &str, path: &str, headers: &HeaderMap) -> Answer {
    match TcpStream::connect(to).await {
        Ok(stream) => get(stream, host, path, headers).await,
        Err(error) => Answer::nothing(error.to_string()),
    }
}

async fn get(mut io: impl Io, host: &str, path: &str, headers: &HeaderMap) -> Answer {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    let mut answer = String::new();
    let asked = async {
        io.write_all(format!("{request}\r\n").as_bytes()).await?;
        io.read_to_string(&mut answer).await
    };
    match asked.await {
        Ok(_) => read(&answer).unwrap_or_else(|| Answer::nothing(answer)),
        Err(error) => Answer::nothing(error.to_string()),
    }
}

/// An answer whose body ends with the connection.
fn read(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    let headers = headers.collect();
    let text = || Value::String(body.to_owned());
    let body = serde_json::from_str(body).unwrap_or_else(|_| text());
    Some(Answer { status, flags: String::new(), headers, body })
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    meshwork::identity::tls::provider()
}

/// What a stage says of something that it needs and cannot have.
pub(super) fn failed<E: Display>(what: &'static str) -> impl Fn(E) -> StageError {
    move |error| StageError::differs(what, error.to_string())
}
