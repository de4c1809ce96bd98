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
