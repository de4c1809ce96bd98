//! How much a text may ask of its reader.

/// Bounds on what is read, so that a hostile text costs a bounded amount of time and memory.
///
/// The defaults are far above what a cluster can hold (an object there has at most 1.5 MiB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one text; 64 MiB.
    pub max_bytes: usize,
    /// Bytes of one document in it; 16 MiB.
    pub max_document_bytes: usize,
    /// Documents in one text that are not empty; 100,000.
    pub max_documents: usize,
    /// Lists and mappings inside each other; 100.
    pub max_depth: usize,
    /// Values that the aliases of one document may stand for altogether; 100,000.
    pub max_alias_nodes: usize,
    /// Bytes of the texts in those values; 8 MiB.
    pub max_alias_bytes: usize,
    /// Diagnostics of one text; 10,000.
    pub max_diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_document_bytes: 16 << 20,
            max_documents: 100_000,
            max_depth: 100,
            max_alias_nodes: 100_000,
            max_alias_bytes: 8 << 20,
            max_diagnostics: 10_000,
        }
    }
}
