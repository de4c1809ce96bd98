//! What happened to a request, for its log line and its metrics.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::progress::Progress;
use crate::{Details, Flag, Head, ResponseFlags};

/// What became of one request (Envoy's stream info): layers write it, the access log reads it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StreamInfo {
    /// The head after normalisation, before any rewrite.
    pub head: Option<Head>,
    /// `x-request-id` as it is forwarded.
    pub request_id: Option<Arc<str>>,
    /// `x-forwarded-for` as it is forwarded.
    pub forwarded_for: Option<Arc<str>>,
    /// Envoy's response flags.
    pub flags: ResponseFlags,
    /// Envoy's response code details.
    pub details: Option<Cow<'static, str>>,
    /// The name of the route.
    pub route: Option<Arc<str>>,
    /// Where the route's rule stands, readable.
    pub rule: Option<Arc<str>>,
    /// The cluster that was chosen, where it exists.
    pub cluster: Option<Arc<str>>,
    /// The endpoints that were tried, in order.
    pub attempts: Vec<Arc<str>>,
    /// Why the last connection could not be made.
    pub upstream_failure: Option<Arc<str>>,
}

/// A shared [`StreamInfo`].
///
/// It outlives the request's future, so that a request that the client gave up can be told of.
#[derive(Clone, Default)]
pub struct Record(Arc<Inner>);

#[derive(Default)]
struct Inner {
    info: Mutex<StreamInfo>,
    progress: Progress,
}

impl Record {
    /// Reads what happened so far.
    pub fn read(&self) -> StreamInfo {
        self.0.info.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes.
    pub fn write(&self, change: impl FnOnce(&mut StreamInfo)) {
        change(&mut self.0.info.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What has passed of the request.
    pub(crate) fn progress(&self) -> &Progress {
        &self.0.progress
    }

    /// Adds a flag.
    pub fn flag(&self, flag: Flag) {
        self.write(|info| info.flags.insert(flag));
    }

    /// Takes over the flags and details of an answer.
    pub fn answer(&self, flags: ResponseFlags, details: &Details) {
        self.write(|info| {
            info.flags = info.flags | flags;
            info.details = Some(details.0.clone());
        });
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.read(), f)
    }
}
