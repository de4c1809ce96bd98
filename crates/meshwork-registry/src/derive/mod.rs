//! What one resource alone says, in the registry's terms.

pub(crate) mod instance;
pub(crate) mod kubernetes;
pub(crate) mod labels;
pub(crate) mod pod;
pub(crate) mod service_entry;
pub(crate) mod slice;
pub(crate) mod workload_entry;

pub(crate) use instance::Instance;
pub(crate) use pod::PodView;
pub(crate) use service_entry::EntryView;
