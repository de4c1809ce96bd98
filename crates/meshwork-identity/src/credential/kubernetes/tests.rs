//! Tokens signed by keys of the test.

use super::*;
use jsonwebtoken::EncodingKey;
use rcgen::{KeyPair, PublicKeyData};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

struct Issuer {
    key: KeyPair,
}

impl Issuer {
    fn new() -> Self {
        Self { key: KeyPair::generate().unwrap() }
    }

    fn jwk(&self, id: &str) -> Value {
        let point = self.key.der_bytes();
        let (x, y) = (&point[1..33], &point[33..65]);
        let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": text(x), "y": text(y) })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_ec_der(&self.key.serialize_der());
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::ES256).unwrap();
        format!("{signed}.{signature}")
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://kubernetes.default.svc",
        "sub": "system:serviceaccount:shop:web",
        "aud": ["istio-ca"],
        "exp": NOW + 3600,
        "nbf": NOW - 10,
        "kubernetes.io": { "namespace": "shop" },
    })
}

fn tokens(issuer: &Issuer) -> ServiceAccountTokens {
    let jwks = json!({ "keys": [{ "kty": "what" }, issuer.jwk("one")] }).to_string();
    let trust_domain = "cluster.local".parse().unwrap();
    ServiceAccountTokens::new(trust_domain, "https://kubernetes.default.svc", &jwks).unwrap()
}

fn check(tokens: &ServiceAccountTokens, token: &str, now: i64) -> Result<String, CredentialError> {
    let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
    tokens.identity(&Credential::Token(token), now).map(|id| id.to_string())
}

#[test]
fn a_service_account_gets_its_identity() {
    let issuer = Issuer::new();
    let tokens = tokens(&issuer);
    let identity = Ok("spiffe://cluster.local/ns/shop/sa/web".to_owned());
    for header in [json!({"alg": "ES256", "kid": "one"}), json!({"alg": "ES256"})] {
        assert_eq!(check(&tokens, &issuer.sign(&header, &claims()), NOW), identity);
    }
}

#[test]
fn every_claim_is_checked() {
    use CredentialError as E;
    let issuer = Issuer::new();
    let tokens = tokens(&issuer);
    let with = |key: &str, value: Value| {
        let mut claims = claims();
        claims[key] = value;
        check(&tokens, &issuer.sign(&json!({"alg": "ES256"}), &claims), NOW).unwrap_err()
    };
    assert_eq!(with("iss", json!("https://elsewhere")), E::Issuer("https://elsewhere".into()));
    assert_eq!(with("aud", json!(["vault"])), E::Audience);
    assert!(matches!(with("aud", json!("istio-ca")), E::Malformed(_)));
    assert_eq!(with("exp", json!(NOW)), E::Expired);
    assert!(matches!(with("exp", Value::Null), E::Malformed(_)));
    assert_eq!(with("nbf", json!(NOW + 1)), E::NotYet);
    for subject in ["shop:web", "system:serviceaccount:shop", "system:serviceaccount:shop:web:x"] {
        assert_eq!(with("sub", json!(subject)), E::Subject(subject.into()));
    }
    assert!(matches!(with("sub", json!("system:serviceaccount:a/../b:web")), E::Subject(_)));
}

#[test]
fn only_the_issuers_signature_counts() {
    use CredentialError as E;
    let (issuer, stranger) = (Issuer::new(), Issuer::new());
    let tokens = tokens(&issuer);
    let header = json!({"alg": "ES256", "kid": "one"});
    let forged = stranger.sign(&header, &claims());
    assert_eq!(check(&tokens, &forged, NOW), Err(E::Signature));
    let other = issuer.sign(&json!({"alg": "ES256", "kid": "two"}), &claims());
    assert_eq!(check(&tokens, &other, NOW), Err(E::Signature));
    // RSA named over a key of another kind.
    let confused = issuer.sign(&json!({"alg": "RS256"}), &claims());
    assert_eq!(check(&tokens, &confused, NOW), Err(E::Signature));
    for alg in ["none", "HS256", "es256", ""] {
        let token = issuer.sign(&json!({ "alg": alg }), &claims());
        assert_eq!(check(&tokens, &token, NOW), Err(E::Algorithm(alg.into())));
    }
    let critical = issuer.sign(&json!({"alg": "ES256", "crit": ["b64"]}), &claims());
    assert!(matches!(check(&tokens, &critical, NOW), Err(E::Malformed(_))));
    let good = issuer.sign(&header, &claims());
    for bad in
        ["", ".", "..", "a.b", "a.b.c.d", good.strip_suffix(|_| true).unwrap(), &"x".repeat(20_000)]
    {
        assert!(check(&tokens, bad, NOW).is_err(), "{bad}");
    }
}

#[test]
fn key_sets_without_a_usable_key_are_refused() {
    let new =
        |jwks: &str| ServiceAccountTokens::new("td".parse().unwrap(), "iss", jwks).unwrap_err();
    assert!(matches!(new("nothing"), JwksError::Malformed(_)));
    assert_eq!(new(r#"{"keys":[]}"#), JwksError::Empty);
    assert_eq!(new(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#), JwksError::Empty);
}
