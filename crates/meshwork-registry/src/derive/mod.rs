//! What one resource alone says, in the registry's terms.

pub(crate) mod instance;
pub(crate) mod kubernetes;
pub(crate) mod labels;
pub(crate) mod pod;
pub(crate) mod service_entry;
pub(crate) mod slice;
pub(crate) mod workload_entry;

use std::sync::Arc;

pub(crate) use instance::Instance;
pub(crate) use pod::{PodFacts, PodView};
pub(crate) use service_entry::EntryView;
pub(crate) use slice::SliceFacts;

use crate::{Settings, strings::Strings};

/// What every derivation reads, and where it puts texts.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a Settings,
    /// The network that the root namespace gives the cluster; empty where it gives none.
    pub(crate) cluster_network: &'a Arc<str>,
    pub(crate) strings: &'a mut Strings,
}
