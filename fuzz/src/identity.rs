//! Identities and certificates of strangers.

use meshwork_identity::{Csr, ExpectedNames, PeerIdentity, Purpose, SpiffeId};

/// A text is a SPIFFE ID that comes out as it went in, or none.
pub fn spiffe_id(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(id) = text.parse::<SpiffeId>() else { return };
    assert_eq!(id.to_string(), text, "what is shown is what was read");
    assert!(text.starts_with("spiffe://") && text.is_ascii());
    if let Some(workload) = id.workload() {
        let again =
            SpiffeId::for_workload(id.trust_domain(), workload.namespace, workload.service_account);
        assert_eq!(again.as_ref(), Ok(&id), "its parts make it up");
    }
}

/// A certificate names somebody or is refused; an empty list of names admits nobody.
pub fn peer_certificate(data: &[u8]) {
    for purpose in [Purpose::Client, Purpose::Server] {
        let Ok(peer) = PeerIdentity::from_certificate(data, purpose) else { continue };
        assert!(peer.uri().is_some() || !peer.dns_names().is_empty(), "somebody is named");
        assert!(!ExpectedNames::default().admits(&peer));
        if let Some(id) = peer.spiffe_id() {
            assert_eq!(peer.uri(), Some(id.as_str()));
            assert!(ExpectedNames::new([id.as_str()]).admits(&peer));
        }
        assert!(peer.dns_names().iter().all(|name| !name.contains("://")));
    }
}

/// A signing request is refused, or asks for names that can be checked.
pub fn csr(data: &[u8]) {
    let Ok(request) = Csr::from_der(data) else { return };
    let stranger = "spiffe://elsewhere/ns/nobody/sa/nobody".parse();
    if let Ok(stranger) = stranger {
        // Either answer is sound; one that asks for no name may be anybody's.
        let _ = request.check_names(&stranger);
    }
}
