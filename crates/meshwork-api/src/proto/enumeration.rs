//! Enumerations: written by name, read by name or number, unknown numbers kept.

/// Declares an enumeration; its first value, whose number is 0, is the default.
macro_rules! enumeration {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $proto:literal {
            $(#[$first_meta:meta])* $first:ident = $first_number:literal $first_text:literal,
            $( $(#[$variant_meta:meta])* $variant:ident = $number:literal $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[$first_meta])*
            #[default]
            $first,
            $( $(#[$variant_meta])* $variant, )*
            /// A number that this version of the API has no name for.
            Unknown(i32),
        }

        impl $name {
            /// The names of the values, in the order of their declaration.
            pub const NAMES: &'static [&'static str] = &[$first_text, $( $text ),*];

            /// The name of the value as Istio writes it; `None` for an unknown number.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    Self::$first => Some($first_text),
                    $( Self::$variant => Some($text), )*
                    Self::Unknown(_) => None,
                }
            }

            /// The number of the value in the proto file.
            pub fn number(self) -> i32 {
                match self {
                    Self::$first => $first_number,
                    $( Self::$variant => $number, )*
                    Self::Unknown(number) => number,
                }
            }
        }

        impl From<i32> for $name {
            fn from(number: i32) -> Self {
                match number {
                    $first_number => Self::$first,
                    $( $number => Self::$variant, )*
                    other => Self::Unknown(other),
                }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $first_text => Ok(Self::$first),
                    $( $text => Ok(Self::$variant), )*
                    other => Err($crate::UnknownName::new(other, Self::NAMES)),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{}", self.number()),
                }
            }
        }

        impl $crate::proto::Field for $name {
            fn read<'v>(
                value: &'v ::serde_json::Value,
                reading: &mut $crate::proto::Reading<'v>,
            ) -> Option<Self> {
                match value {
                    ::serde_json::Value::String(text) => match text.parse() {
                        Ok(read) => Some(read),
                        Err(error) => {
                            let error: $crate::UnknownName = error;
                            reading.invalid(error.to_string())
                        }
                    },
                    ::serde_json::Value::Number(number) => {
                        match number.as_i64().and_then(|n| i32::try_from(n).ok()) {
                            Some(number) => Some(Self::from(number)),
                            None => reading.invalid("expected the name or number of a value"),
                        }
                    }
                    other => reading.wrong_type("the name of a value", other),
                }
            }

            fn is_unset(&self) -> bool {
                *self == Self::default()
            }

            fn shape() -> $crate::proto::Shape {
                $crate::proto::Shape::Enum(Self::NAMES)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.name() {
                    Some(name) => serializer.serialize_str(name),
                    None => serializer.serialize_i32(self.number()),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::proto::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use enumeration;
