//! Sessions of mesh TLS that are resumed while the trust they were made under is in force.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use meshwork_identity::tls::{TlsIdentity, valid_until};
use meshwork_policy::ClusterPolicy;
use meshwork_tower::{Dial, DialAddress, DialProtocol};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, NamedGroup,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
};
use rustls_pki_types::{ServerName, UnixTime};

use super::ConnectTlsError;

/// The TLS configurations of all destinations, with their sessions.
///
/// INVARIANT: a session is kept with the destination, its policy, and the certificate and roots of
/// the workload under which it began. When one of them changes, the next handshake is a full one.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Held, so that no other value comes to its address.
    of: Option<Arc<Option<TlsIdentity>>>,
    known: HashMap<Destination, Arc<Session>>,
}

/// Where to, and by which policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Destination {
    policy: Option<Same>,
    address: DialAddress,
    protocol: DialProtocol,
    host: Option<Arc<str>>,
}

/// A policy that is equal to itself alone.
#[derive(Clone, Debug)]
struct Same(Arc<ClusterPolicy>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Same {}

impl Hash for Same {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// How connections to one destination are made; the configuration holds the tickets that its server
/// gave.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: Arc<ClientConfig>,
    /// Until when all certificates are valid that the server has shown, in seconds since 1970: each
    /// ticket came of one of them.
    until: AtomicU64,
}

impl Sessions {
    /// The session with a destination; `config` makes its configuration where there is none.
    pub(super) fn find(
        &self,
        dial: &Dial,
        identity: Arc<Option<TlsIdentity>>,
        config: impl FnOnce() -> Result<ClientConfig, ConnectTlsError>,
    ) -> Result<Arc<Session>, ConnectTlsError> {
        let destination = Destination {
            policy: dial.policy.clone().map(Same),
            address: dial.address.clone(),
            protocol: dial.protocol,
            host: dial.host.clone(),
        };
        let mut kept = lock(&self.0);
        if !kept.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &identity)) {
            kept.known.clear();
            kept.of = Some(identity);
        }
        // One whose certificate has ended begins anew, apart from tickets that come late.
        if let Some(known) = kept.known.get(&destination)
            && known.holds(UnixTime::now())
        {
            return Ok(Arc::clone(known));
        }
        if kept.known.len() >= MOST {
            kept.known.clear();
        }
        let session = Arc::new(Session::new(config()?));
        kept.known.insert(destination, Arc::clone(&session));
        Ok(session)
    }
}

impl Session {
    fn new(mut config: ClientConfig) -> Self {
        let tickets = Arc::new(Tickets::default());
        config.resumption = Resumption::store(tickets);
        Self { config: Arc::new(config), until: AtomicU64::new(u64::MAX) }
    }

    /// Looks at a handshake that was made.
    ///
    /// # Errors
    /// It resumed a session, and the server's certificate has ended since.
    pub(super) fn made(&self, made: &ClientConnection) -> Result<(), ConnectTlsError> {
        if made.handshake_kind() != Some(HandshakeKind::Resumed) {
            let chain = made.peer_certificates().unwrap_or_default();
            self.until.fetch_min(valid_until(chain).unwrap_or(0), Ordering::Relaxed);
            return Ok(());
        }
        if self.holds(UnixTime::now()) { Ok(()) } else { Err(ConnectTlsError::SessionExpired) }
    }

    fn holds(&self, now: UnixTime) -> bool {
        now.as_secs() <= self.until.load(Ordering::Relaxed)
    }
}

/// The last tickets of one server, each good for one connection.
#[derive(Debug, Default)]
struct Tickets(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    group: Option<NamedGroup>,
    tickets: Vec<(ServerName<'static>, Tls13ClientSessionValue)>,
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        lock(&self.0).group = Some(group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        lock(&self.0).group
    }

    // Sessions of TLS 1.2 are not kept: they lack forward secrecy.
    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        let mut held = lock(&self.0);
        if held.tickets.len() >= TICKETS {
            held.tickets.remove(0);
        }
        held.tickets.push((server, ticket));
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let mut held = lock(&self.0);
        let at = held.tickets.iter().rposition(|(known, _)| known == server)?;
        Some(held.tickets.remove(at).1)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many destinations have sessions; beyond that all begin anew.
const MOST: usize = 1024;
/// How many tickets are kept for a destination: servers of rustls and BoringSSL send two.
const TICKETS: usize = 2;
