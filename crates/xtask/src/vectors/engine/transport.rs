//! How the connections of a run are made: the exchangeable part of the runner.

use std::{sync::Arc, time::Duration};

use meshwork_config::Snapshot;
use meshwork_tower::Connect;
use tokio::time::Instant;

use crate::vectors::scenario::Send;

use super::{
    accept::{self, Accepted},
    client::{self, Got},
    connector::Connector,
    network::Network,
    vantage::Vantage,
};

/// Makes the connections of one scenario: those of clients to proxies, and of proxies to endpoints.
pub(super) trait Transport {
    /// Connects a proxy to endpoints.
    type Connector: Connect;
    /// Where clients come in to a proxy.
    type Door;

    /// Takes a proxy in.
    ///
    /// # Errors
    /// Why it cannot be a part of such a run.
    async fn enroll(
        &self,
        snapshot: &Snapshot,
        identity: &str,
    ) -> Result<(Self::Connector, Self::Door), String>;

    /// One connection, from the client's first byte to the last that anybody does about it.
    async fn converse(
        &self,
        vantage: &Arc<Vantage>,
        door: &Self::Door,
        send: &Send,
    ) -> Conversation;

    /// The endpoints.
    fn network(&self) -> &Network;

    /// Lets what still is on its way arrive.
    async fn settle(&self);
}

/// What both sides of a connection have of it.
pub(super) struct Conversation {
    /// What the client got.
    pub(super) got: Got,
    /// How long it took.
    pub(super) elapsed: Duration,
    /// What the proxy did.
    pub(super) accepted: Accepted,
}

/// Pipes in memory, in virtual time.
#[derive(Debug)]
pub(super) struct InMemory(pub(super) Network);

impl Transport for InMemory {
    type Connector = Connector;
    type Door = ();

    async fn enroll(&self, _: &Snapshot, identity: &str) -> Result<(Connector, ()), String> {
        Ok((Connector::new(self.0.clone(), identity), ()))
    }

    async fn converse(&self, vantage: &Arc<Vantage>, (): &(), send: &Send) -> Conversation {
        let began = Instant::now();
        let (mut near, far) = tokio::io::duplex(PIPE);
        let accepting =
            tokio::task::spawn_local(accept::accept(Arc::clone(vantage), send.clone(), far));
        let asked = async {
            if client::modelled_tls(send, &mut near).await {
                client::send(send, Box::new(near), PATIENCE).await
            } else {
                Got::Closed
            }
        };
        let got = tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Got::Silence);
        let elapsed = began.elapsed();
        Conversation { got, elapsed, accepted: accept::joined(accepting).await }
    }

    fn network(&self) -> &Network {
        &self.0
    }

    async fn settle(&self) {
        // Shadow requests may still be on their way. The clock moves on when all of them wait.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Bytes that a pipe holds.
const PIPE: usize = 64 * 1024;
/// How long a client waits, in virtual time. Longer than every timeout of the vectors.
const PATIENCE: Duration = Duration::from_secs(120);
