//! The first step of a stack: the request is checked, its path normalised, its headers cleaned.

mod forwarded;
mod hygiene;
mod layer;
mod path;
mod request_id;
mod settings;
mod validate;

pub(crate) use hygiene::clean_response;
pub use layer::{Normalize, NormalizeLayer};
pub use path::{EscapedSlashes, NormalizedPath, PathNormalization, PathNormalizationError};
pub use settings::{ForwardClientCert, HeadersWithUnderscores, HttpSettings};
