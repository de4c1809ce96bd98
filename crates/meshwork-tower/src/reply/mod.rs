//! Answers that the mesh gives itself, and what is said about every answer.

mod flags;
mod grpc;
mod local;

pub use flags::{Flag, ResponseFlags};
pub use grpc::{grpc_status_of, is_grpc};
pub use local::{Details, LocalReply};
