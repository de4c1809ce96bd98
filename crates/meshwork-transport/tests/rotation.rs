//! Certificates that change and end while connections are made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use common::{
    accept, api, authority, connect, dial, echo, identity, listener, pem, snapshot, source, web,
};
use meshwork_identity::{CertificateState, SvidFuture, SvidSource, SvidSourceError};
use meshwork_routing::MtlsMode;
use meshwork_tower::DialProtocol;
use meshwork_transport::{Identity, IdentityError, IdentityOptions, MeshAcceptor, MeshConnector};
use time::OffsetDateTime;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::Instant,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_under_load_fails_no_handshake() {
    let authority = authority("cluster.local");
    let lifetime = time::Duration::seconds(2);
    let start = |id| Identity::start(source(&authority, id).lifetime(lifetime));
    let (server, client) = (start(api()).await.unwrap(), start(web()).await.unwrap());
    let (listener, address) = listener().await;
    let acceptor = MeshAcceptor::new(server.clone());
    let serving = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut accepted = accept(&acceptor, stream, MtlsMode::Strict).await.unwrap();
                let mut word = [0; 4];
                accepted.io.read_exact(&mut word).await.unwrap();
                accepted.io.write_all(&word).await.unwrap();
                accepted.io.flush().await.unwrap();
            });
        }
    });
    let snapshot = snapshot(address, "");
    let connector = MeshConnector::new(client.clone());
    let began = Instant::now();
    let mut handshakes = 0;
    while began.elapsed() < Duration::from_secs(5) {
        let mut io = connect(&connector, dial(&snapshot, DialProtocol::Http1)).await.unwrap();
        echo(&mut *io).await.unwrap();
        handshakes += 1;
    }
    serving.abort();
    for identity in [&server, &client] {
        let status = identity.status().borrow().clone();
        assert!(status.generation >= 4, "{status:?}");
        assert_eq!(status.failure, None);
    }
    assert!(handshakes > 20, "{handshakes}");
}

/// A source that works until it is told not to.
#[derive(Debug)]
struct Failing<S> {
    inner: S,
    fails: Arc<AtomicBool>,
}

impl<S: SvidSource> SvidSource for Failing<S> {
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_> {
        if self.fails.load(Ordering::SeqCst) {
            let error = SvidSourceError::new("authority", "out of order");
            return Box::pin(std::future::ready(Err(error)));
        }
        self.inner.fetch(now)
    }
}

#[tokio::test]
async fn the_old_certificate_serves_until_it_ends_and_then_connections_are_refused() {
    let authority = authority("cluster.local");
    let fails = Arc::new(AtomicBool::new(false));
    let inner = source(&authority, web()).lifetime(time::Duration::seconds(2));
    let client = Identity::start(Failing { inner, fails: Arc::clone(&fails) }).await.unwrap();
    fails.store(true, Ordering::SeqCst);
    let mut status = client.status();
    status.wait_for(|status| status.failure.is_some()).await.unwrap();
    assert!(matches!(client.state(), CertificateState::RenewalFailing(_)), "{:?}", client.state());
    assert!(client.usable().is_ok(), "it is still valid");

    let (listener, address) = listener().await;
    let snapshot = snapshot(address, "");
    let connector = MeshConnector::new(client.clone());
    while client.state() != CertificateState::Expired {
        status.changed().await.unwrap();
    }
    let refused = connect(&connector, dial(&snapshot, DialProtocol::Http1)).await.err().unwrap();
    assert!(refused.contains("has expired") && refused.contains("out of order"), "{refused}");
    // As a server it refuses too, and says the same.
    let caller = MeshConnector::new(identity(&authority, api()).await);
    let calling = connect(&caller, dial(&snapshot, DialProtocol::Http1));
    let acceptor = MeshAcceptor::new(client.clone());
    let serving = async {
        loop {
            // The first one is the client's own, which was given up before a byte was said.
            let (stream, _) = listener.accept().await.unwrap();
            if let Err(refused) = accept(&acceptor, stream, MtlsMode::Strict).await {
                return refused;
            }
        }
    };
    let (called, refused) = tokio::join!(calling, serving);
    assert!(called.is_err());
    assert!(matches!(refused, meshwork_transport::AcceptError::Unusable(_)), "{refused}");
    assert!(refused.to_string().contains("has expired"), "{refused}");

    fails.store(false, Ordering::SeqCst);
    status.wait_for(|status| status.failure.is_none()).await.unwrap();
    assert!(client.usable().is_ok(), "it comes back by itself");
}

/// A source that never answers.
#[derive(Debug)]
struct Silent;

impl SvidSource for Silent {
    fn fetch(&self, _now: OffsetDateTime) -> SvidFuture<'_> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_does_not_answer_is_given_up() {
    let failed = Identity::start(Silent).await.unwrap_err();
    assert!(matches!(failed, IdentityError::TimedOut(10)), "{failed}");
    let identity = Identity::start_detached(Silent, IdentityOptions::default()).await;
    assert_eq!(identity.state(), CertificateState::Missing);
    assert!(identity.usable().is_err());
}

#[tokio::test]
async fn a_certificate_that_is_somebody_elses_or_of_no_use_is_not_taken() {
    let authority = authority("cluster.local");
    let mut options = IdentityOptions::default();
    options.expected = Some(api());
    options.start_timeout = Duration::from_millis(100);
    let refused = Identity::start_with(source(&authority, web()), options).await.unwrap_err();
    assert!(matches!(refused, IdentityError::Other { .. }), "{refused}");
    // One that has ended already when it comes.
    let late = source(&authority, web()).lifetime(time::Duration::seconds(1));
    let late = Late(late);
    let mut options = IdentityOptions::default();
    options.start_timeout = Duration::from_millis(100);
    let refused = Identity::start_with(late, options).await.unwrap_err();
    assert!(matches!(refused, IdentityError::Refused(_)), "{refused}");
    assert!(identity(&authority, web()).await.usable().is_ok());
}

/// Asks for certificates of an hour ago.
#[derive(Debug)]
struct Late<S>(S);

impl<S: SvidSource> SvidSource for Late<S> {
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_> {
        self.0.fetch(now - time::Duration::hours(1))
    }
}

/// A source that always gives the same certificate.
#[derive(Debug)]
struct Fixed(meshwork_identity::X509Context, Arc<std::sync::atomic::AtomicUsize>);

impl SvidSource for Fixed {
    fn fetch(&self, _now: OffsetDateTime) -> SvidFuture<'_> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

#[tokio::test]
async fn a_certificate_that_is_never_renewed_is_asked_for_now_and_then() {
    let authority = authority("cluster.local");
    let short = source(&authority, web()).lifetime(time::Duration::seconds(1));
    let context = short.fetch(OffsetDateTime::now_utc()).await.unwrap();
    let asked = Arc::default();
    let identity = Identity::start(Fixed(context, Arc::clone(&asked))).await.unwrap();
    let mut status = identity.status();
    status.wait_for(|status| status.failure.is_some()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let asked = asked.load(Ordering::SeqCst);
    assert!((2..6).contains(&asked), "{asked}");
    assert_eq!(status.borrow().generation, 1);
}

/// A source that does with each request what it is told to.
#[derive(Debug)]
struct Moody<S> {
    inner: S,
    other: S,
    mood: Arc<std::sync::atomic::AtomicU8>,
}

impl<S: SvidSource> SvidSource for Moody<S> {
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_> {
        match self.mood.load(Ordering::SeqCst) {
            0 => self.inner.fetch(now),
            1 => Box::pin(std::future::pending()),
            2 => self.other.fetch(now),
            _ => self.inner.fetch(now - time::Duration::days(2)),
        }
    }
}

/// An authority that answers too late, with somebody else's certificate, or with one that has
/// ended: each is told, the old certificate serves on, and a good answer mends it.
#[tokio::test]
async fn wrong_and_late_answers_leave_the_old_certificate_in_force() {
    let authority = authority("cluster.local");
    let mood = Arc::default();
    let renewing = |id| source(&authority, id).lifetime(time::Duration::seconds(3600));
    let moody = Moody { inner: renewing(web()), other: renewing(api()), mood: Arc::clone(&mood) };
    let mut options = IdentityOptions::default();
    options.expected = Some(web());
    options.fetch_timeout = Duration::from_millis(50);
    // Renewed at once, again and again.
    options.rotation = meshwork_identity::Rotation::default().grace(1.0, 0.0);
    let identity = Identity::start_with(moody, options).await.unwrap();
    let mut status = identity.status();
    for (now, reason) in [(1, "did not answer"), (2, "sa/api"), (3, "expired")] {
        mood.store(now, Ordering::SeqCst);
        let told = |status: &meshwork_transport::IdentityStatus| {
            status.failure.as_ref().is_some_and(|failure| failure.to_lowercase().contains(reason))
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), status.wait_for(told)).await;
        let waited = waited.map(drop);
        assert!(waited.is_ok(), "{reason}: {:?}", identity.status().borrow());
        let held = identity.live().load();
        assert_eq!((*held).as_ref().unwrap().context().svid.id(), &web());
        assert!(identity.usable().is_ok(), "{reason}");
        mood.store(0, Ordering::SeqCst);
        let mended = status.wait_for(|status| status.failure.is_none());
        tokio::time::timeout(Duration::from_secs(20), mended).await.unwrap().unwrap();
    }
}

/// Files that are being written, or were written wrongly.
#[tokio::test]
async fn files_that_do_not_fit_leave_the_old_certificate_in_force() {
    let authority = authority("cluster.local");
    let folder = tempfile::tempdir().unwrap();
    let context =
        async || source(&authority, web()).fetch(OffsetDateTime::now_utc()).await.unwrap();
    let (first, second) = (context().await, context().await);
    let write = |name: &str, label: &str, der: &[u8]| {
        let text = pem(label, der);
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    let chain = |context: &meshwork_identity::X509Context| {
        write("cert-chain.pem", "CERTIFICATE", &context.svid.chain()[0]);
    };
    let key = |context: &meshwork_identity::X509Context| {
        write("key.pem", "PRIVATE KEY", context.svid.key().secret_der());
    };
    write("root-cert.pem", "CERTIFICATE", &first.bundles.own().roots()[0]);
    chain(&first);
    key(&first);
    let files = meshwork_identity::FileSource::in_folder(folder.path());
    let identity = Identity::start(files.interval(Duration::from_millis(20))).await.unwrap();
    let mut status = identity.status();
    let mut failure = async |part: &str| {
        let told = |status: &meshwork_transport::IdentityStatus| {
            status.failure.as_ref().is_some_and(|failure| failure.contains(part))
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), status.wait_for(told)).await;
        let waited = waited.map(drop);
        assert!(waited.is_ok(), "{part}: {:?}", identity.status().borrow());
        assert!(identity.usable().is_ok());
    };
    chain(&second);
    failure("the private key is not that of the certificate").await;
    std::fs::write(folder.path().join("key.pem"), "-----BEGIN nothing").unwrap();
    failure("PEM").await;
    std::fs::remove_file(folder.path().join("key.pem")).unwrap();
    failure("key.pem").await;
    key(&second);
    let taken = status_of(&identity, 2);
    tokio::time::timeout(Duration::from_secs(20), taken).await.unwrap();
    let held = identity.live().load();
    assert_eq!((*held).as_ref().unwrap().context().svid, second.svid);
}

async fn status_of(identity: &Identity, generation: u64) {
    let mut status = identity.status();
    let there = |status: &meshwork_transport::IdentityStatus| {
        status.generation == generation && status.failure.is_none()
    };
    status.wait_for(there).await.unwrap();
}
