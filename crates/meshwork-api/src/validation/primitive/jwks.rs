//! Key sets of RequestAuthentications: whether istiod can read them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value};

/// Why a text is not a set of JSON Web Keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwksError {
    #[error("is not JSON: {0}")]
    NotJson(String),
    #[error("is not a mapping with `keys`, nor a single key")]
    NotASet,
    #[error("key {0} has the type `{1}`, none of `RSA`, `EC`, `OKP` and `oct`")]
    Type(usize, String),
    #[error("key {0} lacks `{1}`, or it is not base64")]
    Field(usize, &'static str),
    #[error("`{1}` of key {0} is not a string")]
    NotText(usize, &'static str),
}

/// Reads a key set or a single key; the positions of keys that hold more than a public key.
pub(crate) fn private_keys(text: &str) -> Result<Vec<usize>, JwksError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| JwksError::NotJson(error.to_string()))?;
    let Value::Object(set) = &value else { return Err(JwksError::NotASet) };
    let mut private = Vec::new();
    match set.get("keys") {
        Some(Value::Array(keys)) => {
            for (index, key) in keys.iter().enumerate() {
                let Value::Object(key) = key else { return Err(JwksError::NotASet) };
                if is_private(index, key)? {
                    private.push(index);
                }
            }
        }
        Some(Value::Null) => {}
        Some(_) => return Err(JwksError::NotASet),
        None => {
            if is_private(0, set)? {
                private.push(0);
            }
        }
    }
    Ok(private)
}

/// Checks one key and says whether it is a private or a shared one.
fn is_private(index: usize, key: &Map<String, Value>) -> Result<bool, JwksError> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let private = key.contains_key("d");
    let required: &[&'static str] = match (text("kty").unwrap_or_default(), private) {
        ("RSA", false) => &["n", "e"],
        ("RSA", true) => &["n", "e", "d"],
        ("EC", false) => &["x", "y"],
        ("EC", true) => &["x", "y", "d"],
        ("OKP", false) => &["x"],
        ("OKP", true) => &["x", "d"],
        ("oct", _) => &["k"],
        (other, _) => return Err(JwksError::Type(index, other.to_owned())),
    };
    for name in required {
        if !text(name).is_some_and(is_base64) {
            return Err(JwksError::Field(index, name));
        }
    }
    if matches!(text("kty"), Some("EC" | "OKP")) && text("crv").is_none() {
        return Err(JwksError::Field(index, "crv"));
    }
    for name in ["alg", "kid", "use", "x5u", "x5t", "x5t#S256"] {
        if key.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Err(JwksError::NotText(index, name));
        }
    }
    Ok(private || text("kty") == Some("oct"))
}

/// Base64 in either alphabet, with or without padding.
fn is_base64(text: &str) -> bool {
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let engine = STANDARD_NO_PAD;
    // The bits after the last whole byte mean nothing to Go.
    engine.decode(&plain).is_ok() || (plain.len() % 4 != 1 && has_only_stray_bits(&plain))
}

fn has_only_stray_bits(plain: &str) -> bool {
    plain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        for (text, expected) in [
            (r#"{"keys":[]}"#, Some(vec![])),
            (r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, Some(vec![])),
            (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}"#, Some(vec![0])),
            (
                r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"oct","k":"AA"}]}"#,
                Some(vec![1]),
            ),
            (r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"_-8"}]}"#, Some(vec![])),
            (r#"{"keys":[{"kty":"RSA","n":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"EC","x":"AA","y":"AA"}]}"#, None),
            (r#"{"keys":[{"kty":"rsa","n":"AQAB","e":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"oct","k":"AA","kid":1}]}"#, None),
            (r#"{"keys":[{}]}"#, None),
            (r#"{"keys":{}}"#, None),
            ("[]", None),
            ("{}", None),
            ("not json", None),
        ] {
            assert_eq!(private_keys(text).ok(), expected, "{text}");
        }
    }
}
