//! Certificates, keys and sources: what fits together is taken, all else is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

use meshwork_identity::{
    AuthoritySource, CertificateAuthority, CertificateService, SpiffeId, StaticTokens, Svid,
    SvidError, SvidSource, SvidSourceError, TrustDomain, X509Context,
};
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

fn web() -> SpiffeId {
    id("spiffe://cluster.local/ns/shop/sa/web")
}

fn source(token: &str) -> AuthoritySource {
    let trust_domain: TrustDomain = "cluster.local".parse().unwrap();
    let authority =
        CertificateAuthority::self_signed(&trust_domain, NOW, Duration::days(1)).unwrap();
    let tokens = StaticTokens::new().token("secret", web());
    let service = Arc::new(CertificateService::new(authority, tokens));
    AuthoritySource::new(service, web(), token).lifetime(Duration::hours(1))
}

fn fetch(source: &impl SvidSource) -> Result<X509Context, SvidSourceError> {
    let mut fetched = source.fetch(NOW);
    match fetched.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("an authority in process and files answer at once"),
    }
}

#[test]
fn an_authority_in_process_gives_a_certificate_and_whom_to_trust() {
    let source = source("secret").alias("old".parse().unwrap());
    let context = fetch(&source).unwrap();
    assert_eq!(context.svid.id(), &web());
    assert_eq!(context.svid.not_after(), NOW + Duration::hours(1));
    assert_eq!(context.bundles.trust_domains().count(), 2);
    let again = fetch(&source).unwrap();
    assert_ne!(again.svid, context.svid, "a key serves for one certificate");
    assert_ne!(again.svid.key(), context.svid.key());
}

#[test]
fn a_wrong_credential_gets_nothing() {
    let refused = fetch(&source("guessed")).unwrap_err();
    assert!(refused.to_string().contains("the credential is not known"), "{refused}");
}

#[test]
fn serial_numbers_are_random_and_positive() {
    use x509_parser::prelude::FromDer;
    let source = source("secret");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let context = fetch(&source).unwrap();
        let leaf = context.svid.chain()[0].to_vec();
        let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(&leaf).unwrap();
        let serial = parsed.raw_serial().to_vec();
        assert!(serial[0] < 0x80 && serial.len() <= 16, "{serial:?}");
        assert!(seen.insert(serial));
    }
}

fn certificate(uri: Option<&str>) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let mut params = CertificateParams::default();
    params.subject_alt_names = match uri {
        Some(uri) => vec![SanType::URI(uri.try_into().unwrap())],
        None => vec![SanType::DnsName("web.example".try_into().unwrap())],
    };
    let key = KeyPair::generate().unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    (chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

#[test]
fn what_does_not_fit_together_is_no_svid() {
    let (chain, key) = certificate(Some(web().as_str()));
    assert_eq!(Svid::new(Vec::new(), key.clone_key()).unwrap_err(), SvidError::Empty);
    let (_, other) = certificate(Some(web().as_str()));
    assert_eq!(Svid::new(chain.clone(), other).unwrap_err(), SvidError::KeyMismatch);
    let broken = PrivatePkcs8KeyDer::from(b"no key".to_vec()).into();
    assert!(matches!(Svid::new(chain.clone(), broken), Err(SvidError::Key(_))));
    let (nameless, its_key) = certificate(None);
    assert_eq!(Svid::new(nameless, its_key).unwrap_err(), SvidError::NoSpiffeId);
    assert!(matches!(Svid::from_pem(b"", b""), Err(SvidError::Pem { what: "private key", .. })));
    let svid = Svid::new(chain, key).unwrap();
    let shown = format!("{svid:?}");
    assert!(shown.contains("ns/shop/sa/web") && !shown.contains("key"), "{shown}");
}

#[cfg(feature = "file")]
mod files {
    use super::*;
    use meshwork_identity::FileSource;
    use std::fs;

    fn pem(label: &str, der: &[u8]) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut body = String::new();
        for chunk in der.chunks(3) {
            let byte = |at: usize| chunk.get(at).copied().unwrap_or(0);
            let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
                body.push(if place <= chunk.len() { digit as char } else { '=' });
            }
        }
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    fn write(folder: &std::path::Path, context: &X509Context) {
        let chain: String =
            context.svid.chain().iter().map(|der| pem("CERTIFICATE", der)).collect();
        let roots: String =
            context.bundles.own().roots().iter().map(|der| pem("CERTIFICATE", der)).collect();
        fs::write(folder.join("cert-chain.pem"), chain).unwrap();
        fs::write(folder.join("key.pem"), pem("PRIVATE KEY", context.svid.key().secret_der()))
            .unwrap();
        fs::write(folder.join("root-cert.pem"), roots).unwrap();
    }

    #[test]
    fn files_hold_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let files = FileSource::in_folder(folder.path());
        let missing = fetch(&files).unwrap_err();
        assert!(missing.source_name.ends_with("cert-chain.pem"), "{missing}");
        let source = source("secret");
        let first = fetch(&source).unwrap();
        write(folder.path(), &first);
        assert_eq!(fetch(&files).unwrap(), first);
        assert_eq!(fetch(&files).unwrap().svid.key(), first.svid.key());

        // Between two writes the key is that of another certificate.
        let second = fetch(&source).unwrap();
        fs::write(
            folder.path().join("key.pem"),
            pem("PRIVATE KEY", second.svid.key().secret_der()),
        )
        .unwrap();
        let refused = fetch(&files).unwrap_err();
        assert!(refused.reason.contains("not that of the certificate"), "{refused}");
        write(folder.path(), &second);
        assert_eq!(fetch(&files).unwrap(), second);
    }
}
