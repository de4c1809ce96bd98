//! Who a peer is, by its certificate.

use std::sync::Arc;

use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer,
};

use crate::{ParseSpiffeIdError, SpiffeId};

/// The identity in a peer's leaf certificate.
///
/// Only the subject alternative names count; a common name never does. At most one URI may stand
/// there (SPIFFE X.509-SVID; Envoy accepts several and lets any of them match), and one with the
/// scheme `spiffe` has to be a sound SPIFFE ID. Text that looks like a SPIFFE ID in a DNS name is
/// refused: Istio's untyped matching would take it for an identity.
///
/// The chain, the signature and the time are the verifier's business; this reads what the leaf says
/// of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    uri: Option<Arc<str>>,
    spiffe_id: Option<SpiffeId>,
    dns_names: Arc<[Arc<str>]>,
    subject: Arc<str>,
    not_before: i64,
    not_after: i64,
}

/// What the peer uses its certificate for in this handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "TLS has two sides")]
pub enum Purpose {
    /// The peer is the server: extended key usages, where given, include `serverAuth`.
    Server,
    /// The peer is the client: extended key usages, where given, include `clientAuth`.
    Client,
}

/// A leaf certificate that names nobody, or names them in a way that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerIdentityError {
    /// The bytes are not one DER certificate.
    #[error("the certificate cannot be parsed: {0}")]
    Malformed(String),
    /// The certificate is one of an authority.
    #[error("the certificate is one of a certificate authority (CA:TRUE), not of a workload")]
    Authority,
    /// The key may sign certificates.
    #[error("the certificate's key usage allows signing certificates or revocation lists")]
    KeyUsage,
    /// The extended key usages leave this purpose out.
    #[error("the certificate's extended key usages leave out {0}")]
    ExtendedKeyUsage(&'static str),
    /// There is no name to go by.
    #[error("the certificate has no subject alternative name that is a URI or a DNS name")]
    NoName,
    /// More than one URI.
    #[error("the certificate has {0} URI names, one is allowed")]
    SeveralUris(usize),
    /// More names than are looked at.
    #[error("the certificate has more than {} names", PeerIdentity::MAX_NAMES)]
    TooManyNames,
    /// The URI has the scheme `spiffe` and is no SPIFFE ID.
    #[error("the URI name is no identity: {0}")]
    SpiffeId(#[from] ParseSpiffeIdError),
    /// A DNS name or an e-mail address whose text is that of a SPIFFE ID.
    #[error("`{0}` stands in a name that is not a URI")]
    SpiffeText(String),
    /// An extension that is critical and unknown.
    #[error("the certificate has the critical extension {0}, which is not understood")]
    CriticalExtension(String),
    /// The time is outside of the certificate's validity.
    #[error(
        "the certificate is valid from {not_before} to {not_after}, not at {now} (seconds since 1970)"
    )]
    Time {
        /// Begin of the validity.
        not_before: i64,
        /// End of the validity.
        not_after: i64,
        /// When it was looked at.
        now: i64,
    },
}

impl PeerIdentity {
    /// How many subject alternative names a certificate may have.
    pub const MAX_NAMES: usize = 128;

    /// Reads the leaf certificate of a peer.
    ///
    /// # Errors
    /// One reason for each kind of certificate that is not accepted, see [`PeerIdentityError`].
    pub fn from_certificate(der: &[u8], purpose: Purpose) -> Result<Self, PeerIdentityError> {
        let malformed =
            |error: &dyn std::fmt::Display| PeerIdentityError::Malformed(error.to_string());
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|error| malformed(&error))?;
        if !rest.is_empty() {
            return Err(malformed(&"bytes follow the certificate"));
        }
        check_usage(&certificate, purpose)?;
        let names = Names::read(&certificate)?;
        let spiffe_id = match names.uri {
            Some(uri) if uri.starts_with("spiffe:") => Some(uri.parse::<SpiffeId>()?),
            _ => None,
        };
        Ok(Self {
            uri: names.uri.map(Into::into),
            spiffe_id,
            dns_names: names.dns.into_iter().map(Into::into).collect(),
            subject: certificate.subject().to_string().into(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
        })
    }

    /// The one URI name.
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// The identity, where the URI is a SPIFFE ID.
    pub fn spiffe_id(&self) -> Option<&SpiffeId> {
        self.spiffe_id.as_ref()
    }

    /// The DNS names in the order of the certificate.
    pub fn dns_names(&self) -> &[Arc<str>] {
        &self.dns_names
    }

    /// The subject; for logs and `x-forwarded-client-cert`, never for a decision.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When the certificate ends, in seconds since 1970.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Whether the certificate is valid at `now`; connections that outlive it are the caller's
    /// to end.
    ///
    /// # Errors
    /// [`PeerIdentityError::Time`] outside of the validity; both ends belong to it.
    pub fn check_time(&self, now: OffsetDateTime) -> Result<(), PeerIdentityError> {
        let now = now.unix_timestamp();
        if (self.not_before..=self.not_after).contains(&now) {
            return Ok(());
        }
        let Self { not_before, not_after, .. } = *self;
        Err(PeerIdentityError::Time { not_before, not_after, now })
    }
}

fn check_usage(
    certificate: &X509Certificate<'_>,
    purpose: Purpose,
) -> Result<(), PeerIdentityError> {
    let malformed =
        |error: x509_parser::error::X509Error| PeerIdentityError::Malformed(error.to_string());
    for extension in certificate.extensions() {
        let unknown = matches!(
            extension.parsed_extension(),
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::ParseError { .. }
        );
        if extension.critical && unknown {
            return Err(PeerIdentityError::CriticalExtension(extension.oid.to_id_string()));
        }
    }
    if certificate.basic_constraints().map_err(malformed)?.is_some_and(|basic| basic.value.ca) {
        return Err(PeerIdentityError::Authority);
    }
    if let Some(usage) = certificate.key_usage().map_err(malformed)?
        && (usage.value.key_cert_sign() || usage.value.crl_sign())
    {
        return Err(PeerIdentityError::KeyUsage);
    }
    if let Some(usage) = certificate.extended_key_usage().map_err(malformed)? {
        let (allowed, name) = match purpose {
            Purpose::Server => (usage.value.server_auth, "serverAuth"),
            Purpose::Client => (usage.value.client_auth, "clientAuth"),
        };
        if !allowed && !usage.value.any {
            return Err(PeerIdentityError::ExtendedKeyUsage(name));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Names<'a> {
    uri: Option<&'a str>,
    dns: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn read(certificate: &'a X509Certificate<'a>) -> Result<Self, PeerIdentityError> {
        let extension = certificate
            .subject_alternative_name()
            .map_err(|error| PeerIdentityError::Malformed(error.to_string()))?;
        let all = extension.map_or(&[][..], |extension| &extension.value.general_names);
        if all.len() > PeerIdentity::MAX_NAMES {
            return Err(PeerIdentityError::TooManyNames);
        }
        let mut names = Self::default();
        let mut uris = 0;
        for name in all {
            match name {
                GeneralName::URI(uri) => {
                    uris += 1;
                    names.uri = Some(uri);
                }
                GeneralName::DNSName(text) | GeneralName::RFC822Name(text)
                    if text.contains("://") =>
                {
                    return Err(PeerIdentityError::SpiffeText((*text).into()));
                }
                GeneralName::DNSName(text) => names.dns.push(text),
                _ => {}
            }
        }
        match (uris, names.dns.is_empty()) {
            (0, true) => Err(PeerIdentityError::NoName),
            (0 | 1, _) => Ok(names),
            _ => Err(PeerIdentityError::SeveralUris(uris)),
        }
    }
}
