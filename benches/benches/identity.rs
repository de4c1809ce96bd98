//! Reading a peer's certificate, and secure naming.

#![allow(clippy::expect_used, reason = "a test fails by it")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use meshwork_identity::{
    CertificateAuthority, Csr, ExpectedNames, PeerIdentity, Purpose, SpiffeId, TrustDomain,
    WorkloadKey,
};
use time::{Duration, OffsetDateTime};

fn identity(criterion: &mut Criterion) {
    let now = OffsetDateTime::UNIX_EPOCH;
    let trust_domain: TrustDomain = "cluster.local".parse().expect("a trust domain");
    let me: SpiffeId = "spiffe://cluster.local/ns/shop/sa/web".parse().expect("an identity");
    let authority = CertificateAuthority::self_signed(&trust_domain, now, Duration::days(1))
        .expect("an authority");
    let key = WorkloadKey::generate().expect("a key");
    let request = Csr::from_der(&key.request(&me).expect("a request")).expect("it is sound");
    let issued = authority.issue(&request, &me, None, now).expect("a certificate");
    let leaf = issued.chain.first().expect("a leaf");
    criterion.bench_function("identity/from_certificate", |bencher| {
        bencher.iter(|| PeerIdentity::from_certificate(black_box(leaf), Purpose::Client));
    });
    let peer = PeerIdentity::from_certificate(leaf, Purpose::Server).expect("it names somebody");
    let names: Vec<_> = (0..99)
        .map(|n| format!("spiffe://cluster.local/ns/shop/sa/s{n}"))
        .chain([me.to_string()])
        .collect();
    let names = ExpectedNames::new(names.iter().map(String::as_str));
    assert!(names.admits(&peer));
    criterion.bench_function("identity/admits", |bencher| {
        bencher.iter(|| names.admits(black_box(&peer)));
    });
}

criterion_group!(benches, identity);
criterion_main!(benches);
