//! Key sets of RequestAuthentications: whether istiod can read them.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Why a text is not a set of JSON Web Keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwksError {
    #[error("is not JSON: {0}")]
    NotJson(String),
    #[error("is not a mapping with `keys`, nor a single key")]
    NotASet,
    #[error("key {0} has the type `{1}`, none of `RSA`, `EC`, `OKP` and `oct`")]
    Type(usize, String),
    #[error("key {0} lacks `{1}`")]
    Missing(usize, &'static str),
    #[error("`{1}` of key {0} is not base64")]
    NotBase64(usize, &'static str),
    #[error("`{1}` of key {0} is not a string")]
    NotText(usize, &'static str),
    #[error("`{1}` of key {0} is not a list of {2}")]
    NotAList(usize, &'static str, &'static str),
}

/// Reads a key set or a single key; the positions of keys that hold more than a public key.
///
/// What follows the set is not looked at.
pub(crate) fn private_keys(text: &str) -> Result<Vec<usize>, JwksError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let set = Node::deserialize(&mut json).map_err(|e| JwksError::NotJson(e.to_string()))?;
    let Node::Map(entries) = &set else { return Err(JwksError::NotASet) };
    let lists: Vec<&Node> = entries.iter().filter(|(k, _)| k == "keys").map(|(_, v)| v).collect();
    let mut keys = Vec::new();
    for list in &lists {
        match list {
            Node::List(items) => keys.extend(items),
            Node::Null => {}
            _ => return Err(JwksError::NotASet),
        }
    }
    if lists.is_empty() {
        keys.push(&set);
    }
    let mut private = Vec::new();
    for (index, key) in keys.into_iter().enumerate() {
        let Node::Map(fields) = key else { return Err(JwksError::NotASet) };
        if (Key { index, fields }).is_private()? {
            private.push(index);
        }
    }
    Ok(private)
}

struct Key<'a> {
    index: usize,
    fields: &'a [(String, Node)],
}

impl Key<'_> {
    /// Checks the key and says whether it is a private or a shared one.
    fn is_private(&self) -> Result<bool, JwksError> {
        // What kind of key it is, istiod reads without regard to case.
        let mut kind = "";
        let mut private = false;
        for (name, value) in self.fields {
            private |= name.eq_ignore_ascii_case("d");
            match value {
                _ if !name.eq_ignore_ascii_case("kty") => {}
                Node::Text(text) => kind = text,
                Node::Null => {}
                _ => return Err(JwksError::NotText(self.index, "kty")),
            }
        }
        let (required, optional): (&[&'static str], &[&'static str]) = match (kind, private) {
            ("RSA", false) => (&["n", "e"], &[]),
            ("RSA", true) => (&["n", "e", "d"], &["dp", "dq", "p", "q", "qi"]),
            ("EC", false) => (&["crv", "x", "y"], &[]),
            ("EC", true) => (&["crv", "x", "y", "d"], &[]),
            ("OKP", false) => (&["crv", "x"], &[]),
            ("OKP", true) => (&["crv", "x", "d"], &[]),
            ("oct", _) => (&["k"], &[]),
            _ => return Err(JwksError::Type(self.index, kind.to_owned())),
        };
        for name in required.iter().chain(optional).copied().chain(TEXTS) {
            let is_number = name != "crv" && !TEXTS.contains(&name);
            let mut missing = required.contains(&name);
            for value in self.named(name) {
                missing = false;
                match value {
                    Node::Text(text) if is_number && base64(text).is_none() => {
                        return Err(JwksError::NotBase64(self.index, name));
                    }
                    Node::Text(_) | Node::Null => {}
                    _ => return Err(JwksError::NotText(self.index, name)),
                }
            }
            if missing {
                return Err(JwksError::Missing(self.index, name));
            }
        }
        let other = |value: &Node| !matches!(value, Node::Text(text) if text == kind);
        if self.named("kty").any(other) {
            return Err(JwksError::Type(self.index, String::new()));
        }
        self.list("key_ops", "strings", |_| true)?;
        self.list("x5c", "certificates", is_certificate)?;
        Ok(private || kind == "oct")
    }

    fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Node> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value)
    }

    fn list(
        &self,
        name: &'static str,
        items: &'static str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<(), JwksError> {
        let item_fits = |item: &Node| match item {
            Node::Text(text) => fits(text),
            Node::Null => fits(""),
            _ => false,
        };
        let list_fits = |value: &Node| match value {
            Node::List(list) => list.iter().all(item_fits),
            Node::Null => true,
            _ => false,
        };
        let valid = self.named(name).all(list_fits);
        valid.then_some(()).ok_or(JwksError::NotAList(self.index, name, items))
    }
}

/// Fields of every key that are text where they are there. `x58` is what istiod calls `x5u`, which
/// it therefore does not look at.
const TEXTS: [&str; 6] = ["alg", "kid", "use", "x58", "x5t", "x5t#S256"];

/// Whether `text` is base64 of what can be a certificate: one sequence in DER. More is not looked
/// at, because the chain of a key has no effect.
fn is_certificate(text: &str) -> bool {
    let Some(der) = base64(text) else { return false };
    let (length, body) = match der.as_slice() {
        [0x30, length @ 0..=0x7f, body @ ..] => (usize::from(*length), body),
        [0x30, 0x81, length, body @ ..] => (usize::from(*length), body),
        [0x30, 0x82, high, low, body @ ..] => (usize::from(*high) << 8 | usize::from(*low), body),
        _ => return false,
    };
    length > 0 && body.len() == length
}

/// Reads base64 in either alphabet, with or without padding. Line breaks mean nothing, nor do the
/// bits after the last whole byte.
fn base64(text: &str) -> Option<Vec<u8>> {
    let alphabet = if text.contains(['+', '/']) { &STANDARD } else { &URL_SAFE };
    let padding = if text.ends_with('=') {
        DecodePaddingMode::RequireCanonical
    } else {
        DecodePaddingMode::RequireNone
    };
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(padding);
    let plain: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    GeneralPurpose::new(alphabet, config).decode(plain).ok()
}

/// JSON in which a name can stand twice, as far as keys are made of it.
enum Node {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Other,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = access.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let rsa =
            |more: &str| format!(r#"{{"keys":[{{"kty":"RSA","n":"AQAB","e":"AQAB"{more}}}]}}"#);
        for (text, expected) in [
            (r#"{"keys":[]}"#, Some(vec![])),
            (r#"{"keys":null}"#, Some(vec![])),
            (r#"{"keys":[],"keys":[]} and more"#, Some(vec![])),
            (&rsa(""), Some(vec![])),
            (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}"#, Some(vec![0])),
            (
                r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"oct","k":"AA"}]}"#,
                Some(vec![1]),
            ),
            (r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"_-8"}]}"#, Some(vec![])),
            (r#"{"keys":[{"kty":"OKP","crv":null,"x":null}]}"#, Some(vec![])),
            (r#"{"keys":[{"KTY":"RSA","n":"AQ==","e":"AQ\nAB"}]}"#, Some(vec![])),
            (&rsa(r#","d":null"#), Some(vec![0])),
            (&rsa(r#","p":5,"x":[1],"alg":null"#), Some(vec![])),
            (&rsa(r#","d":"","p":5"#), None),
            (&rsa(r#","D":"AQAB""#), None),
            (&rsa(r#","kty":"EC""#), None),
            (&rsa(r#","kty":null"#), None),
            (&rsa(r#","key_ops":["verify",null],"x5c":[]"#), Some(vec![])),
            (&rsa(r#","key_ops":"verify""#), None),
            (&rsa(r#","x5c":["MAA="]"#), None),
            (&rsa(r#","x5c":"MAMCAQE=""#), None),
            (&rsa(r#","x5c":["MAMCAQE="]"#), Some(vec![])),
            (r#"{"keys":[{"kty":"RSA","n":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"RSA","n":"-+AB","e":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"RSA","n":"AQAB=","e":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"EC","x":"AA","y":"AA"}]}"#, None),
            (r#"{"keys":[{"kty":"rsa","n":"AQAB","e":"AQAB"}]}"#, None),
            (r#"{"keys":[{"kty":"oct","k":"AA","kid":1}]}"#, None),
            (r#"{"keys":[{}]}"#, None),
            (r#"{"keys":[null]}"#, None),
            (r#"{"keys":{}}"#, None),
            (r#"{"keys":[]"#, None),
            ("[]", None),
            ("{}", None),
            ("null", None),
            ("not json", None),
        ] {
            assert_eq!(private_keys(text).ok(), expected, "{text}");
        }
    }
}
