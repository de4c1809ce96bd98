//! Whatever identity is issued: its certificate is that identity's and nobody else's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

use std::sync::LazyLock;

use meshwork_identity::{
    CertificateAuthority, Csr, ExpectedNames, PeerIdentity, Purpose, SpiffeId, WorkloadKey,
};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

static AUTHORITY: LazyLock<CertificateAuthority> = LazyLock::new(|| {
    let own = "cluster.local".parse().unwrap();
    CertificateAuthority::self_signed(&own, NOW, Duration::days(10)).unwrap()
});

fn identity() -> impl Strategy<Value = SpiffeId> {
    "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?/sa/[a-zA-Z0-9._-]{1,30}"
        .prop_map(|path| format!("spiffe://cluster.local/ns/{path}"))
        .prop_filter_map("a dot segment", |text| text.parse().ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_certificate_is_accepted_for_its_identity_and_for_no_other(
        own in identity(),
        other in identity(),
    ) {
        let request = WorkloadKey::generate().unwrap().request(&own).unwrap();
        let request = Csr::from_der(&request).unwrap();
        let issued = AUTHORITY.issue(&request, &own, None, NOW).unwrap();
        for purpose in [Purpose::Client, Purpose::Server] {
            let peer = PeerIdentity::from_certificate(&issued.chain[0], purpose).unwrap();
            prop_assert_eq!(peer.spiffe_id(), Some(&own));
            prop_assert!(ExpectedNames::new([own.as_str()]).admits(&peer));
            let admits = ExpectedNames::new([other.as_str()]).admits(&peer);
            prop_assert_eq!(admits, other == own);
        }
        let stolen = AUTHORITY.issue(&request, &other, None, NOW);
        prop_assert_eq!(stolen.is_ok(), other == own);
    }

    #[test]
    fn nothing_that_is_parsed_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = PeerIdentity::from_certificate(&bytes, Purpose::Client);
        let _ = Csr::from_der(&bytes);
    }

    #[test]
    fn a_certificate_with_a_wrong_byte_never_names_somebody_else(at in 0_usize..400, bit in 0_u8..8) {
        let own: SpiffeId = "spiffe://cluster.local/ns/shop/sa/web".parse().unwrap();
        let request = WorkloadKey::generate().unwrap().request(&own).unwrap();
        let mut request = request.clone();
        let at = at % request.len();
        request[at] ^= 1 << bit;
        // The signature covers every byte that matters.
        if let Ok(request) = Csr::from_der(&request) {
            prop_assert!(request.check_names(&own).is_ok());
        }
    }
}

/// What handshakes ask: the chain, the time and the trust domain too.
#[cfg(feature = "rustls")]
mod verified {
    use super::*;
    use meshwork_identity::{
        Svid, TrustBundle, TrustBundles, X509Context,
        tls::{TlsIdentity, VerifyError, provider},
    };
    use rustls_pki_types::{CertificateDer, UnixTime};

    /// Certificates begin a little earlier than they are issued, and no verifier knows the time
    /// before 1970.
    const THEN: OffsetDateTime = NOW.saturating_add(Duration::days(1));

    /// Another authority of the same name, which nobody here trusts.
    static STRANGER: LazyLock<CertificateAuthority> = LazyLock::new(|| {
        let own = "cluster.local".parse().unwrap();
        CertificateAuthority::self_signed(&own, NOW, Duration::days(10)).unwrap()
    });

    /// Somebody who trusts `AUTHORITY`.
    static VERIFIER: LazyLock<TlsIdentity> = LazyLock::new(|| {
        let own: SpiffeId = "spiffe://cluster.local/ns/shop/sa/verifier".parse().unwrap();
        let key = WorkloadKey::generate().unwrap();
        let request = Csr::from_der(&key.request(&own).unwrap()).unwrap();
        let issued = AUTHORITY.issue(&request, &own, None, THEN).unwrap();
        let bundle = TrustBundle::new(own.trust_domain().clone(), [issued.root.clone()]).unwrap();
        let svid: Svid = key.into_svid(issued.chain).unwrap();
        TlsIdentity::new(X509Context::new(svid, TrustBundles::new(bundle)), provider()).unwrap()
    });

    fn chain(authority: &CertificateAuthority, id: &SpiffeId) -> Vec<CertificateDer<'static>> {
        let request = WorkloadKey::generate().unwrap().request(id).unwrap();
        authority.issue(&Csr::from_der(&request).unwrap(), id, None, THEN).unwrap().chain
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_certificate_counts_for_its_identity_while_it_is_valid(
            own in identity(),
            hours in 0_i64..60,
        ) {
            let at = |time: OffsetDateTime| {
                let seconds = u64::try_from(time.unix_timestamp()).unwrap();
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
            };
            let now = THEN + Duration::hours(hours);
            let (trusted, posing) = (chain(&AUTHORITY, &own), chain(&STRANGER, &own));
            for purpose in [Purpose::Client, Purpose::Server] {
                let (leaf, rest) = trusted.split_first().unwrap();
                let verified = VERIFIER.verify(purpose, leaf, rest, at(now));
                // A day is how long certificates live unless said otherwise.
                match verified {
                    Ok(peer) => {
                        prop_assert!(hours <= 24, "{hours}");
                        prop_assert_eq!(peer.spiffe_id(), Some(&own));
                    }
                    Err(VerifyError::Chain(reason)) => prop_assert!(hours >= 24, "{hours}: {reason}"),
                    Err(other) => prop_assert!(false, "{other}"),
                }
                let (leaf, rest) = posing.split_first().unwrap();
                let refused = VERIFIER.verify(purpose, leaf, rest, at(THEN)).unwrap_err();
                prop_assert!(matches!(refused, VerifyError::Chain(_)), "{refused}");
            }
        }
    }

    #[test]
    fn of_another_trust_domain_it_is_refused_even_with_the_same_path() {
        let other = "elsewhere".parse().unwrap();
        let authority = CertificateAuthority::self_signed(&other, NOW, Duration::days(10)).unwrap();
        let id: SpiffeId = "spiffe://elsewhere/ns/shop/sa/verifier".parse().unwrap();
        let chain = chain(&authority, &id);
        let (leaf, rest) = chain.split_first().unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(60));
        let refused = VERIFIER.verify(Purpose::Client, leaf, rest, now).unwrap_err();
        assert_eq!(refused, VerifyError::TrustDomain(other));
    }
    /// Secure naming asks who it is; that the mesh's own authority vouches for it is asked here.
    #[test]
    fn a_server_may_be_of_another_trust_domain_where_the_own_authority_says_so() {
        let id: SpiffeId = "spiffe://elsewhere/ns/shop/sa/verifier".parse().unwrap();
        let then = u64::try_from(THEN.unix_timestamp()).unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(then));
        let verify = |authority: &CertificateAuthority, purpose| {
            let chain = chain(authority, &id);
            let (leaf, rest) = chain.split_first().unwrap();
            VERIFIER.verify(purpose, leaf, rest, now).map(|peer| peer.spiffe_id().cloned())
        };
        assert_eq!(verify(&AUTHORITY, Purpose::Server), Ok(Some(id.clone())));
        let refused = VerifyError::TrustDomain(id.trust_domain().clone());
        assert_eq!(verify(&AUTHORITY, Purpose::Client), Err(refused.clone()));
        assert_eq!(verify(&STRANGER, Purpose::Server), Err(refused));
    }
}
