//! One proxy of a scenario while its cases run: its view, its stacks, its clusters.

use std::sync::{Arc, Mutex, PoisonError};

use meshwork_config::Snapshot;
use meshwork_core::{Live, Publisher};
use meshwork_registry::ProxyKind;
use meshwork_routing::{CertificateSource, ClientCertificate, MtlsMode, ServerTls};
use meshwork_tower::{
    AccessLogEntry, AccessLogLayer, BalanceService, ClusterHandle, Clusters, Connect,
    ConnectionInfo, ContextLayer, CorsLayer, Direction, FaultLayer, HttpSettings, LiveRouting,
    MirrorLayer, NormalizeLayer, RetryLayer, RouteLayer, Seeds, TimeoutLayer, gateway, inbound,
    outbound,
};
use tower_layer::Layer as _;

use crate::vectors::scenario::{self, Send};

use super::{Meshwork, explained::Explained, stack::Stack};

/// A proxy at work.
#[derive(Debug)]
pub(super) struct Vantage {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) seeds: Seeds,
    /// Its SPIFFE identity.
    identity: String,
    /// How the identities begin that the mesh's authority vouches for.
    roots: Vec<String>,
    /// Its address, as the scenario writes it.
    address: String,
    clusters: Clusters,
    client: Stack,
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
    /// The stacks of a proxy with this identity, over the connections of `connector`.
    pub(super) fn new(
        snapshot: Arc<Snapshot>,
        proxy: &scenario::Proxy,
        identity: String,
        trust_domain: &str,
        connector: impl Connect,
        engine: Meshwork,
    ) -> Self {
        let aliases = snapshot.mesh.trust_domain_aliases.iter().map(String::as_str);
        let domains = std::iter::once(trust_domain).chain(aliases);
        let roots = domains.map(|domain| format!("spiffe://{domain}/")).collect();
        let seeds = Seeds::from_seed(SEED);
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
        let client = if engine.without_headers {
            let (clusters, log) = (clusters.clone(), log.clone());
            let direction = match snapshot.proxy.kind {
                ProxyKind::Gateway => Direction::Gateway,
                _ => Direction::Outbound,
            };
            broken(live.clone(), direction, clusters, seeds.clone(), log)
        } else {
            Stack::new(client)
        };
        let server = inbound(live)
            .seeds(seeds.clone())
            .clusters(clusters.clone())
            .on_access(move |entry| server_log.keep(entry))
            .forward();
        Self {
            snapshot,
            seeds,
            identity,
            roots,
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
        mode(&self.snapshot, port)
    }

    /// Whether the policies let a connection of bytes through.
    pub(super) fn admits_connection(&self, info: &ConnectionInfo) -> bool {
        info.with_attributes(|connection| {
            self.snapshot.security.check_connection(connection).is_allowed()
        })
    }

    /// Whether the handshake succeeds, as far as the client's certificate decides.
    pub(super) fn handshake(&self, settings: &ServerTls, send: &Send) -> bool {
        let names = send.tls.as_ref().and_then(|hello| hello.principal.as_deref());
        let Some(names) = names.filter(|_| settings.client != ClientCertificate::NotAsked) else {
            return settings.client != ClientCertificate::Required;
        };
        let mut names = names.split(',').map(str::trim);
        if settings.certificate == CertificateSource::Workload {
            // The mesh's own authority signs for its trust domains alone.
            return names.any(|name| self.roots.iter().any(|root| name.starts_with(root.as_str())));
        }
        let listed = &settings.subject_alt_names;
        listed.is_empty() || names.any(|name| listed.iter().any(|san| **san == *name))
    }

    /// Notes what a connection shows once its TLS is ended.
    pub(super) fn end_tls(&self, info: &mut ConnectionInfo, settings: &ServerTls, send: &Send) {
        info.tls = true;
        let names = send.tls.as_ref().and_then(|hello| hello.principal.as_deref());
        let asked = settings.client != ClientCertificate::NotAsked;
        let Some(names) = names.filter(|_| asked) else { return };
        let (uris, hosts): (Vec<&str>, Vec<&str>) =
            names.split(',').map(str::trim).partition(|name| name.contains("://"));
        let id = uris.first().filter(|uri| uri.starts_with("spiffe://"));
        info.peer = id.map(|id| Arc::from(*id));
        let name = uris.first().or(hosts.first()).filter(|_| id.is_none());
        info.peer_name = name.map(|name| Arc::from(*name));
        info.forwarded_client_cert = Some(self.element(settings, &uris, &hosts).into());
    }

    /// The element of `x-forwarded-client-cert` about a peer: gateways add the certificate, and a
    /// certificate of the user's has no URI to say whom it was shown to.
    fn element(&self, settings: &ServerTls, uris: &[&str], hosts: &[&str]) -> String {
        let mut element = String::new();
        if settings.certificate == CertificateSource::Workload {
            element = format!("By={};", self.identity);
        }
        element.push_str("Hash=HASH");
        let direction = match self.snapshot.proxy.kind {
            ProxyKind::Gateway => Direction::Gateway,
            _ => Direction::Inbound,
        };
        let details = HttpSettings::of_snapshot(&self.snapshot, direction).client_cert;
        let empty = if uris.is_empty() { &[""][..] } else { uris };
        let mut tell = |wanted: bool, key: &str, value: &str| {
            if wanted {
                element.push_str(key);
                element.push_str(value);
            }
        };
        tell(details.cert, ";Cert=", "\"CERT\"");
        tell(details.chain, ";Chain=", "\"CHAIN\"");
        tell(details.subject, ";Subject=", "\"\"");
        empty.iter().for_each(|uri| tell(details.uri, ";URI=", uri));
        hosts.iter().for_each(|host| tell(details.dns, ";DNS=", host));
        element
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
    pub(super) fn stack(&self, send: &Send) -> Explained {
        let (stack, direction) = match self.snapshot.proxy.kind {
            _ if send.inbound.is_some() => (&self.server, Direction::Inbound),
            ProxyKind::Gateway => (&self.client, Direction::Gateway),
            _ => (&self.client, Direction::Outbound),
        };
        Explained::new(stack.clone(), Arc::clone(&self.snapshot), direction)
    }

    /// How the connections of the case's listener are served.
    pub(super) fn settings(&self, send: &Send) -> HttpSettings {
        let direction = match self.snapshot.proxy.kind {
            _ if send.inbound.is_some() => Direction::Inbound,
            ProxyKind::Gateway => Direction::Gateway,
            _ => Direction::Outbound,
        };
        HttpSettings::of_snapshot(&self.snapshot, direction)
    }

    /// The line of the last request.
    pub(super) fn take_log(&self) -> Option<AccessLogEntry> {
        self.log.take()
    }
}

/// What a port of the workload asks of its peers.
pub(super) fn mode(snapshot: &Snapshot, port: u16) -> MtlsMode {
    match snapshot.security.mtls_mode(port) {
        meshwork_authn::MtlsMode::Disable => MtlsMode::Disable,
        meshwork_authn::MtlsMode::Strict => MtlsMode::Strict,
        meshwork_authn::MtlsMode::Permissive => MtlsMode::Permissive,
    }
}

/// A client's stack out of the same single layers, but for the one that changes headers.
fn broken(
    live: Live<Snapshot>,
    direction: Direction,
    clusters: Clusters,
    seeds: Seeds,
    log: Log,
) -> Stack {
    let end = BalanceService::new();
    let stack = RetryLayer::new(clusters.clock()).layer(end);
    let stack = TimeoutLayer::new().layer(stack);
    let stack = MirrorLayer::new(end).layer(stack);
    let stack = CorsLayer::new().layer(stack);
    let stack = FaultLayer::new().layer(stack);
    let stack = RouteLayer::new(LiveRouting::new(clusters)).layer(stack);
    let stack = NormalizeLayer::new().layer(stack);
    let stack = AccessLogLayer::new().also(move |entry| log.keep(entry)).layer(stack);
    Stack::new(ContextLayer::new(direction).snapshot(live).seeds(seeds).layer(stack))
}

/// What all randomness of a run follows from, so that every run is the same.
const SEED: u64 = 0x6d65_7368;
