//! One log line a request, with Istio's fields.

mod body;
mod entry;
mod layer;

pub use body::{CountedBody, LoggedBody};
pub use entry::AccessLogEntry;
pub use layer::{AccessLog, AccessLogLayer};
