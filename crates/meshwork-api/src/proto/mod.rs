//! Proto3 JSON: how the fields of Istio's messages are read, checked and written.
//!
//! Every message of this crate is declared with one of the three macros here, which give it its
//! reading (all problems with their paths, not only the first), its `Serialize` and
//! `Deserialize`, and a [`Descriptor`] that names its fields.

mod bytes;
mod descriptor;
mod enumeration;
mod message;
mod oneof;
mod reading;
mod scalar;

pub use bytes::Bytes;
pub(crate) use descriptor::closest;
pub use descriptor::{Descriptor, Member, Shape};
pub(crate) use enumeration::enumeration;
pub(crate) use message::{Field, Message, message, read_member, read_message};
pub(crate) use oneof::{Oneof, oneof};
pub use reading::{Problem, ProblemKind};
pub(crate) use reading::{Reading, Step, render, type_name};

/// `google.protobuf.Struct`: a JSON object without a fixed form.
pub type Struct = serde_json::Map<String, serde_json::Value>;

/// Reads any field from any serde format, through JSON; unknown fields are ignored.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Field,
{
    deserialize_with(deserializer, |value, reading| {
        if value.is_null() { Some(T::default()) } else { T::read(value, reading) }
    })
}

/// Like [`deserialize`], with another way to read the JSON.
pub(crate) fn deserialize_with<'de, D, T>(
    deserializer: D,
    read: impl for<'v> FnOnce(&'v serde_json::Value, &mut Reading<'v>) -> Option<T>,
) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let value: serde_json::Value = serde::Deserialize::deserialize(deserializer)?;
    let mut reading = Reading::default();
    let read = read(&value, &mut reading);
    let unreadable = reading.finish().into_iter().find(|problem| problem.kind.is_unreadable());
    match (read, unreadable) {
        (Some(read), None) => Ok(read),
        (_, Some(problem)) => Err(serde::de::Error::custom(problem)),
        (None, None) => Err(serde::de::Error::custom("unreadable value")),
    }
}
