//! The check of a certificate by authorities and names of the user's.

use std::sync::Arc;

use meshwork_identity::{
    Purpose,
    tls::{CertificateVerifier, CheckClient, CheckServer, VerifyError},
};
use rustls::{CertificateError, Error, crypto::CryptoProvider};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage, RevocationOptionsBuilder};

use super::{material::Authorities, sha256};

/// Checks the other side's certificate.
#[derive(Clone, Debug)]
pub(crate) struct UserCheck {
    /// `None`: any certificate will do.
    pub(crate) authorities: Option<Authorities>,
    /// The certificate has to be one of this host.
    pub(crate) host: Option<ServerName<'static>>,
    /// The certificate has to bear one of these names, where there are any.
    pub(crate) names: Arc<[Arc<str>]>,
    pub(crate) pins: Pins,
    /// Whether a client has to show a certificate.
    pub(crate) mandatory: bool,
    pub(crate) provider: Arc<CryptoProvider>,
}

/// Certificates that are known one by one; either list may hold the certificate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins {
    /// SHA-256 of the key, base64.
    pub(crate) spki: Arc<[Arc<str>]>,
    /// SHA-256 of the certificate, hex, with or without colons.
    pub(crate) hash: Arc<[Arc<str>]>,
}

impl UserCheck {
    /// The verifier of this check.
    pub(crate) fn verifier(self) -> Arc<CertificateVerifier<Self>> {
        let provider = Arc::clone(&self.provider);
        Arc::new(CertificateVerifier::by(self, provider))
    }

    fn verify(
        &self,
        purpose: Purpose,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(authorities) = &self.authorities else { return Ok(()) };
        let chain = |error| Error::from(VerifyError::Chain(error));
        let parsed = EndEntityCert::try_from(leaf).map_err(chain)?;
        let usage = match purpose {
            Purpose::Server => KeyUsage::server_auth(),
            Purpose::Client => KeyUsage::client_auth(),
        };
        let lists: Vec<_> = authorities.revoked.iter().collect();
        // Every authority of the chain needs a list that is in force, as with Envoy.
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|builder| {
            builder.with_expiration_policy(webpki::ExpirationPolicy::Enforce).build()
        });
        let algorithms = self.provider.signature_verification_algorithms.all;
        let anchors = &authorities.anchors;
        parsed
            .verify_for_usage(algorithms, anchors, intermediates, now, usage, revocation, None)
            .map_err(chain)?;
        if let Some(host) = &self.host {
            parsed.verify_is_valid_for_subject_name(host).map_err(not_named)?;
        }
        if !self.names.is_empty() && !self.names.iter().any(|name| bears(&parsed, name)) {
            return Err(CertificateError::NotValidForName.into());
        }
        if self.pins.admit(leaf, &parsed, &self.provider) {
            Ok(())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }
}

impl Pins {
    fn admit(
        &self,
        leaf: &CertificateDer<'_>,
        parsed: &EndEntityCert<'_>,
        provider: &CryptoProvider,
    ) -> bool {
        if self.spki.is_empty() && self.hash.is_empty() {
            return true;
        }
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let plain = |text: &str| text.replace(':', "").to_ascii_lowercase();
        let certificate = sha256(leaf, provider).map(|hash| hex(hash.as_ref()));
        let key = sha256(&parsed.subject_public_key_info(), provider)
            .map(|hash| crate::xfcc::base64(hash.as_ref()));
        certificate.is_some_and(|shown| self.hash.iter().any(|pin| plain(pin) == shown))
            || key.is_some_and(|shown| self.spki.iter().any(|pin| **pin == *shown))
    }
}

/// Whether the certificate bears a name: a URI byte for byte, else a DNS name or an address.
fn bears(certificate: &EndEntityCert<'_>, name: &str) -> bool {
    if name.contains("://") {
        return certificate.valid_uri_names().any(|uri| uri == name);
    }
    ServerName::try_from(name)
        .is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
}

fn not_named(_: webpki::Error) -> Error {
    CertificateError::NotValidForName.into()
}

impl CheckServer for UserCheck {
    fn check_server(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        self.verify(Purpose::Server, leaf, intermediates, now)
    }
}

impl CheckClient for UserCheck {
    fn check_client(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        self.verify(Purpose::Client, leaf, intermediates, now)
    }

    fn is_mandatory(&self) -> bool {
        self.mandatory
    }
}
