#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod address;
mod draws;
mod explanation;
mod host;
mod identity;
mod labels;
mod live;
mod locality;
mod persistent;
mod port;
mod protocol;
mod re2;
mod request;
mod resource;
mod string_match;

pub use address::{AddressRange, ParseAddressRangeError};
pub use draws::{Draw, Draws, SeededDraws};
pub use explanation::{Explanation, Mismatch, Outcome, Removed, Step};
pub use host::{HostPattern, Hostname};
pub use identity::{Claim, RequestIdentity};
pub use labels::{Labels, Selector};
pub use live::{Live, Publisher};
pub use locality::Locality;
pub use persistent::{Diff, EntryChange, Iter, NameMap, PersistentMap};
pub use port::{ParsePortError, Port};
pub use protocol::{ParseProtocolError, Protocol};
pub use re2::{Re2, Re2Error, Re2Rewrite};
pub use request::{Attributes, RequestHead};
pub use resource::{FieldPath, Namespace, ResourceRef};
pub use string_match::{StringMatch, StringMatchError};
