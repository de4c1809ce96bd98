//! The runtime state of clusters: who is ejected, what is under way, which connections are open.

mod handle;
mod names;
mod options;
mod registry;
mod upstream;

pub use handle::ClusterHandle;
pub use meshwork_policy::UpstreamProtocol;
pub use options::{ClusterOptions, EndpointChoice};
pub use registry::Clusters;
pub(crate) use upstream::Upstream;
