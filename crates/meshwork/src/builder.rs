//! How a mesh is put together.

#[cfg(feature = "file")]
use std::path::PathBuf;
use std::{sync::Arc, time::Duration};

use meshwork_api::mesh::MeshConfig;
use meshwork_config::{CompileReport, ConfigStore, Event, Running, Source, SourceError};
#[cfg(not(feature = "mtls"))]
use meshwork_tower::TcpConnector;
use meshwork_tower::{Clusters, Connect, Resolve, Seeds, SystemResolver};
#[cfg(feature = "mtls")]
use meshwork_transport::{Identity, IdentityOptions, MeshAcceptor, MeshConnector};

#[cfg(feature = "mtls")]
use crate::credentials::ConfiguredSecrets;
use crate::{
    Mesh, Workload,
    engine::{self, Engine},
    mesh::Assembly,
};
use tokio::sync::mpsc;

/// Puts a [`Mesh`] together: where its configuration comes from and what may fail.
#[must_use = "nothing happens before `start`"]
pub struct MeshBuilder {
    workload: Workload,
    mesh_config: MeshConfig,
    events: Vec<Event>,
    sources: Vec<Box<dyn Source>>,
    /// A connector of the user's.
    clusters: Option<Box<dyn FnOnce(Seeds) -> Clusters + Send>>,
    /// Algorithms of the user's.
    balance: Option<Box<dyn FnOnce(Clusters) -> Clusters + Send>>,
    /// A resolver of the user's.
    resolver: Option<Box<dyn FnOnce(Clusters) -> Clusters + Send>>,
    #[cfg(feature = "mtls")]
    identity: Option<(Box<dyn meshwork_identity::SvidSource>, IdentityOptions)>,
    seeds: Seeds,
    tolerate_invalid: bool,
    enforce: bool,
    #[cfg(feature = "server")]
    drain: Duration,
    #[cfg(feature = "server")]
    probes: crate::server::Probes,
    ready_timeout: Duration,
    debounce: Duration,
}

/// A mesh that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A source cannot be reached.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The workload got no certificate.
    #[cfg(feature = "mtls")]
    #[error("the workload has no certificate: {0}")]
    Identity(#[from] meshwork_transport::IdentityError),
    /// A setting of MeshConfig that Istio refuses, or one that cannot be kept.
    #[error("{field}: {reason}")]
    MeshConfig {
        /// The field.
        field: &'static str,
        /// Why.
        reason: String,
    },
    /// A name in MeshConfig `trustDomainAliases` is none.
    #[cfg(feature = "mtls")]
    #[error("trustDomainAliases: {0}")]
    TrustDomain(meshwork_identity::ParseTrustDomainError),
    /// A resource was refused, and [`MeshBuilder::tolerate_invalid`] is off. The text shows the
    /// lines that are meant.
    #[error("the configuration is refused:\n{rendered}")]
    Invalid {
        /// What was refused.
        report: CompileReport,
        /// The same as a compiler would print it.
        rendered: String,
    },
}

impl MeshBuilder {
    pub(crate) fn new(workload: Workload) -> Self {
        Self {
            workload,
            mesh_config: MeshConfig::default(),
            events: Vec::new(),
            sources: Vec::new(),
            clusters: None,
            balance: None,
            resolver: None,
            #[cfg(feature = "mtls")]
            identity: None,
            seeds: Seeds::random(),
            tolerate_invalid: false,
            enforce: true,
            #[cfg(feature = "server")]
            drain: Duration::from_secs(5),
            #[cfg(feature = "server")]
            probes: crate::server::Probes::default(),
            ready_timeout: Duration::from_secs(5),
            debounce: Duration::from_millis(20),
        }
    }

    /// Takes the resources of the YAML and JSON files in a folder, read once.
    #[cfg(feature = "file")]
    pub fn folder(self, path: impl Into<PathBuf>) -> Self {
        self.source(meshwork_config::Folder::new(path))
    }

    /// Takes the resources of a folder, and follows its changes.
    #[cfg(feature = "file")]
    pub fn watch_folder(self, path: impl Into<PathBuf>) -> Self {
        self.source(meshwork_config::Folder::new(path).watched())
    }

    /// Takes a resource that is written in code.
    pub fn resource(mut self, object: impl Into<meshwork_api::AnyObject>) -> Self {
        self.events.push(Event::apply(object));
        self
    }

    /// Takes the resources of a text of YAML or JSON documents; `name` stands for it in
    /// diagnostics.
    pub fn yaml(mut self, name: &str, text: &str) -> Self {
        let reader = meshwork_api::read::Reader::default();
        self.events.extend(meshwork_config::events_of(&reader, name, text.as_bytes()));
        self
    }

    /// Adds a source of resources: a cluster, a control plane, one of your own.
    pub fn source(mut self, source: impl Source) -> Self {
        self.sources.push(Box::new(source));
        self
    }

    /// Istio's MeshConfig; its defaults where none is given.
    pub fn mesh_config(mut self, config: MeshConfig) -> Self {
        self.mesh_config = config;
        self
    }

    /// Makes connections another way than by plain TCP. Names are then looked up by the connector,
    /// unless there is a [`resolver`](Self::resolver) too.
    pub fn connector(mut self, connector: impl Connect) -> Self {
        self.clusters = Some(Box::new(|seeds| Clusters::seeded(connector, seeds)));
        self
    }

    /// Balances clusters by algorithms of your own: `choose` is asked for each cluster that is
    /// made, by Envoy's name for it, and gives `None` where the DestinationRule's stays; see
    /// [`Clusters::balance`].
    pub fn balance(
        mut self,
        choose: impl Fn(&meshwork_policy::ClusterPolicy) -> Option<Arc<dyn meshwork_balance::Balance>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.balance = Some(Box::new(|clusters| clusters.balance(choose)));
        self
    }

    /// Looks the names of ServiceEntries with `resolution: DNS` up another way than by the system's
    /// resolver, for instance by one that knows for how long an answer holds.
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Some(Box::new(|clusters| clusters.resolver(resolver)));
        self
    }

    /// Gives the workload a certificate: calls and connections are mutual TLS from then on where
    /// the mesh says so, and policies see who calls.
    ///
    /// The certificate is asked for at the start and renewed in time. A connector of your own
    /// ([`connector`](Self::connector)) stays yours; `MeshConnector::over` speaks TLS over it.
    #[cfg(feature = "mtls")]
    pub fn identity(self, source: impl meshwork_identity::SvidSource) -> Self {
        self.identity_with(source, IdentityOptions::default())
    }

    /// The same with a schedule of renewal, bounds of time, a cryptographic provider of your own,
    /// or the identity that the certificate has to be of.
    ///
    /// Aliases of the trust domain are added to those of MeshConfig.
    #[cfg(feature = "mtls")]
    pub fn identity_with(
        mut self,
        source: impl meshwork_identity::SvidSource,
        options: IdentityOptions,
    ) -> Self {
        self.identity = Some((Box::new(source), options));
        self
    }

    /// Draws weights, faults and endpoints from a seed, so that a run can be repeated.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seeds = Seeds::from_seed(seed);
        self
    }

    /// Starts although resources are refused: without them, with an alarm. Off by default.
    pub fn tolerate_invalid(mut self, tolerate: bool) -> Self {
        self.tolerate_invalid = tolerate;
        self
    }

    /// Whether refusals of security policies are carried out; on by default. Turned off, policies
    /// are evaluated and logged, everything passes, and `Mesh::observed_refusals` says who would
    /// have been refused.
    pub fn enforce(mut self, enforce: bool) -> Self {
        self.enforce = enforce;
        self
    }

    /// How long connections may go on after [`Mesh::shutdown`], or after a policy came that would
    /// refuse them now; 5 s by default (Istio's `terminationDrainDuration`).
    #[cfg(feature = "server")]
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Lets the kubelet probe a port of its own although mutual TLS is STRICT. Off by default.
    ///
    /// A sidecar rewrites probes to go around it; in process there is nobody to do that. Whatever
    /// the application serves on this port stays plaintext, is open to everybody who reaches it,
    /// and no AuthorizationPolicy is asked: serve health answers there and nothing else.
    #[cfg(feature = "server")]
    pub fn probe_port(mut self, port: u16) -> Self {
        self.probes.ports.insert(port);
        self
    }

    /// Lets the kubelet probe a path, such as `/healthz`, although mutual TLS is STRICT. Off by
    /// default.
    ///
    /// On ports whose mode is STRICT, HTTP/1.1 over plaintext is then read instead of being reset:
    /// a GET or HEAD whose path is this one to the letter is answered by the application without
    /// asking policies, all else with 403. So everybody who reaches the port may learn what the
    /// path tells, and may make the process read a request's head. A
    /// [`probe_port`](Self::probe_port) behind a NetworkPolicy shows less.
    #[cfg(feature = "server")]
    pub fn probe_path(mut self, path: impl Into<String>) -> Self {
        self.probes.paths.insert(path.into());
        self
    }

    /// How long traffic waits for the first snapshot before it is answered with 503; 5 s by
    /// default.
    pub fn ready_timeout(mut self, timeout: Duration) -> Self {
        self.ready_timeout = timeout;
        self
    }

    /// For how long changes are gathered before they are compiled; 20 ms by default.
    pub fn debounce(mut self, debounce: Duration) -> Self {
        self.debounce = debounce;
        self
    }

    /// Starts the sources and compiles what there is.
    ///
    /// What folders and code hold is in force when this returns; other sources may take longer, and
    /// traffic waits for them.
    ///
    /// # Errors
    /// [`StartError::Source`] where a source cannot be reached, [`StartError::Invalid`] where a
    /// resource is refused and that is not tolerated.
    pub async fn start(mut self) -> Result<Mesh, StartError> {
        if let Some(own) = self.workload.own_trust_domain() {
            own.clone_into(&mut self.mesh_config.trust_domain);
        }
        check_mesh_tls(&self.mesh_config)?;
        #[cfg(feature = "mtls")]
        let identity = match self.identity {
            Some((source, options)) => {
                Some(start_identity(source, options, &self.mesh_config).await?)
            }
            None => None,
        };
        #[cfg(feature = "mtls")]
        let secrets = ConfiguredSecrets::default();
        let resolver = self.resolver.or_else(|| match &self.clusters {
            Some(_) => None,
            None => Some(Box::new(|clusters: Clusters| clusters.resolver(SystemResolver::new()))),
        });
        let clusters = match self.clusters {
            Some(clusters) => clusters(self.seeds.clone()),
            #[cfg(feature = "mtls")]
            None => {
                let connector = match &identity {
                    Some(identity) => MeshConnector::new(identity.clone()),
                    None => MeshConnector::without_identity(),
                };
                let connector = connector.secrets(secrets.clone());
                Clusters::seeded(connector, self.seeds.clone())
            }
            #[cfg(not(feature = "mtls"))]
            None => Clusters::seeded(TcpConnector::new(), self.seeds.clone()),
        };
        let clusters = [self.balance, resolver]
            .into_iter()
            .flatten()
            .fold(clusters, |clusters, of_the_user| of_the_user(clusters));
        let store = ConfigStore::new(self.mesh_config);
        let count = self.sources.len();
        let proxy = self.workload.proxy().clone();
        let engine = Arc::new(Engine::new(proxy, store, count, clusters.clone()));
        #[cfg(feature = "mtls")]
        secrets.follow(engine.live());
        engine.update(self.events);
        let (sender, mut events) = mpsc::unbounded_channel();
        let mut running: Vec<Running> = Vec::new();
        for (id, source) in engine::sources_of(count).zip(self.sources) {
            running.push(source.start(engine::sink(id, sender.clone()))?);
        }
        drop(sender);
        // What sources told while they started takes effect before anything else happens.
        while let Ok(told) = events.try_recv() {
            engine.update_from(vec![told]);
        }
        let health = engine.health();
        if !self.tolerate_invalid && !health.is_good() {
            return Err(StartError::Invalid {
                report: health.report.clone(),
                rendered: engine.rendered_refusals(),
            });
        }
        tokio::spawn(engine::follow(Arc::downgrade(&engine), events, self.debounce));
        Ok(Mesh::new(Assembly {
            engine,
            clusters,
            workload: self.workload,
            seeds: self.seeds,
            ready_timeout: self.ready_timeout,
            enforce: self.enforce,
            #[cfg(feature = "server")]
            drain: self.drain,
            #[cfg(feature = "server")]
            settings: Default::default(),
            #[cfg(feature = "server")]
            connections: Default::default(),
            #[cfg(feature = "server")]
            probes: self.probes,
            #[cfg(feature = "server")]
            reports: Arc::default(),
            #[cfg(feature = "mtls")]
            acceptor: match &identity {
                Some(identity) => MeshAcceptor::new(identity.clone()),
                None => MeshAcceptor::without_identity(),
            }
            .secrets(secrets),
            #[cfg(feature = "mtls")]
            identity,
            running,
        }))
    }
}

/// What Istio refuses in `meshMTLS`.
fn check_mesh_tls(mesh: &MeshConfig) -> Result<(), StartError> {
    match &mesh.mesh_mtls {
        Some(settings) if !settings.ecdh_curves.is_empty() => Err(StartError::MeshConfig {
            field: "meshMTLS.ecdhCurves",
            reason: "Istio takes no curves for the mesh's own TLS".into(),
        }),
        _ => Ok(()),
    }
}

/// The trust domain's other names are the mesh's to say, and whom else to trust.
#[cfg(feature = "mtls")]
async fn start_identity(
    source: Box<dyn meshwork_identity::SvidSource>,
    mut options: IdentityOptions,
    mesh: &MeshConfig,
) -> Result<Identity, StartError> {
    for alias in &mesh.trust_domain_aliases {
        let parsed = alias.parse().map_err(StartError::TrustDomain)?;
        options.aliases.push(parsed);
    }
    options.federated.extend(federated(mesh)?);
    Ok(Identity::start_with(source, options).await?)
}

/// The trust domains of `caCertificates`, each with the roots that are given for it and no other:
/// with Istio all roots are one pool, in which any speaks for every trust domain.
#[cfg(feature = "mtls")]
fn federated(mesh: &MeshConfig) -> Result<Vec<meshwork_identity::TrustBundle>, StartError> {
    use meshwork_api::mesh::CertificateSource;
    let mut bundles = Vec::new();
    for certificates in &mesh.ca_certificates {
        for name in &certificates.trust_domains {
            let name = name.parse().map_err(StartError::TrustDomain)?;
            let Some(CertificateSource::Pem(pem)) = &certificates.certificate_data else {
                tracing::warn!(
                    trust_domain = %name,
                    "meshConfig.caCertificates gives no roots in PEM: nobody of it is accepted"
                );
                continue;
            };
            let bundle = meshwork_identity::TrustBundle::from_pem(name, pem.as_bytes());
            bundles.push(bundle.map_err(|error| StartError::MeshConfig {
                field: "caCertificates",
                reason: error.to_string(),
            })?);
        }
    }
    Ok(bundles)
}

impl std::fmt::Debug for MeshBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeshBuilder")
            .field("workload", &self.workload)
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}
