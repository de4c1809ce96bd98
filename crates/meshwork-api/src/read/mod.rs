//! Reads resources from YAML and JSON, with the place of everything.
//!
//! A text may hold any number of documents and `List`s; a document that is malformed does not
//! hide the others. Whatever is noticed is a [`Diagnostic`] with file, line, column, resource and
//! field. What is read keeps the way back to its text, so that later findings (validation,
//! compilation) can be shown at the line they are about.
//!
//! ```
//! use meshwork_api::{AnyObject, read};
//! let outcome = read::documents("reviews.yaml", "\
//! apiVersion: networking.istio.io/v1
//! kind: VirtualService
//! metadata: {name: reviews}
//! spec:
//!   hosts: [reviews]
//!   http:
//!   - rout: [{destination: {host: reviews}}]
//! ");
//! assert!(outcome.objects.is_empty(), "in a cluster this field would vanish");
//! let refusal = &outcome.diagnostics[0];
//! assert_eq!(
//!     refusal.to_string(),
//!     "reviews.yaml:7:5: error: VirtualService reviews: `spec.http[0].rout`: \
//!      unknown field, did you mean `route`?",
//! );
//! ```

mod diagnostic;
mod document;
mod json;
mod limits;
mod located;
mod mesh_config;
mod object;
mod outcome;
mod piece;
mod place;
mod scalar;
mod sink;
mod source;
mod split;
mod yaml;

pub use diagnostic::Diagnostic;
pub use limits::Limits;
pub use located::Located;
pub use mesh_config::mesh_config;
pub use object::value;
pub use outcome::{Admission, ReadOutcome, Reader};
pub use source::{Position, Source};

/// Reads a text with [`Admission::Strict`] and the usual [`Limits`].
pub fn documents(source_name: &str, text: &str) -> ReadOutcome {
    Reader::default().documents(source_name, text)
}

/// Reads bytes, which should be UTF-8, like [`documents`].
pub fn bytes(source_name: &str, bytes: &[u8]) -> ReadOutcome {
    Reader::default().bytes(source_name, bytes)
}
