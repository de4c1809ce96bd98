//! TLS settings of clients.

use super::findings::{Findings, quote};
use super::place::Place;
use crate::networking::{ClientTlsMode, ClientTlsSettings};

/// `tls` of a traffic policy.
pub(super) fn check(
    place: &Place<'_>,
    namespace: &str,
    tls: &ClientTlsSettings,
    out: &mut Findings<'_>,
) {
    if let Some(reference) = tls.credential_name.strip_prefix("configmap://") {
        config_map(&place.field("credentialName"), namespace, reference, out);
    }
    let simple = tls.mode == ClientTlsMode::Simple;
    let mutual = tls.mode == ClientTlsMode::Mutual;
    let has_credential = !tls.credential_name.is_empty();
    if tls.insecure_skip_verify == Some(true) && (simple || mutual) {
        // A credential of MUTUAL holds the own certificate too, so it may stay.
        let verifies = !tls.ca_certificates.is_empty()
            || !tls.subject_alt_names.is_empty()
            || (simple && has_credential);
        if verifies {
            let message = "excludes everything that servers are verified by: CA certificates, names, a credential";
            out.error(&place.field("insecureSkipVerify"), message);
        }
    }
    if (simple || mutual) && has_credential {
        let files = [&tls.client_certificate, &tls.ca_certificates, &tls.private_key, &tls.ca_crl];
        if files.into_iter().any(|file| !file.is_empty()) {
            out.error(
                place,
                "`credentialName` holds certificates and keys, so no files can be given",
            );
        }
        return;
    }
    if mutual {
        for (name, value) in
            [("clientCertificate", &tls.client_certificate), ("privateKey", &tls.private_key)]
        {
            if value.is_empty() {
                out.error(&place.field(name), "is required for MUTUAL");
            }
        }
    }
}

/// A ConfigMap with roots, `configmap://namespace/name`; only the own namespace is allowed.
fn config_map(place: &Place<'_>, namespace: &str, reference: &str, out: &mut Findings<'_>) {
    let mut parts = reference.split('/');
    match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) {
        ("", _) | (_, "") => {
            let message =
                format!("{} is not of the form `configmap://namespace/name`", quote(reference));
            out.error(place, message);
        }
        (of, _) if of != namespace => {
            let message = format!("a ConfigMap of the namespace {} is out of reach", quote(of));
            out.error(place, message);
        }
        _ => {}
    }
}
