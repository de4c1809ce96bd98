//! A gateway: the servers of its Gateways, bound and served.

mod connection;
mod handle;
mod listener;
mod supervisor;

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use meshwork_registry::ProxyKind;

use crate::Mesh;

pub use handle::{Gateway, GatewayListener, ListenerState};
use supervisor::Supervisor;

/// A gateway that is about to be started: which addresses and ports its servers get.
///
/// See [`Mesh::gateway`].
#[must_use = "nothing is bound before `start`"]
pub struct GatewayBuilder {
    mesh: Mesh,
    settings: Settings,
}

/// Where a gateway listens.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The address of servers that have no `bind`.
    address: IpAddr,
    /// The socket's port by the one of the resources.
    ports: BTreeMap<u16, u16>,
}

/// A gateway that cannot be started at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The mesh is the one of a sidecar, which no Gateway selects.
    #[error("the workload is a sidecar: a gateway's is made by `Workload::gateway`")]
    NotAGateway,
}

impl Mesh {
    /// Serves the Gateways that select the workload, which has to be one of
    /// [`Workload::gateway`](crate::Workload::gateway).
    ///
    /// Every server of these Gateways is bound and does what Istio's gateway does:
    ///
    /// * `HTTP` is routed by the VirtualServices that are bound to the Gateway, `httpsRedirect`
    ///   included, behind the AuthorizationPolicies of the gateway's workload;
    /// * `HTTPS` and `TLS` are told apart by server name. TLS ends here with the certificates of
    ///   Secrets (`credentialName`; kind `Secret` of the configuration, in the workload's own
    ///   namespace), of files, or with the workload's own (`ISTIO_MUTUAL`). Certificates may change
    ///   at any time: handshakes that begin afterwards show the new ones;
    /// * `PASSTHROUGH` and `AUTO_PASSTHROUGH` pass the client's TLS on by its server name, `TCP`
    ///   passes bytes on.
    ///
    /// Calls go into the mesh as those of every other workload: with mutual TLS by the gateway's
    /// own identity where the mesh says so.
    ///
    /// ```no_run
    /// use std::net::Ipv4Addr;
    ///
    /// use meshwork::{Mesh, Workload};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let me = Workload::gateway("istio-system", "ingress-1").label("istio", "ingressgateway");
    /// let mesh = Mesh::builder(me).watch_folder("mesh/").start().await?;
    /// let gateway = mesh.gateway().address(Ipv4Addr::LOCALHOST).port(443, 8443).start().await?;
    /// println!("443 is served at {:?}", gateway.address(443));
    /// gateway.ended().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn gateway(&self) -> GatewayBuilder {
        let own = &self.workload().proxy().addresses;
        let only_v6 = !own.is_empty() && own.iter().all(IpAddr::is_ipv6);
        let address = if only_v6 {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        } else {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        };
        let settings = Settings { address, ports: BTreeMap::new() };
        GatewayBuilder { mesh: self.clone(), settings }
    }
}

impl GatewayBuilder {
    /// Where servers listen that have no `bind`: every address unless said otherwise.
    pub fn address(mut self, address: impl Into<IpAddr>) -> Self {
        self.settings.address = address.into();
        self
    }

    /// Listens on `bound` where the resources say `port`, as a Service's `targetPort` does; 0 lets
    /// the system choose.
    ///
    /// `port` is a server's own, or the target port where a Service leads to the gateway's
    /// workload, as Istio translates it. Policies see the port that is bound.
    pub fn port(mut self, port: u16, bound: u16) -> Self {
        self.settings.ports.insert(port, bound);
        self
    }

    /// Binds the servers of the configuration in force and serves them until
    /// [`Mesh::shutdown`].
    ///
    /// The listeners follow the configuration: servers that appear are bound, and those that
    /// vanish are closed, their connections end within the drain time of
    /// [`MeshBuilder::drain`](crate::MeshBuilder::drain). A port that cannot be bound is logged,
    /// [told](Gateway::listeners), and tried again; the others go on.
    ///
    /// # Errors
    /// [`GatewayError`] where the workload is no gateway.
    pub async fn start(self) -> Result<Gateway, GatewayError> {
        if self.mesh.workload().proxy().kind != ProxyKind::Gateway {
            return Err(GatewayError::NotAGateway);
        }
        let (mut supervisor, listeners) = Supervisor::new(self.mesh, self.settings);
        supervisor.reconcile().await;
        Ok(Gateway::new(listeners, tokio::spawn(supervisor.run())))
    }

    /// Starts, and completes when the mesh is shut down and the last connection has ended.
    ///
    /// # Errors
    /// See [`start`](Self::start).
    pub async fn serve(self) -> Result<(), GatewayError> {
        self.start().await?.ended().await;
        Ok(())
    }
}

impl fmt::Debug for GatewayBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
