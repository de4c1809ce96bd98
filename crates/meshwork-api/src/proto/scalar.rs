//! Scalars, lists, maps and optional values as fields.

use super::{Field, Reading, Shape, Step, Struct};
use crate::Map;
use serde::Serialize;
use serde_json::{Number, Value};

impl Field for String {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            other => reading.wrong_type("a string", other),
        }
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shape() -> Shape {
        Shape::Scalar("string")
    }
}

impl Field for bool {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            other => reading.wrong_type("a boolean", other),
        }
    }

    fn is_unset(&self) -> bool {
        !*self
    }

    fn shape() -> Shape {
        Shape::Scalar("bool")
    }
}

macro_rules! integer {
    ($($ty:ty, $name:literal, $range:literal;)+) => {$(
        impl Field for $ty {
            fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
                let read = match value {
                    Value::Number(number) => number
                        .as_i64()
                        .or_else(|| whole(number))
                        .and_then(|n| Self::try_from(n).ok())
                        .or_else(|| number.as_u64().and_then(|n| Self::try_from(n).ok())),
                    // Quoted integers are part of proto3 JSON.
                    Value::String(text) => integer_text(text).and_then(|text| text.parse().ok()),
                    other => return reading.wrong_type("an integer", other),
                };
                if read.is_none() {
                    return reading.invalid(format!(
                        "expected an integer {}, found `{}`",
                        $range,
                        shorten(value)
                    ));
                }
                read
            }

            fn is_unset(&self) -> bool {
                *self == 0
            }

            fn shape() -> Shape {
                Shape::Scalar($name)
            }
        }
    )+};
}

integer! {
    i32, "int32", "of 32 bits";
    u32, "uint32", "from 0 to 4294967295";
    i64, "int64", "of 64 bits";
    u64, "uint64", "of 64 bits, not negative";
}

impl Field for f64 {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => match text.as_str() {
                "NaN" => Some(Self::NAN),
                "Infinity" => Some(Self::INFINITY),
                "-Infinity" => Some(Self::NEG_INFINITY),
                text => match unquoted(text) {
                    "null" => Some(0.0),
                    number => match serde_json::from_str(number) {
                        Ok(read) if !number.contains(char::is_whitespace) => Some(read),
                        _ => reading
                            .invalid(format!("expected a number, found `{}`", shorten(value))),
                    },
                },
            },
            other => reading.wrong_type("a number", other),
        }
    }

    fn is_unset(&self) -> bool {
        *self == 0.0
    }

    fn shape() -> Shape {
        Shape::Scalar("double")
    }
}

impl<T: Field> Field for Option<T> {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        T::read(value, reading).map(Some)
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn shape() -> Shape {
        T::shape()
    }
}

/// Large messages that are seldom there stand in a box, so that their absence costs little.
impl<T: Field> Field for Box<T> {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        T::read(value, reading).map(Self::new)
    }

    fn is_unset(&self) -> bool {
        T::is_unset(self)
    }

    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: Field> Field for Vec<T> {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        let Value::Array(items) = value else {
            return reading.wrong_type("a list", value);
        };
        let read = items
            .iter()
            .enumerate()
            .map(|(index, item)| reading.at(Step::Index(index), |reading| read_item(item, reading)))
            // An unreadable item keeps its place, so that later paths stay right.
            .map(Option::unwrap_or_default)
            .collect();
        Some(read)
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shape() -> Shape {
        Shape::List(T::shape)
    }
}

impl<K, T> Field for Map<K, T>
where
    K: Key + Ord + Serialize,
    T: Field,
{
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        let Value::Object(entries) = value else {
            return reading.wrong_type("a mapping", value);
        };
        let mut read = Vec::with_capacity(entries.len());
        for (key, item) in entries {
            reading.at(Step::Key(key), |reading| {
                let Some(key) = K::read(key) else {
                    return reading.invalid::<()>("the key has to be a number");
                };
                if let Some(item) = read_item(item, reading) {
                    read.push((key, item));
                }
                None
            });
        }
        Some(read.into_iter().collect())
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shape() -> Shape {
        Shape::Map(T::shape)
    }
}

impl Field for Struct {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        match value {
            Value::Object(map) => Some(map.clone()),
            other => reading.wrong_type("a mapping", other),
        }
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shape() -> Shape {
        Shape::Any
    }
}

/// What can be the key of a map.
trait Key: Sized {
    fn read(text: &str) -> Option<Self>;
}

impl Key for String {
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Key for u32 {
    fn read(text: &str) -> Option<Self> {
        integer_text(text)?.parse().ok()
    }
}

/// Reads an element of a list or map, where null is the empty value.
fn read_item<'v, T: Field>(value: &'v Value, reading: &mut Reading<'v>) -> Option<T> {
    if value.is_null() { Some(T::default()) } else { T::read(value, reading) }
}

/// A number that is written with a fraction or an exponent, but is whole (`80.0`): an API server
/// hands it on as an integer.
fn whole(number: &Number) -> Option<i64> {
    let value = number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() < EXACT)?;
    #[expect(clippy::cast_possible_truncation, reason = "the value is integral and small")]
    Some(value as i64)
}

/// What istiod reads of a quoted number: any JSON without its quotes, so with spaces, or null.
fn unquoted(text: &str) -> &str {
    text.trim_matches(' ')
}

/// The text of a JSON integer: no sign but a minus, no leading zeros.
fn integer_text(text: &str) -> Option<&str> {
    let text = match unquoted(text) {
        "null" => "0",
        text => text,
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    plain.then_some(text)
}

/// A value for a message, not longer than a line.
fn shorten(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(40) {
        Some((end, _)) => text.get(..end).map(|head| format!("{head}…")).unwrap_or_default(),
        None => text,
    }
}

/// Up to here every integer is a floating-point number.
const EXACT: f64 = 9_007_199_254_740_992.0;
