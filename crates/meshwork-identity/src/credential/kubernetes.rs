//! Tokens of Kubernetes' service accounts, verified by the keys of their issuer.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, crypto::aws_lc::DEFAULT_PROVIDER, jwk::JwkSet,
};
use serde::Deserialize;
use time::OffsetDateTime;

use super::{Credential, CredentialError, CredentialValidator};
use crate::{SpiffeId, TrustDomain};

/// Verifies the tokens that Kubernetes gives to service accounts (projected volumes), without
/// asking Kubernetes: by the issuer's keys, as istiod does outside of a cluster.
///
/// A token has to be signed by one of the keys with an asymmetric algorithm, be of the issuer, be
/// for one of the audiences (`istio-ca` unless said otherwise) and have an end that is still to
/// come. Its subject `system:serviceaccount:NAMESPACE:NAME` names the identity.
#[derive(Clone)]
pub struct ServiceAccountTokens {
    trust_domain: TrustDomain,
    issuer: Arc<str>,
    audiences: Vec<String>,
    keys: Arc<[Key]>,
}

struct Key {
    id: Option<String>,
    family: AlgorithmFamily,
    key: DecodingKey,
}

/// The keys of an issuer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// The text is not a JSON web key set.
    #[error("the key set cannot be parsed: {0}")]
    Malformed(String),
    /// It holds no key that signatures could be verified with.
    #[error("the key set holds no RSA, EC or EdDSA key")]
    Empty,
}

/// What a token says of itself and is looked at; the rest does not matter.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood; none is.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// A text instead of a list is refused, as istiod does.
    aud: Vec<String>,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
}

impl ServiceAccountTokens {
    /// How long a token may be, in bytes.
    pub const MAX_LEN: usize = 16 << 10;

    /// Tokens of `issuer`, whose public keys are the JSON web key set `jwks` (Kubernetes serves it
    /// under `/openid/v1/jwks`).
    ///
    /// # Errors
    /// [`JwksError`] where no key can be used; keys of unknown kinds are passed over.
    pub fn new(
        trust_domain: TrustDomain,
        issuer: impl Into<Arc<str>>,
        jwks: &str,
    ) -> Result<Self, JwksError> {
        let set: JwkSet =
            serde_json::from_str(jwks).map_err(|error| JwksError::Malformed(error.to_string()))?;
        let usable = |jwk: &jsonwebtoken::jwk::Jwk| {
            let key = DecodingKey::from_jwk(jwk).ok()?;
            // Whoever knows a symmetric key could sign with it.
            (key.family() != AlgorithmFamily::Hmac).then(|| Key {
                id: jwk.common.key_id.clone(),
                family: key.family(),
                key,
            })
        };
        let keys: Arc<[Key]> = set.keys.iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(JwksError::Empty);
        }
        let audiences = vec!["istio-ca".to_owned()];
        Ok(Self { trust_domain, issuer: issuer.into(), audiences, keys })
    }

    /// Other audiences than `istio-ca`, any one of which a token has to be for.
    #[must_use]
    pub fn audiences<T: Into<String>>(mut self, audiences: impl IntoIterator<Item = T>) -> Self {
        self.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// The claims of a token whose signature is sound.
    fn verified(&self, token: &str) -> Result<Claims, CredentialError> {
        let malformed = |reason: &str| CredentialError::Malformed(reason.to_owned());
        if token.len() > Self::MAX_LEN {
            return Err(malformed("longer than 16384 bytes"));
        }
        let mut parts = token.split('.');
        let (Some(head), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("not three parts"));
        };
        let header: Header = json(head)?;
        if header.crit.is_some() {
            return Err(malformed("it has critical extensions"));
        }
        let algorithm = algorithm(&header.alg)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| malformed("the signature is no base64"))?;
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        let named = |key: &&Key| match (&header.kid, &key.id) {
            (Some(wanted), Some(id)) => wanted == id,
            _ => true,
        };
        let verifies = |key: &Key| {
            key.family == algorithm.family()
                && (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key.key)
                    .is_ok_and(|verifier| verifier.verify(signed.as_bytes(), &signature).is_ok())
        };
        if !self.keys.iter().filter(named).any(verifies) {
            return Err(CredentialError::Signature);
        }
        json(claims)
    }
}

impl CredentialValidator for ServiceAccountTokens {
    fn identity(
        &self,
        credential: &Credential<'_>,
        now: OffsetDateTime,
    ) -> Result<SpiffeId, CredentialError> {
        let Credential::Token(token) = credential;
        let claims = self.verified(token)?;
        if *claims.iss != *self.issuer {
            return Err(CredentialError::Issuer(claims.iss));
        }
        if !claims.aud.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(CredentialError::Audience);
        }
        let now = now.unix_timestamp_nanos() as f64 / 1e9;
        if now >= claims.exp || claims.exp.is_nan() {
            return Err(CredentialError::Expired);
        }
        if claims.nbf.is_some_and(|begin| begin > now || begin.is_nan()) {
            return Err(CredentialError::NotYet);
        }
        let parts: Vec<&str> = claims.sub.split(':').collect();
        let ["system", "serviceaccount", namespace, account] = *parts else {
            return Err(CredentialError::Subject(claims.sub));
        };
        SpiffeId::for_workload(&self.trust_domain, namespace, account)
            .map_err(|_| CredentialError::Subject(claims.sub))
    }
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, CredentialError> {
    let malformed = |error: &dyn std::fmt::Display| CredentialError::Malformed(error.to_string());
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|error| malformed(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| malformed(&error))
}

/// The algorithms that Kubernetes signs with, and their relatives; never a symmetric one.
fn algorithm(name: &str) -> Result<Algorithm, CredentialError> {
    match name {
        "RS256" => Ok(Algorithm::RS256),
        "RS384" => Ok(Algorithm::RS384),
        "RS512" => Ok(Algorithm::RS512),
        "PS256" => Ok(Algorithm::PS256),
        "PS384" => Ok(Algorithm::PS384),
        "PS512" => Ok(Algorithm::PS512),
        "ES256" => Ok(Algorithm::ES256),
        "ES384" => Ok(Algorithm::ES384),
        "EdDSA" => Ok(Algorithm::EdDSA),
        _ => Err(CredentialError::Algorithm(name.to_owned())),
    }
}

impl std::fmt::Debug for ServiceAccountTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccountTokens")
            .field("trust_domain", &self.trust_domain)
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .field("keys", &self.keys.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
