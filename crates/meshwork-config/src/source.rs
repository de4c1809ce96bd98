//! Where configuration comes from.

use std::{fmt, sync::Arc};

use crate::Event;

/// A source of resources: a folder, a cluster, a control plane, a test.
///
/// A source is the admission of its resources: it tells `Apply` for what it takes and `Refuse` for
/// what it does not. It never blocks in [`start`](Source::start); what it has to wait for it does in
/// a thread or task of its own, until the [`Running`] guard is dropped.
pub trait Source: Send + 'static {
    /// Tells everything that there is now, from `Init` to `InitDone`, and goes on to tell changes.
    ///
    /// # Errors
    /// Where the source cannot be reached at all. What is wrong with single resources is told as
    /// [`Event::Refuse`].
    fn start(self: Box<Self>, sink: Sink) -> Result<Running, SourceError>;
}

/// Tells sources apart, so that a listing of one lets nothing go that another has told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// The source of a number; 0 is whoever names none.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }
}

/// Takes the events of a source; cheap to clone.
#[derive(Clone)]
pub struct Sink(Arc<dyn Fn(Vec<Event>) + Send + Sync>);

impl Sink {
    /// A sink that hands each batch of events to `take`, which must not block.
    pub fn new(take: impl Fn(Vec<Event>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Hands over events that belong together; they take effect in one snapshot.
    pub fn send(&self, events: Vec<Event>) {
        (self.0)(events);
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}

/// Keeps a source running; dropping it ends the source.
#[must_use = "dropping this ends the source"]
pub struct Running(#[expect(dead_code, reason = "held to be dropped")] Box<dyn Send + Sync>);

impl Running {
    /// Runs as long as `guard` lives.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self(Box::new(guard))
    }

    /// Nothing runs: the source told everything at its start.
    pub fn nothing() -> Self {
        Self::new(())
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

/// A source cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}: {reason}")]
pub struct SourceError {
    /// Which source, for instance the path of a folder.
    pub source_name: String,
    /// Why.
    pub reason: String,
}

impl SourceError {
    /// An error of the source with this name.
    pub fn new(source_name: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { source_name: source_name.into(), reason: reason.to_string() }
    }
}

impl Source for Vec<Event> {
    /// Tells the events, as one listing, and never changes.
    fn start(self: Box<Self>, sink: Sink) -> Result<Running, SourceError> {
        let mut events = vec![Event::Init];
        events.extend(*self);
        events.push(Event::InitDone);
        sink.send(events);
        Ok(Running::nothing())
    }
}
