//! An in-memory network that plays a scenario's endpoints and remembers what they saw.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use indexmap::IndexMap;
use tokio::io::DuplexStream;

use crate::vectors::{
    recorded::{Received, ReceivedTls},
    scenario::{Backends, Step},
};

use super::backend::{self, Termination};

/// The network of one scenario. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Network {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    backends: Script,
    case: Option<Script>,
    /// Names in the certificates of servers, by `ip:port` or `ip`.
    identities: IndexMap<String, String>,
    seen: Vec<Arrival>,
    /// How many connections were made since the case began.
    connections: usize,
    /// How many connections have not shown yet what they are for.
    silent: usize,
}

/// What an endpoint saw, and on whose behalf.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// What it saw.
    pub received: Received,
    /// The cluster that the connection was made for.
    pub cluster: Arc<str>,
}

/// Steps with how many of them have been taken.
#[derive(Debug, Default)]
struct Script(IndexMap<String, (Vec<Step>, usize)>);

impl Script {
    fn new(backends: &Backends) -> Self {
        let steps = backends.iter().map(|(place, steps)| (place.clone(), (steps.clone(), 0)));
        Self(steps.collect())
    }

    fn take(&mut self, endpoint: &str) -> Option<Step> {
        let key = if self.0.contains_key(endpoint) { endpoint } else { "*" };
        let (steps, taken) = self.0.get_mut(key)?;
        let step = steps.get(*taken).or(steps.last()).cloned();
        *taken += 1;
        step
    }
}

/// The TLS that a client of the network speaks, modelled by what it says and asks.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The server name it asks for.
    pub sni: Option<String>,
    /// The protocols it offers.
    pub alpn: Vec<String>,
    /// The names in its certificate; none means that it shows none.
    pub client: Option<String>,
    /// Names of which the server's certificate has to hold one; empty admits every name.
    pub expected: Vec<Arc<str>>,
    /// The host that the server's certificate has to name beside them.
    pub host: Option<Arc<str>>,
}

impl Tls {
    fn admits(&self, identity: &str) -> bool {
        let bears = |expected: &str| {
            identity.split(',').map(str::trim).any(|name| {
                // URIs are compared as they are, names of hosts whatever their case.
                if expected.contains("://") {
                    expected == name
                } else {
                    expected.eq_ignore_ascii_case(name)
                }
            })
        };
        (self.expected.is_empty() || self.expected.iter().any(|name| bears(name)))
            && self.host.as_deref().is_none_or(bears)
    }
}

impl Network {
    /// A network with these endpoints.
    pub fn new(backends: &Backends, identities: IndexMap<String, String>) -> Self {
        let state = State { backends: Script::new(backends), identities, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a case: its own endpoints, and nothing seen yet.
    pub fn begin(&self, backends: Option<&Backends>) {
        let mut state = self.state();
        state.case = backends.map(Script::new);
        state.connections = 0;
        state.seen.clear();
    }

    /// Forgets what endpoints have seen; they go on with their steps.
    pub fn forget(&self) {
        self.state().seen.clear();
    }

    /// What endpoints have seen since the case began, in order of arrival.
    pub fn seen(&self) -> Vec<Arrival> {
        self.state().seen.clone()
    }

    /// Counts one connection to an endpoint, made on behalf of a cluster.
    pub(super) fn place(&self, endpoint: &str, cluster: &Arc<str>) -> Place {
        {
            // Whoever goes on connecting without end must not take the machine with it.
            let mut state = self.state();
            state.connections += 1;
            assert!(state.connections <= MOST, "one connection after the other to {endpoint}");
            state.silent += 1;
        }
        Place {
            network: self.clone(),
            endpoint: endpoint.to_owned(),
            cluster: Arc::clone(cluster),
            silence: Arc::new(Silence { network: self.clone(), broken: AtomicBool::new(false) }),
        }
    }

    /// Connects to an endpoint, `host:port`, on behalf of a cluster.
    ///
    /// # Errors
    /// When the TLS handshake fails. It is remembered as the endpoint saw it.
    pub fn connect(
        &self,
        endpoint: &str,
        tls: Option<&Tls>,
        cluster: &Arc<str>,
    ) -> io::Result<DuplexStream> {
        let place = self.place(endpoint, cluster);
        if let Some(tls) = tls {
            let identity = self.identity(endpoint, tls.sni.as_deref());
            if !tls.admits(&identity) {
                place.failed();
                let message = format!("certificate of {endpoint} names {identity}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        let (near, far) = tokio::io::duplex(PIPE);
        let tls = tls.map(|tls| ReceivedTls {
            sni: tls.sni.clone(),
            alpn: tls.alpn.first().cloned(),
            client: tls.client.clone(),
        });
        tokio::spawn(backend::serve(place, Termination::Modelled, tls, Box::new(far)));
        Ok(near)
    }

    /// Whether every connection that was made has shown what it is for, or ended.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().silent == 0
    }

    /// The name that the server at an address shows. One that nobody named shows the name that
    /// the client asks for.
    pub(super) fn identity(&self, endpoint: &str, sni: Option<&str>) -> String {
        let state = self.state();
        let address = endpoint.rsplit_once(':').map_or(endpoint, |(address, _)| address);
        let named = state.identities.get(endpoint).or_else(|| state.identities.get(address));
        named.cloned().or_else(|| sni.map(str::to_owned)).unwrap_or_default()
    }

    /// Remembers what an endpoint saw.
    fn saw(&self, received: Received, cluster: &Arc<str>) {
        self.state().seen.push(Arrival { received, cluster: Arc::clone(cluster) });
    }
}

/// One endpoint, as it serves a connection.
#[derive(Clone, Debug)]
pub(super) struct Place {
    network: Network,
    pub(super) endpoint: String,
    cluster: Arc<str>,
    silence: Arc<Silence>,
}

/// A connection that has not shown yet what it is for.
#[derive(Debug)]
struct Silence {
    network: Network,
    broken: AtomicBool,
}

impl Silence {
    fn end(&self) {
        if !self.broken.swap(true, Ordering::Relaxed) {
            self.network.state().silent -= 1;
        }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.end();
    }
}

impl Place {
    /// Remembers what it saw.
    pub(super) fn saw(&self, received: Received) {
        self.network.saw(received, &self.cluster);
        self.silence.end();
    }

    /// Remembers a handshake that failed.
    pub(super) fn failed(&self) {
        self.saw(Received {
            protocol: Some("handshake failed".to_owned()),
            endpoint: Some(self.endpoint.clone()),
            ..Received::default()
        });
    }

    /// What it does with its next request.
    pub(super) fn next_step(&self) -> Step {
        let mut state = self.network.state();
        let step = state.case.as_mut().and_then(|script| script.take(&self.endpoint));
        step.or_else(|| state.backends.take(&self.endpoint)).unwrap_or_default()
    }
}

/// More connections than any case makes.
const MOST: usize = 20_000;
/// Bytes that a pipe holds.
const PIPE: usize = 64 * 1024;
