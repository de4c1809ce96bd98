//! Bytes in JSON.

use super::{Field, Reading, Shape};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Bytes, base64 text in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

impl Field for Bytes {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        let Value::String(text) = value else {
            return reading.wrong_type("base64 text", value);
        };
        let plain: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        match LENIENT.decode(plain) {
            Ok(bytes) => Some(Self(bytes)),
            Err(error) => reading.invalid(format!("not base64: {error}")),
        }
    }

    fn is_unset(&self) -> bool {
        self.0.is_empty()
    }

    fn shape() -> Shape {
        Shape::Scalar("bytes")
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::deserialize(deserializer)
    }
}

/// As Go reads it: the bits after the last byte mean nothing, nor do line breaks.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);
