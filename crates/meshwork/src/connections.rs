//! How many connections are open.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The connections of all listeners of a mesh.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Open(Arc<AtomicUsize>);

impl Connections {
    /// Counts one more; `None` where there are `most` already
    /// (`connectionSettings.globalDownstreamConnectionLimit`).
    pub(crate) fn open(&self, most: Option<usize>) -> Option<Open> {
        let most = most.unwrap_or(usize::MAX);
        let counted = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
            (open < most).then_some(open + 1)
        });
        counted.ok().map(|_| Open(Arc::clone(&self.0)))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
