//! One proxy of a scenario while its cases run: its view, its stacks, its clusters.

use std::sync::{Arc, Mutex, PoisonError};

use meshwork_config::Snapshot;
use meshwork_core::{Live, Publisher};
use meshwork_registry::ProxyKind;
use meshwork_routing::{MtlsMode, ServerTls};
use meshwork_tower::{
    AccessLogEntry, ClusterHandle, Clusters, ConnectionInfo, OutboundService, Seeds, gateway,
    inbound, outbound,
};

use crate::vectors::scenario::{self, Send};

use super::{connector::Connector, network::Network, stack::Stack};

/// A proxy at work.
#[derive(Debug)]
pub(super) struct Vantage {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) seeds: Seeds,
    /// Its SPIFFE identity.
    identity: String,
    /// Its address, as the scenario writes it.
    address: String,
    clusters: Clusters,
    client: OutboundService,
    server: Stack,
    log: Log,
}

/// The last line of the access log.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Option<AccessLogEntry>>>);

impl Log {
    fn take(&self) -> Option<AccessLogEntry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, entry: &AccessLogEntry) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry.clone());
    }
}

impl Vantage {
    /// The stacks of a proxy, over the in-memory network.
    pub(super) fn new(
        snapshot: Arc<Snapshot>,
        proxy: &scenario::Proxy,
        trust_domain: &str,
        network: &Network,
    ) -> Self {
        let account = proxy.service_account.as_deref().unwrap_or("default");
        let identity = format!("spiffe://{trust_domain}/ns/{}/sa/{account}", proxy.namespace);
        let seeds = Seeds::from_seed(SEED);
        let connector = Connector::new(network.clone(), identity.as_str());
        let clusters = Clusters::seeded(connector, seeds.clone());
        let live: Live<Snapshot> = Publisher::new((*snapshot).clone()).live();
        let log = Log::default();
        let (client_log, server_log) = (log.clone(), log.clone());
        let client = match snapshot.proxy.kind {
            ProxyKind::Gateway => gateway(live.clone()),
            _ => outbound(live.clone()),
        };
        let client = client
            .seeds(seeds.clone())
            .clusters(clusters.clone())
            .on_access(move |entry| client_log.keep(entry))
            .build();
        let server = inbound(live)
            .seeds(seeds.clone())
            .clusters(clusters.clone())
            .on_access(move |entry| server_log.keep(entry))
            .forward();
        Self {
            snapshot,
            seeds,
            identity,
            address: proxy.ip.clone(),
            clusters,
            client,
            server: Stack::new(server),
            log,
        }
    }

    /// The proxy's own address.
    pub(super) fn address(&self) -> &str {
        self.address.split(',').next().unwrap_or_default().trim()
    }

    /// What a port of the workload asks of its peers.
    pub(super) fn mode(&self, port: u16) -> MtlsMode {
        match self.snapshot.security.mtls_mode(port) {
            meshwork_authn::MtlsMode::Disable => MtlsMode::Disable,
            meshwork_authn::MtlsMode::Strict => MtlsMode::Strict,
            meshwork_authn::MtlsMode::Permissive => MtlsMode::Permissive,
        }
    }

    /// Whether the policies let a connection of bytes through.
    pub(super) fn admits_connection(&self, info: &ConnectionInfo) -> bool {
        info.with_attributes(|connection| {
            self.snapshot.security.check_connection(connection).is_allowed()
        })
    }

    /// Notes what a connection shows once its TLS is ended.
    pub(super) fn end_tls(&self, info: &mut ConnectionInfo, settings: &ServerTls, send: &Send) {
        info.tls = true;
        let asked = settings.client != meshwork_routing::ClientCertificate::NotAsked;
        let names = send.tls.as_ref().and_then(|hello| hello.principal.as_deref());
        let Some(names) = names.filter(|_| asked) else { return };
        let uris: Vec<&str> = names.split(',').map(str::trim).collect();
        info.peer = uris.first().map(|uri| Arc::from(*uri));
        let names = uris.iter().map(|uri| format!(";URI={uri}")).collect::<String>();
        let element = format!("By={};Hash=HASH;Subject=\"\"{names}", self.identity);
        info.forwarded_client_cert = Some(element.into());
    }

    /// The cluster of this name; `None` where there is none.
    pub(super) fn cluster(&self, name: &str) -> Option<ClusterHandle> {
        self.clusters.cluster(&self.snapshot, name)
    }

    /// The endpoints of a cluster; empty where it has no list.
    pub(super) fn members(&self, cluster: &str) -> Vec<String> {
        let spec = self.snapshot.cluster(cluster);
        let endpoints = spec.iter().flat_map(|spec| spec.endpoints.iter());
        endpoints.map(|endpoint| endpoint.address.to_string()).collect()
    }

    /// The stack that serves the requests of a connection.
    pub(super) fn stack(&self, send: &Send) -> Stack {
        if send.inbound.is_some() { self.server.clone() } else { Stack::new(self.client.clone()) }
    }

    /// The line of the last request.
    pub(super) fn take_log(&self) -> Option<AccessLogEntry> {
        self.log.take()
    }
}

/// What all randomness of a run follows from, so that every run is the same.
const SEED: u64 = 0x6d65_7368;
