//! The assembled runtime.

use std::{sync::Arc, time::Duration};

use meshwork_config::{CompileReport, Event, Running, Snapshot};
use meshwork_core::{Attributes, Explanation, Live, RequestHead, ResourceRef, SeededDraws};
use meshwork_routing::RouteInput;
use meshwork_tower::{Clusters, Seeds};
use tokio::sync::watch;

use crate::{Health, MeshBuilder, Workload, engine::Engine};

/// The mesh as one workload sees it: configuration, client and server in one process.
///
/// Clones are cheap and are the same mesh. Configuration changes while traffic flows: a request
/// sees one version from its beginning to its end, and a change fails none.
///
/// ```no_run
/// use meshwork::{Mesh, Workload};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let me = Workload::new("default", "productpage-v1").label("app", "productpage");
/// let mesh = Mesh::builder(me).folder("mesh/").start().await?;
/// let reply = mesh.client().get("http://reviews:9080/reviews/0").await?;
/// assert!(reply.status().is_success());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Mesh(Arc<Inner>);

struct Inner {
    assembly: Assembly,
    shutdown: watch::Sender<bool>,
}

/// What a mesh is made of.
pub(crate) struct Assembly {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clusters: Clusters,
    pub(crate) workload: Workload,
    #[cfg_attr(
        not(any(feature = "client", feature = "server")),
        expect(dead_code, reason = "stacks alone draw")
    )]
    pub(crate) seeds: Seeds,
    #[cfg_attr(not(feature = "client"), expect(dead_code, reason = "clients alone wait"))]
    pub(crate) ready_timeout: Duration,
    pub(crate) enforce: bool,
    #[cfg(feature = "server")]
    pub(crate) drain: Duration,
    #[cfg(feature = "server")]
    pub(crate) settings: meshwork_tower::CurrentSettings,
    #[cfg(feature = "server")]
    pub(crate) connections: crate::connections::Connections,
    #[cfg(feature = "server")]
    pub(crate) probes: crate::server::Probes,
    #[cfg(feature = "server")]
    pub(crate) reports: Arc<crate::report::Reports>,
    #[cfg(feature = "mtls")]
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "servers alone accept"))]
    pub(crate) acceptor: meshwork_transport::MeshAcceptor,
    #[cfg(feature = "mtls")]
    pub(crate) identity: Option<meshwork_transport::Identity>,
    /// Sources run as long as the mesh lives.
    pub(crate) running: Vec<Running>,
}

impl Mesh {
    /// Begins to put a mesh together for this workload.
    pub fn builder(workload: Workload) -> MeshBuilder {
        MeshBuilder::new(workload)
    }

    pub(crate) fn new(assembly: Assembly) -> Self {
        Self(Arc::new(Inner { assembly, shutdown: watch::Sender::new(false) }))
    }

    /// Applies changes now; they are in force when this returns.
    ///
    /// What is refused, and what else is wrong with the configuration that is in force, is in the
    /// report. Larger meshes take a while to compile: call it from a blocking task then.
    pub fn apply(&self, events: impl IntoIterator<Item = Event>) -> CompileReport {
        self.0.assembly.engine.update(events.into_iter().collect())
    }

    /// How the configuration stands.
    pub fn health(&self) -> Arc<Health> {
        self.0.assembly.engine.health()
    }

    /// The workload that the mesh is seen by.
    pub fn workload(&self) -> &Workload {
        &self.0.assembly.workload
    }

    /// The configuration in force, for evaluators and layers of your own.
    pub fn snapshot(&self) -> Live<Snapshot> {
        self.0.assembly.engine.live()
    }

    /// The workload's certificate and how it stands; `None` where the mesh was built without
    /// [`MeshBuilder::identity`].
    #[cfg(feature = "mtls")]
    pub fn identity(&self) -> Option<&meshwork_transport::Identity> {
        self.0.assembly.identity.as_ref()
    }

    /// The runtime state of the clusters: connections, counters, ejections.
    pub fn clusters(&self) -> &Clusters {
        &self.0.assembly.clusters
    }

    /// Why a request of the workload would take the route that it takes: the rule that wins and,
    /// for those before it, the first predicate that fails.
    ///
    /// ```
    /// # async fn example(mesh: meshwork::Mesh) -> Result<(), http::Error> {
    /// let request = http::Request::get("http://reviews:9080/").header("end-user", "jason").body(())?;
    /// println!("{}", mesh.explain(&request));
    /// # Ok(())
    /// # }
    /// ```
    pub fn explain<B>(&self, request: &http::Request<B>) -> Explanation {
        let snapshot = self.snapshot().load();
        let port = request.uri().port_u16().unwrap_or(80);
        let routes = snapshot.routes.client(request.uri().host().unwrap_or_default(), port);
        let attributes = Attributes::default();
        let draws = SeededDraws::new(0);
        let head = RequestHead::from(request);
        routes.explain(&RouteInput::new(head, &attributes, &draws))
    }

    /// Which resources have a say about calls of the workload to a host, by its whole name:
    /// services, VirtualServices, Gateways, DestinationRules. What has a say about the workload
    /// itself is told by [`Snapshot::resources_about_workload`].
    ///
    /// ```
    /// # fn example(mesh: meshwork::Mesh) {
    /// for resource in mesh.resources_about_host("reviews.default.svc.cluster.local") {
    ///     println!("{resource}"); // VirtualService default/reviews
    /// }
    /// # }
    /// ```
    pub fn resources_about_host(&self, host: &str) -> Vec<ResourceRef> {
        self.snapshot().load().resources_about_host(host)
    }

    /// Asks servers to take no more connections and to let those end that are open, each with the
    /// request that it serves.
    ///
    /// What [`serve`](Self::serve) returned completes when all have ended, or when the drain time
    /// is over.
    pub fn shutdown(&self) {
        self.0.shutdown.send_replace(true);
    }

    /// Completes when [`shutdown`](Self::shutdown) was called: what a server of your own is told to
    /// end by, for instance by `axum::serve(…).with_graceful_shutdown(mesh.stopped())`.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stopped = self.0.shutdown.subscribe();
        async move {
            // An error means that the mesh is gone, which is an end too.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    }

    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn assembly(&self) -> &Assembly {
        &self.0.assembly
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("workload", &self.assembly.workload)
            .field("enforce", &self.assembly.enforce)
            .field("sources", &self.assembly.running.len())
            .finish_non_exhaustive()
    }
}
