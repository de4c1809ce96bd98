//! Listeners of several services on one address and port: who may join, and who is left out.

use hashbrown::HashSet;
use meshwork_core::Protocol;

use crate::listener::{ChainDraft, ChainKey};

/// A listener that is being put together.
#[derive(Debug)]
pub(super) struct Entry {
    /// What the first service made of it; [`Protocol::Auto`] once HTTP and bytes are told apart.
    protocol: Protocol,
    /// Declared by an egress listener with a port: later listeners add nothing.
    locked: bool,
    drafts: Vec<ChainDraft>,
    /// What the chains match.
    keys: HashSet<ChainKey>,
}

/// The three kinds of listeners that Istio builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListenerKind {
    Http,
    Tcp,
    /// HTTP and bytes, told apart by the first bytes.
    Auto,
}

use ListenerKind::{Auto, Http, Tcp};

impl ListenerKind {
    /// The kind for a port; nothing is built for UDP.
    pub(super) fn of(protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::Udp => None,
            Protocol::Auto => Some(Auto),
            _ if protocol.is_http() => Some(Self::Http),
            _ => Some(Self::Tcp),
        }
    }
}

/// What a service adds to a listener.
pub(super) struct Addition<'a> {
    pub(super) protocol: Protocol,
    /// What the listener's protocol becomes when the service is the first.
    pub(super) becomes: Protocol,
    pub(super) kind: ListenerKind,
    /// The chain for HTTP, where there is one.
    pub(super) http: &'a mut dyn FnMut() -> ChainDraft,
    /// The chains for bytes, where there are some.
    pub(super) tcp: &'a mut dyn FnMut() -> Vec<ChainDraft>,
}

impl Addition<'_> {
    fn chains(&mut self) -> Vec<ChainDraft> {
        match self.kind {
            Http => vec![(self.http)()],
            Tcp => (self.tcp)(),
            Auto => {
                let mut chains = (self.tcp)();
                chains.push((self.http)());
                chains
            }
        }
    }
}

impl Entry {
    /// A listener of one service.
    pub(super) fn new(mut first: Addition<'_>) -> Self {
        let drafts = first.chains();
        let keys = drafts.iter().map(ChainDraft::key).collect();
        Self { protocol: first.becomes, locked: false, drafts, keys }
    }

    /// Lets no later service join.
    pub(super) fn lock(&mut self) {
        self.locked = true;
    }

    /// Whether [`Self::lock`] was called.
    pub(super) fn is_locked(&self) -> bool {
        self.locked
    }

    /// The chains in order.
    pub(super) fn into_drafts(self) -> Vec<ChainDraft> {
        self.drafts
    }

    /// Adds a service to the listener of earlier ones. Returns why nothing of it was added, where
    /// that is worth telling.
    pub(super) fn add(&mut self, mut addition: Addition<'_>) -> Option<&'static str> {
        let existing = if self.protocol.is_http() {
            Http
        } else if self.protocol == Protocol::Auto {
            Auto
        } else {
            Tcp
        };
        if addition.kind == Http && existing != Tcp {
            // The route table holds the service already.
            return None;
        }
        if self.keeps_out(addition.protocol) {
            return Some("the port belongs to a protocol in which the server speaks first");
        }
        match (existing, addition.kind) {
            (Http, Auto) => {
                *self = Self::new(addition);
                None
            }
            (Tcp, Http | Auto) | (Http, Tcp) => {
                self.protocol = Protocol::Auto;
                self.merge(addition.chains())
            }
            (Auto, Auto) => self.merge((addition.tcp)()),
            (Tcp | Auto, Tcp) => self.merge(addition.chains()),
            (Http | Auto, Http) => None,
        }
    }

    /// Mongo and MySQL share a port with nobody.
    fn keeps_out(&self, protocol: Protocol) -> bool {
        let alone = |protocol| matches!(protocol, Protocol::Mongo | Protocol::MySql);
        (alone(protocol) || alone(self.protocol)) && protocol != self.protocol
    }

    /// Appends the chains that match something new.
    fn merge(&mut self, incoming: Vec<ChainDraft>) -> Option<&'static str> {
        let mut left_out = None;
        for draft in incoming {
            if self.keys.insert(draft.key()) {
                self.drafts.push(draft);
            } else {
                left_out = Some("an earlier service has the same address and port");
            }
        }
        left_out
    }
}
