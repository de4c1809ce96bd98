//! Handshakes and idle connections of mesh TLS, beside tokio-rustls alone with the same
//! certificates.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark fails by it, looks at the clock, and says what it counted"
)]

use std::{
    hint::black_box,
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use meshwork_benches::mtls::{Pair, context, hear, say};
use meshwork_identity::X509Context;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, HandshakeKind, RootCertStore, ServerConfig,
    SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    server::{ParsedCertificate, WebPkiClientVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::{io::DuplexStream, runtime::Runtime};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Verifies chains alone: the names of a mesh are no DNS names.
#[derive(Debug)]
struct ChainOnly {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let leaf = ParsedCertificate::try_from(leaf)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            &leaf,
            &self.roots,
            intermediates,
            now,
            algorithms,
        )?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// tokio-rustls as its users set it up.
struct Plain {
    full: TlsConnector,
    resumed: TlsConnector,
    acceptor: TlsAcceptor,
}

impl Plain {
    fn new(pair: &Pair) -> Self {
        let provider = meshwork_identity::tls::provider();
        let (client, server) = (context(&pair.client), context(&pair.server));
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(server.bundles.own().roots().iter().cloned());
        let parts =
            |context: &X509Context| (context.svid.chain().to_vec(), context.svid.key().clone_key());
        let verifier = ChainOnly { roots: roots.clone(), provider: Arc::clone(&provider) };
        let (chain, key) = parts(&client);
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(chain, key)
            .expect("a certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let resumed = Arc::new(config.clone());
        config.resumption = Resumption::disabled();
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .expect("sound roots");
        let (chain, key) = parts(&server);
        let mut served = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .expect("a certificate");
        served.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            full: Arc::new(config).into(),
            resumed: resumed.into(),
            acceptor: Arc::new(served).into(),
        }
    }

    /// A connection of both ends, with the first byte of the server.
    async fn connect(
        &self,
        connector: &TlsConnector,
    ) -> (
        tokio_rustls::client::TlsStream<DuplexStream>,
        tokio_rustls::server::TlsStream<DuplexStream>,
    ) {
        let (near, far) = tokio::io::duplex(64 << 10);
        let name = ServerName::try_from("outbound_.80_._.api.example").expect("a name");
        tokio::join!(
            async {
                let mut io = connector.connect(name, near).await.expect("a handshake");
                hear(&mut io).await;
                io
            },
            async {
                let mut io = self.acceptor.accept(far).await.expect("a handshake");
                say(&mut io).await;
                io
            }
        )
    }
}

/// Addresses that were not used before: endpoints without sessions.
fn next(address: &mut u32) -> Ipv4Addr {
    *address += 1;
    Ipv4Addr::from_bits(*address)
}

fn handshakes(criterion: &mut Criterion, runtime: &Runtime, pair: &Pair, plain: &Plain) {
    let mut address = 0x0a00_0000;
    criterion.bench_function("tls/handshake/full/tokio-rustls", |bencher| {
        bencher.iter(|| runtime.block_on(plain.connect(&plain.full)));
    });
    criterion.bench_function("tls/handshake/full", |bencher| {
        bencher.iter(|| runtime.block_on(pair.connect(next(&mut address))));
    });
    let (client, _server) = runtime.block_on(async {
        plain.connect(&plain.resumed).await;
        plain.connect(&plain.resumed).await
    });
    assert_eq!(client.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
    criterion.bench_function("tls/handshake/resumed/tokio-rustls", |bencher| {
        bencher.iter(|| runtime.block_on(plain.connect(&plain.resumed)));
    });
    let known = Ipv4Addr::LOCALHOST;
    let (_client, server) = runtime.block_on(async {
        pair.connect(known).await;
        pair.connect(known).await
    });
    assert!(server.resumed);
    criterion.bench_function("tls/handshake/resumed", |bencher| {
        bencher.iter(|| runtime.block_on(pair.connect(known)));
    });
}

/// How much longer one takes than the other: the ratio of the medians, taken in turn, so that
/// whatever else the machine does concerns both.
fn ratio(runtime: &Runtime, mut mesh: impl AsyncFnMut(), mut alone: impl AsyncFnMut()) -> f64 {
    const TURNS: usize = 1_000;
    let (mut ours, mut theirs) = (Vec::with_capacity(TURNS), Vec::with_capacity(TURNS));
    runtime.block_on(async {
        for _ in 0..TURNS {
            let began = Instant::now();
            mesh().await;
            let between = Instant::now();
            alone().await;
            ours.push(between - began);
            theirs.push(between.elapsed());
        }
    });
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times.get(TURNS / 2).map_or(0.0, Duration::as_secs_f64)
    };
    median(ours) / median(theirs)
}

fn ratios(runtime: &Runtime, pair: &Pair, plain: &Plain) {
    let mut address = 0x0b00_0000;
    let full = ratio(
        runtime,
        async || drop(pair.connect(next(&mut address)).await),
        async || drop(plain.connect(&plain.full).await),
    );
    let resumed = ratio(
        runtime,
        async || drop(pair.connect(Ipv4Addr::LOCALHOST).await),
        async || drop(plain.connect(&plain.resumed).await),
    );
    eprintln!("tls/handshake: full {full:.3}, resumed {resumed:.3} times tokio-rustls alone");
}

/// How many bytes a connection keeps, both ends and the pipe between them.
fn bytes_each<T>(runtime: &Runtime, mut connect: impl AsyncFnMut() -> T) -> u64 {
    const CONNECTIONS: u64 = 500;
    let mut held = Vec::with_capacity(CONNECTIONS as usize);
    let counted = allocation_counter::measure(|| {
        runtime.block_on(async {
            for _ in 0..CONNECTIONS {
                held.push(connect().await);
            }
        });
    });
    black_box(&held);
    u64::try_from(counted.bytes_current).unwrap_or(0) / CONNECTIONS
}

fn tls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let pair = runtime.block_on(Pair::new());
    let plain = Plain::new(&pair);
    // What both need for the first connection is no part of each.
    runtime.block_on(async {
        plain.connect(&plain.full).await;
        pair.connect(Ipv4Addr::LOCALHOST).await;
    });
    let alone = bytes_each(&runtime, async || plain.connect(&plain.full).await);
    let mesh = bytes_each(&runtime, async || pair.connect(Ipv4Addr::LOCALHOST).await);
    eprintln!("tls/idle: {mesh} bytes a connection (both ends), tokio-rustls alone {alone}");
    ratios(&runtime, &pair, &plain);
    handshakes(criterion, &runtime, &pair, &plain);
}

criterion_group!(benches, tls);
criterion_main!(benches);
