//! The first step of a stack: the request is checked, its path normalised, its headers cleaned.

mod current;
mod forwarded;
mod hygiene;
mod layer;
mod limits;
mod path;
mod request_id;
mod settings;
mod validate;

pub use current::CurrentSettings;
pub(crate) use hygiene::clean_response;
pub use layer::{Normalize, NormalizeLayer};
pub use limits::{ConnectionLimits, StreamLimits};
pub use path::{EscapedSlashes, NormalizedPath, PathNormalization, PathNormalizationError};
pub use settings::{
    AddedHeaders, ClientCertDetails, ForwardClientCert, HeadersWithUnderscores, HttpSettings,
};
