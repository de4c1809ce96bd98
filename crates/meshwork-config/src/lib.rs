#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod about;
mod admit;
mod cluster;
mod credentials;
mod event;
mod folder;
mod objects;
mod references;
mod report;
mod security;
mod snapshot;
mod source;
mod store;
#[cfg(feature = "file")]
mod watch;

pub use admit::events_of;
pub use cluster::ClusterSpec;
pub use credentials::{Credential, Credentials};
pub use event::{Applied, Event, Origin, Refusal};
pub use folder::Folder;
pub use report::{CompileReport, Diagnostic, Level};
pub use security::{Closed, InboundVerdict, Security};
pub use snapshot::Snapshot;
pub use source::{Running, Sink, Source, SourceError, SourceId};
pub use store::ConfigStore;
