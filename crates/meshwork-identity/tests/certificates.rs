//! Certificates that are accepted, and hostile ones that are refused each with its own reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

use meshwork_identity::{
    CertificateAuthority, Csr, ExpectedNames, IssueError, Lifetimes, PeerIdentity,
    PeerIdentityError, Purpose, SpiffeId, TrustDomain, WorkloadKey,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

fn trust_domain() -> TrustDomain {
    "cluster.local".parse().unwrap()
}

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// A self-signed certificate: this crate reads the leaf, chains are the verifier's.
fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![uri("spiffe://cluster.local/ns/a/sa/b")];
    change(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn dns(text: &str) -> SanType {
    SanType::DnsName(text.try_into().unwrap())
}

fn refused(der: &[u8]) -> PeerIdentityError {
    PeerIdentity::from_certificate(der, Purpose::Client).unwrap_err()
}

#[test]
fn an_issued_certificate_names_its_identity_and_no_other() {
    let authority =
        CertificateAuthority::self_signed(&trust_domain(), NOW, Duration::days(3650)).unwrap();
    let me = id("spiffe://cluster.local/ns/shop/sa/web");
    let request = Csr::from_der(&WorkloadKey::generate().unwrap().request(&me).unwrap()).unwrap();
    let issued = authority.issue(&request, &me, None, NOW).unwrap();
    assert_eq!(issued.not_after, NOW + Duration::hours(24));
    for purpose in [Purpose::Client, Purpose::Server] {
        let peer = PeerIdentity::from_certificate(&issued.chain[0], purpose).unwrap();
        assert_eq!(peer.spiffe_id(), Some(&me));
        assert!(ExpectedNames::new([me.as_str()]).admits(&peer));
        assert!(!ExpectedNames::new(["spiffe://cluster.local/ns/shop/sa/api"]).admits(&peer));
        assert!(!ExpectedNames::default().admits(&peer), "an empty list admits nobody");
        assert!(peer.check_time(NOW).is_ok());
        assert!(peer.check_time(NOW + Duration::days(2)).is_err());
        assert!(peer.check_time(NOW - Duration::minutes(3)).is_err());
    }
}

#[test]
fn an_issued_leaf_has_istios_constraints() {
    use x509_parser::{certificate::X509Certificate, prelude::FromDer};
    let authority =
        CertificateAuthority::self_signed(&trust_domain(), NOW, Duration::days(1)).unwrap();
    let me = id("spiffe://cluster.local/ns/shop/sa/web");
    let request = Csr::from_der(&WorkloadKey::generate().unwrap().request(&me).unwrap()).unwrap();
    let issued = authority.issue(&request, &me, Some(Duration::hours(1)), NOW).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.chain[0]).unwrap();
    assert_eq!(leaf.validity().not_before.to_datetime(), NOW - Duration::minutes(2));
    assert_eq!(leaf.validity().not_after.to_datetime(), NOW + Duration::hours(1));
    assert_eq!(leaf.subject().iter_rdn().count(), 0);
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    assert!(names.critical);
    assert_eq!(names.value.general_names.len(), 1);
    assert!(!leaf.basic_constraints().unwrap().unwrap().value.ca);
    let usage = leaf.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature() && usage.key_encipherment() && !usage.key_cert_sign());
    let extended = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(extended.server_auth && extended.client_auth && !extended.any);
    // Nobody's certificate outlives the authority's.
    let late = authority.issue(&request, &me, None, NOW + Duration::hours(23)).unwrap();
    assert_eq!(late.not_after, NOW + Duration::days(1));
}

#[test]
fn names_of_the_request_are_the_callers_or_refused() {
    let authority =
        CertificateAuthority::self_signed(&trust_domain(), NOW, Duration::days(1)).unwrap();
    let key = WorkloadKey::generate().unwrap();
    let admin = id("spiffe://cluster.local/ns/shop/sa/admin");
    let request = Csr::from_der(&key.request(&admin).unwrap()).unwrap();
    let refused =
        authority.issue(&request, &id("spiffe://cluster.local/ns/shop/sa/web"), None, NOW);
    assert!(matches!(refused, Err(IssueError::Request(_))), "{refused:?}");
}

#[test]
fn lifetimes_are_bounded() {
    let authority = CertificateAuthority::self_signed(&trust_domain(), NOW, Duration::hours(1))
        .unwrap()
        .lifetimes(Lifetimes::default());
    let me = id("spiffe://cluster.local/ns/shop/sa/web");
    let request = Csr::from_der(&WorkloadKey::generate().unwrap().request(&me).unwrap()).unwrap();
    let issue = |lifetime, now| authority.issue(&request, &me, lifetime, now);
    assert!(matches!(issue(Some(Duration::days(91)), NOW), Err(IssueError::Lifetime { .. })));
    assert_eq!(issue(Some(Duration::ZERO), NOW).unwrap().not_after, NOW + Duration::hours(1));
    assert_eq!(issue(None, NOW + Duration::hours(2)), Err(IssueError::Expired));
}

#[test]
fn a_request_signed_by_another_key_is_refused() {
    let me = id("spiffe://cluster.local/ns/shop/sa/web");
    let mut der = WorkloadKey::generate().unwrap().request(&me).unwrap();
    assert!(Csr::from_der(&der).is_ok());
    let last = der.len() - 1;
    der[last] ^= 1;
    assert!(Csr::from_der(&der).is_err());
    assert!(Csr::from_der(&vec![0x30; Csr::MAX_LEN + 1]).is_err());
}

#[test]
fn hostile_certificates_are_refused_each_with_its_reason() {
    use PeerIdentityError as E;
    // One without extended key usages may be used for everything.
    let good = certificate(|p| assert!(p.extended_key_usages.is_empty()));
    assert!(PeerIdentity::from_certificate(&good, Purpose::Client).is_ok());
    assert!(PeerIdentity::from_certificate(&good, Purpose::Server).is_ok());

    assert!(matches!(refused(b"not a certificate"), E::Malformed(_)));
    assert!(matches!(refused(&[good.clone(), vec![0]].concat()), E::Malformed(_)));
    let authority = certificate(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(refused(&authority), E::Authority);
    let signer = certificate(|p| p.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    assert_eq!(refused(&signer), E::KeyUsage);
    let server = certificate(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    assert_eq!(refused(&server), E::ExtendedKeyUsage("clientAuth"));
    assert!(PeerIdentity::from_certificate(&server, Purpose::Server).is_ok());
    let two = certificate(|p| p.subject_alt_names.push(uri("spiffe://other/ns/a/sa/b")));
    assert_eq!(refused(&two), E::SeveralUris(2));
    let text = certificate(|p| {
        p.subject_alt_names =
            vec![SanType::Rfc822Name("spiffe://cluster.local/ns/a/sa/b".try_into().unwrap())];
    });
    assert!(matches!(refused(&text), E::SpiffeText(_)));
    let text = certificate(|p| p.subject_alt_names = vec![dns("spiffe://cluster.local/ns/a/sa/b")]);
    assert!(matches!(refused(&text), E::SpiffeText(_)));
    assert_eq!(refused(&certificate(|p| p.subject_alt_names.clear())), E::NoName);
    let upper =
        certificate(|p| p.subject_alt_names = vec![uri("spiffe://CLUSTER.LOCAL/ns/a/sa/b")]);
    assert!(matches!(refused(&upper), E::SpiffeId(_)));
    for odd in ["spiffe://cluster.local/ns/a/sa/b\0evil", "spiffe://cluster.local/ns/a/sa/b,c"] {
        let odd = certificate(|p| p.subject_alt_names = vec![uri(odd)]);
        assert!(matches!(refused(&odd), E::SpiffeId(_)));
    }
    let text = certificate(|p| {
        p.subject_alt_names = vec![dns("spiffe://cluster.local/ns/a/sa/b\0evil")];
    });
    assert!(matches!(refused(&text), E::SpiffeText(_)));
    let other = certificate(|p| {
        let text = "spiffe://cluster.local/ns/a/sa/b\0evil".into();
        p.subject_alt_names = vec![SanType::OtherName((vec![1, 2, 3], text))];
    });
    assert_eq!(refused(&other), E::NoName);
    let many = certificate(|p| {
        p.subject_alt_names.extend((0..10_000).map(|n| dns(&format!("n{n}.example"))));
    });
    assert_eq!(refused(&many), E::TooManyNames);
    let critical = certificate(|p| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        p.custom_extensions = vec![extension];
    });
    assert_eq!(refused(&critical), E::CriticalExtension("1.2.3.4".into()));
}

#[test]
fn secure_naming_follows_the_recorded_rules() {
    let peer = |names: &[SanType]| {
        let der = certificate(|p| p.subject_alt_names = names.to_vec());
        PeerIdentity::from_certificate(&der, Purpose::Server).unwrap()
    };
    let spiffe = peer(&[uri("spiffe://cluster.local/ns/a/sa/b")]);
    let check = |names: &[&str], admits| {
        assert_eq!(ExpectedNames::new(names.iter().copied()).admits(&spiffe), admits, "{names:?}");
    };
    check(&["spiffe://cluster.local/ns/a/sa/b"], true);
    check(&["spiffe://cluster.local/ns/a/sa/*"], false);
    check(&["spiffe://cluster.local/ns/a/sa/b?x=1"], false);
    let old: TrustDomain = "old".parse().unwrap();
    let names = ExpectedNames::of_service(["spiffe://old/ns/a/sa/b"], &[trust_domain()]);
    assert!(names.admits(&spiffe), "expanded with the alias");
    let names = ExpectedNames::of_service(["spiffe://cluster.local/ns/a/sa/b", ""], &[old]);
    assert_eq!(names.iter().count(), 2);

    let web = peer(&[dns("*.example.com"), dns("Api.example.org")]);
    let covered = |name: &str| ExpectedNames::new([name]).admits(&web);
    assert!(covered("a.example.com"));
    assert!(covered("API.EXAMPLE.ORG"));
    assert!(!covered("a.b.example.com"));
    assert!(!covered("example.com"));
    assert!(!covered(".example.com"));
}
