//! The pool of one endpoint: who waits, what is idle, when to connect.

use std::{
    collections::VecDeque,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use http::{Request, Response};
use meshwork_balance::{Breaker, Permit, Resource};
use tokio::{sync::oneshot, time::Instant};

use super::{
    Guarded, PoolSettings, StreamReset, UpstreamFailure,
    connection::{Connection, Stream},
};
use crate::{Body, Clock, ConnectError, Dial, DialProtocol, SharedConnector};

/// The connections to one endpoint under one policy.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    dial: Dial,
    connector: SharedConnector,
    settings: PoolSettings,
    breaker: Arc<Breaker>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ready for a request; for HTTP/2 all connections that take streams.
    ready: Vec<Connection>,
    waiting: VecDeque<oneshot::Sender<Result<Lease, UpstreamFailure>>>,
    connections: u32,
    connecting: u32,
    reaping: bool,
}

/// A connection for one request.
struct Lease {
    connection: Connection,
    stream: Option<Stream>,
    fresh: bool,
    /// The request's place among those under way.
    permit: Permit,
}

impl Pool {
    pub(crate) fn new(
        dial: Dial,
        connector: SharedConnector,
        settings: PoolSettings,
        breaker: Arc<Breaker>,
        clock: Clock,
    ) -> Self {
        let state = Mutex::default();
        Self(Arc::new(Inner { dial, connector, settings, breaker, clock, state }))
    }

    /// Sends a request on a connection of the pool, or on a new one.
    ///
    /// A kept connection that turns out to be closed before anything was sent is no failure: the
    /// next one is taken.
    pub(crate) async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, UpstreamFailure> {
        loop {
            let mut lease = self.0.lease().await?;
            match lease.connection.send(request).await {
                Ok(response) => {
                    let Lease { connection, stream, permit, .. } = lease;
                    if stream.is_none() {
                        self.0.give_back_when_ready(connection);
                    }
                    return Ok(response.map(|body| Body::new(Guarded::new(body, (permit, stream)))));
                }
                Err(error) => match error.unsent {
                    Some(unsent) if !lease.fresh => request = *unsent,
                    _ => return Err(error.failure),
                },
            }
        }
    }
}

impl Inner {
    async fn lease(self: &Arc<Self>) -> Result<Lease, UpstreamFailure> {
        let (receiver, pending) = {
            let mut state = self.state();
            if let Some(lease) = self.take_ready(&mut state) {
                return lease;
            }
            let pending = self
                .breaker
                .try_acquire(Resource::PendingRequest, self.clock.now())
                .map_err(|_| UpstreamFailure::Overflow)?;
            let (sender, receiver) = oneshot::channel();
            state.waiting.push_back(sender);
            self.open_as_needed(&mut state);
            (receiver, pending)
        };
        let lease = receiver.await;
        drop(pending);
        lease.unwrap_or_else(|_| {
            Err(UpstreamFailure::Connect(ConnectError::Failed("the pool ended".into())))
        })
    }

    fn take_ready(&self, state: &mut State) -> Option<Result<Lease, UpstreamFailure>> {
        state.ready.retain(|connection| connection.is_usable(&self.settings));
        let index =
            state.ready.iter().rposition(|connection| connection.is_ready(&self.settings))?;
        let permit = match self.permit() {
            Ok(permit) => permit,
            Err(failure) => return Some(Err(failure)),
        };
        if self.dial.protocol == DialProtocol::Http2 {
            let (connection, stream) = state.ready.get_mut(index)?.share()?;
            return Some(Ok(Lease { connection, stream: Some(stream), fresh: false, permit }));
        }
        let connection = state.ready.swap_remove(index);
        Some(Ok(Lease { connection, stream: None, fresh: false, permit }))
    }

    /// A place among the requests under way.
    fn permit(&self) -> Result<Permit, UpstreamFailure> {
        let permit = self.breaker.try_acquire(Resource::Request, self.clock.now());
        permit.map_err(|_| UpstreamFailure::Overflow)
    }

    /// Opens connections while more requests wait than those being opened will take.
    fn open_as_needed(self: &Arc<Self>, state: &mut State) {
        let capacity = if self.dial.protocol == DialProtocol::Http2 {
            self.settings.max_concurrent_streams
        } else {
            1
        };
        let waiting = u32::try_from(state.waiting.len()).unwrap_or(u32::MAX);
        while waiting > state.connecting.saturating_mul(capacity) {
            let permit = if state.connections == 0 {
                self.breaker.acquire(Resource::Connection)
            } else {
                let now = self.clock.now();
                let Ok(permit) = self.breaker.try_acquire(Resource::Connection, now) else {
                    return;
                };
                permit
            };
            state.connections += 1;
            state.connecting += 1;
            tokio::spawn(Arc::clone(self).open(permit));
        }
    }

    async fn open(self: Arc<Self>, permit: Permit) {
        let counted = Counted { pool: Arc::downgrade(&self), permit: Some(permit) };
        let io = match self.connector.connect(self.dial.clone()).await {
            Ok(io) => io,
            Err(error) => {
                self.fail(&UpstreamFailure::Connect(error));
                // Last, so that no other connection is tried for those that were told already.
                return drop(counted);
            }
        };
        let closed = move || drop(counted);
        match Connection::handshake(io, self.dial.protocol, &self.settings, closed).await {
            Ok(connection) => {
                self.state().connecting -= 1;
                self.hand_over(connection, true);
            }
            Err(error) => {
                tracing::debug!(%error, "an upstream connection ended before its first request");
                let reason = StreamReset::ConnectionTermination;
                self.fail(&UpstreamFailure::Reset { reason, request_sent: false });
            }
        }
    }

    /// A connection did not come about: whoever waits is told.
    fn fail(&self, failure: &UpstreamFailure) {
        let mut state = self.state();
        state.connecting -= 1;
        for waiter in state.waiting.drain(..) {
            // Whoever no longer waits needs no answer.
            let _ = waiter.send(Err(failure.clone()));
        }
    }

    fn give_back_when_ready(self: &Arc<Self>, mut connection: Connection) {
        if !connection.is_usable(&self.settings) {
            return;
        }
        if connection.is_ready(&self.settings) {
            return self.hand_over(connection, false);
        }
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            if connection.ready().await && connection.is_usable(&pool.settings) {
                pool.hand_over(connection, false);
            }
        });
    }

    /// Gives a connection to whoever waits longest, or keeps it.
    fn hand_over(self: &Arc<Self>, mut connection: Connection, fresh: bool) {
        let mut state = self.state();
        // A new connection goes to whoever waits even if it has ended meanwhile: the failure is that
        // request's, and a peer that hangs up at once is not called again and again.
        let mut new = fresh;
        while !state.waiting.is_empty()
            && (mem::take(&mut new) || connection.is_ready(&self.settings))
        {
            let Some(waiter) = state.waiting.pop_front() else { break };
            let permit = match self.permit() {
                Ok(permit) => permit,
                Err(failure) => {
                    // Whoever no longer waits needs no answer, here as below.
                    let _ = waiter.send(Err(failure));
                    continue;
                }
            };
            if let Some((connection, stream)) = connection.share() {
                let _ = waiter.send(Ok(Lease { connection, stream: Some(stream), fresh, permit }));
                continue;
            }
            match waiter.send(Ok(Lease { connection, stream: None, fresh, permit })) {
                Err(Ok(lease)) => connection = lease.connection,
                Ok(()) | Err(Err(_)) => return,
            }
        }
        connection.idle_since = Instant::now();
        state.ready.push(connection);
        self.open_as_needed(&mut state);
        if !state.reaping && !self.settings.idle_timeout.is_zero() {
            state.reaping = true;
            tokio::spawn(reap(Arc::downgrade(self), self.settings.idle_timeout));
        }
    }

    /// Drops connections that nobody used for long enough; says when to look again.
    fn drop_idle(&self) -> Option<Instant> {
        let timeout = self.settings.idle_timeout;
        let mut state = self.state();
        state.ready.retain(|connection| {
            connection.is_usable(&self.settings)
                && (connection.is_busy() || connection.idle_since.elapsed() < timeout)
        });
        let oldest = state.ready.iter().map(|connection| connection.idle_since).min();
        state.reaping = oldest.is_some();
        oldest.map(|oldest| (oldest + timeout).max(Instant::now() + MIN_REAP_INTERVAL))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a connection until it has ended; then another may be opened for those who wait.
struct Counted {
    pool: Weak<Inner>,
    permit: Option<Permit>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.permit = None;
        if let Some(pool) = self.pool.upgrade() {
            let mut state = pool.state();
            state.connections -= 1;
            pool.open_as_needed(&mut state);
        }
    }
}

/// Looks after idle connections until none is left.
async fn reap(pool: Weak<Inner>, mut wait: Duration) {
    loop {
        tokio::time::sleep(wait).await;
        let Some(next) = pool.upgrade().and_then(|pool| pool.drop_idle()) else { return };
        wait = next.saturating_duration_since(Instant::now());
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state();
        f.debug_struct("Pool")
            .field("address", &self.0.dial.address)
            .field("connections", &state.connections)
            .field("waiting", &state.waiting.len())
            .finish_non_exhaustive()
    }
}

/// How often busy connections are looked at, at most.
const MIN_REAP_INTERVAL: Duration = Duration::from_secs(1);
