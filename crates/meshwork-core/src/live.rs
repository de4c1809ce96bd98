//! A value that is replaced as a whole while others read it.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;

/// The reading end: each [`load`](Live::load) sees one whole version.
///
/// Reading takes no lock and never waits for a writer.
///
/// ```
/// use meshwork_core::Publisher;
/// let publisher = Publisher::new(1);
/// let live = publisher.live();
/// publisher.publish(2);
/// assert_eq!(*live.load(), 2);
/// ```
pub struct Live<T>(Arc<ArcSwap<T>>);

impl<T> Live<T> {
    /// A value that nobody will replace; for tests and for static configuration.
    pub fn fixed(value: T) -> Self {
        Publisher::new(value).live()
    }

    /// The version that is in force now; hold on to it for as long as one decision takes.
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.load()).finish()
    }
}

/// The writing end of a [`Live`] value.
pub struct Publisher<T>(Arc<ArcSwap<T>>);

impl<T> Publisher<T> {
    /// Begins with `value`.
    pub fn new(value: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(value)))
    }

    /// A reading end.
    pub fn live(&self) -> Live<T> {
        Live(Arc::clone(&self.0))
    }

    /// Puts `value` in force; readers that loaded the former version keep it until they are done.
    pub fn publish(&self, value: impl Into<Arc<T>>) {
        self.0.store(value.into());
    }

    /// The version in force.
    pub fn current(&self) -> Arc<T> {
        self.0.load_full()
    }
}

impl<T: fmt::Debug> fmt::Debug for Publisher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Publisher").field(&self.current()).finish()
    }
}
