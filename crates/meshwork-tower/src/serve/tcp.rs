//! Bytes that are passed on as they are.

use std::{io, sync::Arc, time::Duration};

use futures_util::TryFutureExt as _;
use http::Version;
use meshwork_balance::{Context, Outcome, Resource};
use meshwork_core::{Attributes, RequestHead};
use meshwork_policy::{HashInput, HashPolicy, TcpPolicy};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::Instant,
};

use super::tunnel;
use crate::{
    ClusterHandle, ConnectError, ConnectionInfo, DialAddress, DialProtocol, EndpointChoice, Flag,
    Io, ResponseFlags,
};

/// Passes the bytes of connections to the endpoint of a cluster, and back (Envoy's TCP proxy).
///
/// A proxy of one's own asks the route table what becomes of a connection, and this to do it. The
/// original destination is part of the [`ConnectionInfo`]: listeners that are bound to addresses
/// decide by it, and `PassthroughCluster` dials it.
///
/// ```
/// # use std::net::SocketAddr;
/// # use meshwork_config::Snapshot;
/// # use meshwork_core::{Draw, Draws as _};
/// use meshwork_routing::{ConnectionAction, FirstBytes};
/// use meshwork_tower::{Clusters, ConnectionInfo, Seeds, TcpProxy, TcpTarget};
///
/// # async fn example(
/// #     snapshot: &Snapshot, clusters: &Clusters, io: tokio::net::TcpStream, dialled: SocketAddr,
/// # ) {
/// let mut connection = ConnectionInfo::new(io.peer_addr().ok(), Some(dialled));
/// connection.first_bytes = FirstBytes::None;
/// let draws = Seeds::random().draws();
/// let decision = connection.with_attributes(|attributes| {
///     snapshot.routes.outbound(attributes, connection.first_bytes, &draws)
/// });
/// if let ConnectionAction::Forward(destination) = &decision.action {
///     let cluster = clusters.cluster(snapshot, &destination.cluster);
///     let target = TcpTarget::new(cluster, draws.draw(Draw::Endpoint(0)));
///     let outcome = TcpProxy::new().proxy(io, &connection, &target).await;
///     println!("{} bytes there, {} back, {}", outcome.sent, outcome.received, outcome.flags);
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TcpProxy {
    /// A connection on which nothing passes in either direction is closed after this time where
    /// the cluster's rule says nothing of it; 1 h by default, zero for never.
    pub idle_timeout: Duration,
}

/// What a connection is passed on to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TcpTarget {
    /// The cluster; `None` where it does not exist, which closes the connection.
    pub cluster: Option<ClusterHandle>,
    /// A random number that picks the endpoint.
    pub random: u64,
}

impl TcpTarget {
    /// A cluster, and a random number for the pick.
    pub const fn new(cluster: Option<ClusterHandle>, random: u64) -> Self {
        Self { cluster, random }
    }
}

/// What became of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpOutcome {
    /// Envoy's flags.
    pub flags: ResponseFlags,
    /// The endpoint that was chosen.
    pub endpoint: Option<Arc<str>>,
    /// Whether a connection to it was made.
    pub connected: bool,
    /// Bytes from the client to the endpoint.
    pub sent: u64,
    /// Bytes from the endpoint to the client.
    pub received: u64,
}

impl Default for TcpProxy {
    fn default() -> Self {
        Self { idle_timeout: Duration::from_secs(3600) }
    }
}

impl TcpProxy {
    /// A proxy with Istio's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Passes one connection on until it ends.
    pub async fn proxy<I: Io>(
        &self,
        io: I,
        connection: &ConnectionInfo,
        target: &TcpTarget,
    ) -> TcpOutcome {
        self.proxy_until(io, connection, target, std::future::pending()).await
    }

    /// Passes one connection on until it ends, or until `stop` completes, which closes it on both
    /// sides.
    pub async fn proxy_until<I: Io>(
        &self,
        io: I,
        connection: &ConnectionInfo,
        target: &TcpTarget,
        stop: impl Future<Output = ()>,
    ) -> TcpOutcome {
        tokio::pin!(stop);
        let mut outcome = TcpOutcome::default();
        let Some(cluster) = &target.cluster else {
            outcome.flags.insert(Flag::NoClusterFound);
            return outcome;
        };
        let shared = cluster.shared();
        let tcp = cluster.options().tcp.clone();
        let pick = match cluster.options().choice {
            EndpointChoice::Balanced => {
                let choice = Context::new(shared.clock.now(), target.random);
                cluster.pick(&choice.with_hash(source_hash(&tcp, connection))).ok()
            }
            EndpointChoice::OriginalDestination { port } => {
                connection.destination.map(|mut address| {
                    address.set_port(port.unwrap_or(address.port()));
                    cluster.pick_address(&DialAddress::Ip(address))
                })
            }
            EndpointChoice::Authority => None,
        };
        let Some(pick) = pick else {
            outcome.flags.insert(Flag::NoHealthyUpstream);
            return outcome;
        };
        outcome.endpoint = Some(pick.address().into());
        let now = shared.clock.now();
        let Ok(_permit) = cluster.breaker().try_acquire(Resource::Connection, now) else {
            outcome.flags.insert(Flag::UpstreamOverflow);
            return outcome;
        };
        // A tunnel is a request to the cluster, in the protocol of the cluster's requests.
        let protocol = match &tcp.tunnel {
            Some(_) => cluster.protocol_for(Version::HTTP_11),
            None => DialProtocol::Tcp,
        };
        let mut dial = pick.endpoint().dial(shared, protocol);
        dial.client = connection.source.zip(connection.destination);
        let connecting = async {
            let io = shared.connector.connect(dial).await?;
            match &tcp.tunnel {
                Some(tunnel) => {
                    let opened = tunnel::open(io, protocol, tunnel).await;
                    opened.map_err(|error| ConnectError::Failed(error.to_string().into()))
                }
                None => Ok(io),
            }
        };
        let connected = tokio::select! {
            connected = connecting => connected,
            () = &mut stop => return outcome,
        };
        match connected {
            Ok(upstream) => {
                outcome.connected = true;
                pick.report(Outcome::Connected, shared.clock.now());
                tokio::select! {
                    () = self.splice(io, upstream, &tcp, &mut outcome) => {}
                    () = &mut stop => {}
                }
            }
            Err(error) => {
                let timed_out = error == ConnectError::TimedOut;
                let what =
                    if timed_out { Outcome::ConnectTimeout } else { Outcome::ConnectFailure };
                pick.report(what, shared.clock.now());
                outcome.flags.insert(Flag::UpstreamConnectionFailure);
                outcome.flags.insert(Flag::UpstreamRetryLimitExceeded);
            }
        }
        outcome
    }

    async fn splice<I: Io>(
        &self,
        client: I,
        upstream: Box<dyn Io>,
        tcp: &TcpPolicy,
        outcome: &mut TcpOutcome,
    ) {
        let (mut client_read, mut client_write) = tokio::io::split(client);
        let (mut upstream_read, mut upstream_write) = tokio::io::split(upstream);
        let activity = Activity::new();
        // An end in one direction leaves the other open; an error, as of TLS that is cut off, ends
        // both.
        let there = copy(&mut client_read, &mut upstream_write, &mut outcome.sent, &activity);
        let back = copy(&mut upstream_read, &mut client_write, &mut outcome.received, &activity);
        let both = async {
            tokio::try_join!(
                there.map_err(|(end, error)| Broken { of_upstream: end == End::To, error }),
                back.map_err(|(end, error)| Broken { of_upstream: end == End::From, error }),
            )
        };
        let longest = async {
            match tcp.max_connection_duration {
                Some(max) => tokio::time::sleep(max).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = both => {
                if let Err(Broken { of_upstream: true, error }) = ended
                    && error.kind() == io::ErrorKind::ConnectionReset
                {
                    outcome.flags.insert(Flag::UpstreamRemoteReset);
                }
            }
            () = activity.idle(tcp.idle_timeout.unwrap_or(self.idle_timeout)) => {}
            () = longest => outcome.flags.insert(Flag::DurationTimeout),
        }
    }
}

/// The hash of the peer's address, where connections are placed by it.
fn source_hash(tcp: &TcpPolicy, connection: &ConnectionInfo) -> Option<u64> {
    let headers = http::HeaderMap::new();
    let head = RequestHead::new("", "", "", "", &headers);
    let key = |attributes: &Attributes<'_>| {
        HashPolicy::SourceIp(true).key(&HashInput::new(&head, attributes))
    };
    tcp.source_ip_hash.then(|| connection.with_attributes(key)).flatten()
}

/// When something last passed.
struct Activity(std::sync::Mutex<Instant>);

impl Activity {
    fn new() -> Self {
        Self(std::sync::Mutex::new(Instant::now()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn note(&self) {
        *self.lock() = Instant::now();
    }

    /// Waits until nothing has passed for `timeout`.
    async fn idle(&self, timeout: Duration) {
        if timeout.is_zero() {
            return std::future::pending().await;
        }
        loop {
            let until = *self.lock() + timeout;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

/// Why bytes are no longer passed on.
struct Broken {
    /// The endpoint's side broke, not the client's.
    of_upstream: bool,
    error: io::Error,
}

/// The end of a copy that broke.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    From,
    To,
}

/// Copies until the end of one direction, and ends the other side's reading then.
async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    count: &mut u64,
    activity: &Activity,
) -> Result<(), (End, io::Error)> {
    let broken = |error| (End::To, error);
    let mut buffer = bytes::BytesMut::with_capacity(16 * 1024);
    loop {
        buffer.clear();
        let read = from.read_buf(&mut buffer).await.map_err(|error| (End::From, error))?;
        if read == 0 {
            return to.shutdown().await.map_err(broken);
        }
        activity.note();
        to.write_all(&buffer).await.map_err(broken)?;
        to.flush().await.map_err(broken)?;
        *count += read as u64;
    }
}
