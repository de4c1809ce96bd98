//! What a stack knows of a request: one extension.

mod connection;
mod layer;
mod mesh;
mod progress;
mod propagate;
mod record;
mod seeds;
mod timing;

pub use connection::{ConnectionInfo, Direction, OriginalDestination};
pub use layer::{ContextLayer, WithContext};
pub use mesh::{Head, MeshContext, Routed, Upgrade};
pub use propagate::{Propagate, PropagateLayer};
pub use record::{Record, StreamInfo};
pub use seeds::Seeds;
pub use timing::Timing;
