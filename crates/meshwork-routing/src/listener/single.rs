//! One listener: its filter chains and what happens to the connections that none of them takes.

use std::sync::Arc;

use meshwork_core::{Attributes, Draws};

use super::{
    bytes::{FirstBytes, Inspection, Seen, Transport},
    chain::{ChainAction, FilterChain},
    decision::{CloseReason, ConnectionAction, ConnectionDecision},
    index::{ChainError, ChainIndex},
};
use crate::HttpRoutes;

/// A compiled listener.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    chains: Vec<FilterChain>,
    /// Envoy's default filter chain.
    fallback: Option<FilterChain>,
    index: ChainIndex,
    inspection: Inspection,
}

impl PartialEq for Listener {
    fn eq(&self, other: &Self) -> bool {
        self.inspection == other.inspection
            && self.fallback == other.fallback
            && self.chains == other.chains
    }
}

impl Listener {
    /// A listener of these chains.
    ///
    /// # Errors
    /// Where Envoy would refuse it; see [`ChainIndex::new`].
    pub(crate) fn new(
        chains: Vec<FilterChain>,
        fallback: Option<FilterChain>,
        inspection: Inspection,
    ) -> Result<Self, ChainError> {
        let index = ChainIndex::new(chains.iter().map(|chain| &chain.criteria))?;
        Ok(Self { chains, fallback, index, inspection })
    }

    /// A listener that treats all connections alike, and looks at none of their bytes.
    pub(crate) fn of_one(chain: FilterChain) -> Self {
        Self {
            chains: Vec::new(),
            fallback: Some(chain),
            index: ChainIndex::default(),
            inspection: Inspection::default(),
        }
    }

    /// The same listener with a route table in the place of the one with its name.
    pub(crate) fn with_routes(&self, routes: &Arc<HttpRoutes>) -> Self {
        let mut changed = self.clone();
        for chain in changed.chains.iter_mut().chain(&mut changed.fallback) {
            if let ChainAction::Http(known) = &mut chain.action
                && known.name() == routes.name()
            {
                *known = Arc::clone(routes);
            }
        }
        changed
    }

    /// Which first bytes the listener waits for.
    pub(crate) fn inspection(&self) -> Inspection {
        self.inspection
    }

    /// All chains, the default one last.
    pub(crate) fn chains(&self) -> impl Iterator<Item = &FilterChain> {
        self.chains.iter().chain(&self.fallback)
    }

    /// The position in [`Self::chains`] of the chain that takes the connection.
    pub(crate) fn position(&self, seen: &Seen<'_>) -> Option<usize> {
        self.index.find(seen).or_else(|| self.fallback.is_some().then_some(self.chains.len()))
    }

    /// What becomes of a connection.
    pub(crate) fn decide(
        &self,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        draws: &dyn Draws,
    ) -> ConnectionDecision {
        let seen = Seen::new(self.inspection, attributes, first);
        let chain = self.position(&seen).and_then(|at| self.chains().nth(at));
        let Some(chain) = chain else {
            return ConnectionDecision::by_default(ConnectionAction::Close(
                CloseReason::NoFilterChain,
            ));
        };
        let action = if chain.tls.is_some() && seen.transport == Transport::Raw {
            ConnectionAction::Close(CloseReason::NotTls)
        } else {
            match &chain.action {
                ChainAction::Http(routes) => ConnectionAction::Http(Arc::clone(routes)),
                ChainAction::Tcp(route) => match route.choose(draws) {
                    Some(destination) => ConnectionAction::Forward(Arc::clone(destination)),
                    None => ConnectionAction::Close(CloseReason::NoFilterChain),
                },
                ChainAction::Passthrough => ConnectionAction::Passthrough,
                ChainAction::BlackHole => ConnectionAction::Close(CloseReason::BlackHole),
            }
        };
        ConnectionDecision { action, tls: chain.tls.clone(), rule: chain.rule.clone() }
    }
}
