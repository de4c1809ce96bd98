//! The time that a request has.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// The time limits of one request, shared by the layers that keep them.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    limit: Option<Duration>,
    complete: Arc<OnceLock<Instant>>,
    struck: Arc<AtomicBool>,
}

impl Timing {
    /// A limit for all tries together.
    pub(crate) fn limited(limit: Duration) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// The limit for all tries together (`http[].timeout`, `grpc-timeout`).
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// What is left of the limit; all of it until the request has come whole.
    pub fn remaining(&self) -> Option<Duration> {
        let spent = self.complete.get().map_or(Duration::ZERO, Instant::elapsed);
        self.limit.map(|limit| limit.saturating_sub(spent))
    }

    /// The whole request has come.
    pub(crate) fn set_complete(&self) {
        let _ = self.complete.set(Instant::now());
    }

    /// A timeout ends what is under way.
    pub(crate) fn strike(&self) {
        self.struck.store(true, Ordering::Relaxed);
    }

    /// Whether a timeout has ended what is under way.
    pub(crate) fn has_struck(&self) -> bool {
        self.struck.load(Ordering::Relaxed)
    }
}
