//! Messages: the trait, the macro that declares one, and the loop that reads one.

use super::{Descriptor, ProblemKind, Reading, Shape, Step};
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

/// What can stand in a field.
pub(crate) trait Field: Default + Serialize {
    /// Reads a value that is not null; `None` when it cannot be read, which is then noted.
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self>;

    /// Whether the field is unset, so that it is not written.
    fn is_unset(&self) -> bool;

    /// What it holds.
    fn shape() -> Shape;
}

/// A message of proto3 JSON.
pub(crate) trait Message: Default {
    /// Its name and fields.
    const DESCRIPTOR: &'static Descriptor;

    /// Reads the field `key`; false if there is none of that JSON name.
    fn read_field<'v>(&mut self, key: &str, value: &'v Value, reading: &mut Reading<'v>) -> bool;

    /// Writes the fields that are set.
    fn write_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

/// Reads a message from a mapping.
pub(crate) fn read_message<'v, T: Message>(
    value: &'v Value,
    reading: &mut Reading<'v>,
) -> Option<T> {
    let Value::Object(map) = value else {
        return reading.wrong_type("a mapping", value);
    };
    let mut message = T::default();
    for (key, value) in map {
        read_member(&mut message, map, key, value, reading);
    }
    Some(message)
}

/// Reads one entry of a mapping into a message, by either spelling, or notes that it is unknown.
pub(crate) fn read_member<'v, T: Message>(
    message: &mut T,
    map: &'v Map<String, Value>,
    key: &'v str,
    value: &'v Value,
    reading: &mut Reading<'v>,
) {
    reading.at(Step::Key(key), |reading| {
        if message.read_field(key, value, reading) {
            return;
        }
        if let Some(json) = T::DESCRIPTOR.json_name(key) {
            let overridden = map.contains_key(json);
            reading.report(ProblemKind::SnakeCase { json, overridden });
            if !overridden {
                message.read_field(json, value, reading);
            }
        } else if !T::DESCRIPTOR.is_partial() {
            let suggestion = T::DESCRIPTOR.suggestion(key).map(str::to_owned);
            reading.report(ProblemKind::UnknownField { suggestion });
        }
    });
}

/// Declares a message.
macro_rules! message {
    (
        $(#[$meta:meta])*
        pub struct $name:ident: $proto:literal {
            $( $(#[$field_meta:meta])* pub $field:ident: $ty:ty = $json:tt, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $ty, )*
        }

        impl $crate::proto::Message for $name {
            const DESCRIPTOR: &'static $crate::proto::Descriptor = &$crate::proto::Descriptor {
                name: $proto,
                members: &[$( $crate::proto::message!(@describe $field $ty, $json) ),*],
            };

            #[allow(
                unused_variables,
                reason = "a message without fields reads none"
            )]
            fn read_field<'v>(
                &mut self,
                key: &str,
                value: &'v ::serde_json::Value,
                reading: &mut $crate::proto::Reading<'v>,
            ) -> bool {
                $( $crate::proto::message!(@read self, key, value, reading, $field, $json); )*
                false
            }

            #[allow(
                unused_variables,
                reason = "a message without fields writes none"
            )]
            fn write_fields<M: ::serde::ser::SerializeMap>(
                &self,
                map: &mut M,
            ) -> Result<(), M::Error> {
                $( $crate::proto::message!(@write self, map, $field, $json); )*
                Ok(())
            }
        }

        impl $name {
            /// The name and the fields of the message.
            pub fn descriptor() -> &'static $crate::proto::Descriptor {
                <Self as $crate::proto::Message>::DESCRIPTOR
            }
        }

        impl $crate::proto::Field for $name {
            fn read<'v>(
                value: &'v ::serde_json::Value,
                reading: &mut $crate::proto::Reading<'v>,
            ) -> Option<Self> {
                $crate::proto::read_message(value, reading)
            }

            fn is_unset(&self) -> bool {
                false
            }

            fn shape() -> $crate::proto::Shape {
                $crate::proto::Shape::Message(<Self as $crate::proto::Message>::DESCRIPTOR)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = ::serde::Serializer::serialize_map(serializer, None)?;
                $crate::proto::Message::write_fields(self, &mut map)?;
                ::serde::ser::SerializeMap::end(map)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            /// Reads as istiod does: unknown fields are ignored.
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::proto::deserialize(deserializer)
            }
        }
    };
    (@describe $field:ident $ty:ty, oneof) => {
        $crate::proto::Member::Oneof {
            ident: stringify!($field),
            members: <$ty as $crate::proto::Oneof>::members,
        }
    };
    (@describe $field:ident $ty:ty, $json:literal) => {
        $crate::proto::Member::Field {
            json: $json,
            ident: stringify!($field),
            shape: <$ty as $crate::proto::Field>::shape,
        }
    };
    (@read $self:ident, $key:ident, $value:ident, $reading:ident, $field:ident, oneof) => {
        if $crate::proto::Oneof::read_member(&mut $self.$field, $key, $value, $reading) {
            return true;
        }
    };
    (@read $self:ident, $key:ident, $value:ident, $reading:ident, $field:ident, $json:literal) => {
        if $key == $json {
            // Null is the same as absent wherever a single value is expected.
            if !$value.is_null() {
                if let Some(read) = $crate::proto::Field::read($value, $reading) {
                    $self.$field = read;
                }
            }
            return true;
        }
    };
    (@write $self:ident, $map:ident, $field:ident, oneof) => {
        $crate::proto::Oneof::write(&$self.$field, $map)?;
    };
    (@write $self:ident, $map:ident, $field:ident, $json:literal) => {
        if !$crate::proto::Field::is_unset(&$self.$field) {
            $map.serialize_entry($json, &$self.$field)?;
        }
    };
}
pub(crate) use message;
