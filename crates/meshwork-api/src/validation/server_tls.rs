//! TLS settings of servers: of Gateways and of Sidecars' ingress listeners.

use super::findings::Findings;
use super::place::Place;
use crate::networking::{ServerTlsMode, ServerTlsSettings, TlsProtocol};
use std::collections::HashSet;

/// Everything that concerns the settings alone.
pub(super) fn check(place: &Place<'_>, tls: &ServerTlsSettings, out: &mut Findings<'_>) {
    ciphers(place, tls, out);
    let sources = Sources::of(tls);
    if tls.mode == ServerTlsMode::IstioMutual {
        for (name, present) in sources.fields() {
            if present && name != "caCrl" {
                let message =
                    "ISTIO_MUTUAL uses the certificates of the mesh, so nothing can be given here";
                out.error(&place.field(name), message);
            }
        }
        return;
    }
    let terminates = match tls.mode {
        ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough => {
            if sources.fields().into_iter().any(|(_, present)| present) {
                out.warn(place, format!("{} uses no certificates, they are ignored", tls.mode));
            }
            false
        }
        ServerTlsMode::Simple | ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual => true,
        _ => false,
    };
    let files = !tls.server_certificate.is_empty() && !tls.private_key.is_empty();
    let ways = [files, sources.credential, sources.credentials, sources.certificates];
    if ways.into_iter().filter(|given| *given).count() > 1 {
        out.error(
            place,
            "only one of `credentialName`, `credentialNames`, `tlsCertificates` and \
             `serverCertificate` with `privateKey` can be given",
        );
    }
    // Nothing else is asked of settings whose certificates come from a Secret.
    if terminates && (sources.credential || sources.credentials) {
        return;
    }
    if terminates {
        certificates(place, tls, out);
    }
    if sources.revocations {
        let place = place.field("caCrl");
        if sources.credential {
            out.error(&place, "belongs into the Secret that `credentialName` names");
        }
        if tls.mode == ServerTlsMode::Simple {
            out.error(&place, "SIMPLE asks clients for no certificates that could be revoked");
        }
    }
}

/// Which sources of certificates are given.
#[derive(Clone, Copy)]
struct Sources {
    server: bool,
    key: bool,
    roots: bool,
    revocations: bool,
    certificates: bool,
    credential: bool,
    credentials: bool,
}

impl Sources {
    fn of(tls: &ServerTlsSettings) -> Self {
        Self {
            server: !tls.server_certificate.is_empty(),
            key: !tls.private_key.is_empty(),
            roots: !tls.ca_certificates.is_empty(),
            revocations: !tls.ca_crl.is_empty(),
            certificates: !tls.tls_certificates.is_empty(),
            credential: !tls.credential_name.is_empty(),
            credentials: !tls.credential_names.is_empty(),
        }
    }

    fn fields(self) -> [(&'static str, bool); 7] {
        [
            ("serverCertificate", self.server),
            ("privateKey", self.key),
            ("caCertificates", self.roots),
            ("caCrl", self.revocations),
            ("tlsCertificates", self.certificates),
            ("credentialName", self.credential),
            ("credentialNames", self.credentials),
        ]
    }
}

fn certificates(place: &Place<'_>, tls: &ServerTlsSettings, out: &mut Findings<'_>) {
    if tls.mode != ServerTlsMode::Simple && tls.ca_certificates.is_empty() {
        out.error(&place.field("caCertificates"), "is required, to verify clients by");
    }
    let mut pair = |place: &Place<'_>, certificate: &str, key: &str| {
        if certificate.is_empty() {
            out.error(&place.field("serverCertificate"), "is required");
        }
        if key.is_empty() {
            out.error(&place.field("privateKey"), "is required");
        }
    };
    if tls.tls_certificates.is_empty() {
        pair(place, &tls.server_certificate, &tls.private_key);
    }
    for (index, given) in tls.tls_certificates.iter().enumerate() {
        pair(&place.item("tlsCertificates", index), &given.server_certificate, &given.private_key);
    }
    if tls.tls_certificates.len() > 2 {
        out.warn(&place.field("tlsCertificates"), "Envoy takes two of them, one RSA and one ECDSA");
    }
}

fn ciphers(place: &Place<'_>, tls: &ServerTlsSettings, out: &mut Findings<'_>) {
    let old = matches!(tls.min_protocol_version, TlsProtocol::Tlsv10 | TlsProtocol::Tlsv11);
    if old && tls.cipher_suites.is_empty() {
        let message = "needs `cipherSuites`: none of the default ones works below TLS 1.2";
        out.warn(&place.field("minProtocolVersion"), message);
    }
    let mut seen = HashSet::new();
    for (index, suite) in tls.cipher_suites.iter().enumerate() {
        let place = place.item("cipherSuites", index);
        if !is_cipher_suite(suite) {
            out.warn(&place, format!("the cipher suite `{suite}` is unknown and ignored"));
        } else if !seen.insert(suite.as_str()) {
            out.warn(&place, format!("the cipher suite `{suite}` stands here twice"));
        }
    }
}

/// Whether Istio hands a cipher suite on. What begins with an operator is not looked into.
fn is_cipher_suite(suite: &str) -> bool {
    // The first byte is taken for a character, as Go does.
    let begins_with_a_name =
        suite.bytes().next().map(char::from).is_some_and(char::is_alphanumeric);
    !begins_with_a_name || suite == "ALL" || CIPHER_SUITES.contains(&suite)
}

const CIPHER_SUITES: [&str; 15] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
];
