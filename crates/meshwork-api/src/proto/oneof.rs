//! Oneofs: groups of fields of which at most one is set.

use super::{Member, Reading};
use serde::ser::SerializeMap;
use serde_json::Value;

/// `Option` of an enum that was declared with [`oneof!`].
pub(crate) trait Oneof {
    /// Its members.
    fn members() -> &'static [Member];

    /// Reads the member `key`; false if there is none of that JSON name.
    ///
    /// Of several members that are present the last declared one counts, whatever their order in
    /// the text: so istiod reads them.
    fn read_member<'v>(&mut self, key: &str, value: &'v Value, reading: &mut Reading<'v>) -> bool;

    /// Writes the member that is set.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

/// Declares a oneof.
macro_rules! oneof {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident($ty:ty) = $json:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant($ty), )+
        }

        impl $name {
            /// The JSON name of the member that is set.
            pub fn field_name(&self) -> &'static str {
                match self {
                    $( Self::$variant(_) => $json, )+
                }
            }
        }

        impl $crate::proto::Oneof for Option<$name> {
            fn members() -> &'static [$crate::proto::Member] {
                &[$( $crate::proto::Member::Field {
                    json: $json,
                    ident: stringify!($variant),
                    shape: <$ty as $crate::proto::Field>::shape,
                } ),+]
            }

            fn read_member<'v>(
                &mut self,
                key: &str,
                value: &'v ::serde_json::Value,
                reading: &mut $crate::proto::Reading<'v>,
            ) -> bool {
                const NAMES: &[&str] = &[$( $json ),+];
                $(
                    if key == $json {
                        if value.is_null() {
                            return true;
                        }
                        if let Some(read) = <$ty as $crate::proto::Field>::read(value, reading) {
                            let rank = |name: &str| NAMES.iter().position(|n| *n == name);
                            match self.as_ref().map($name::field_name) {
                                Some(present) if rank(present) > rank($json) => {
                                    reading.report($crate::proto::ProblemKind::SeveralOfOneof {
                                        ignored: $json,
                                    });
                                }
                                present => {
                                    if let Some(ignored) = present {
                                        reading.report(
                                            $crate::proto::ProblemKind::SeveralOfOneof { ignored },
                                        );
                                    }
                                    *self = Some($name::$variant(read));
                                }
                            }
                        }
                        return true;
                    }
                )+
                false
            }

            fn write<M: ::serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                match self {
                    None => Ok(()),
                    $( Some($name::$variant(value)) => map.serialize_entry($json, value), )+
                }
            }
        }
    };
}
pub(crate) use oneof;
