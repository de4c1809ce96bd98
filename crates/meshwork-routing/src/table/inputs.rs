//! What a route table is compiled from, and what compilation has to say.

use std::{fmt, sync::Arc};

use meshwork_api::{Object, mesh::MeshConfig, networking::Gateway};
use meshwork_core::FieldPath;
use meshwork_registry::{EgressScope, Proxy, Registry, Service};

use crate::MergedVirtualServices;

/// Everything that the routes of one proxy depend on.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct RouteInputs<'a> {
    /// The proxy whose routes are compiled.
    pub proxy: &'a Proxy,
    /// The mesh's settings.
    pub mesh: &'a Arc<MeshConfig>,
    /// All services and endpoints.
    pub registry: &'a Registry,
    /// What the proxy sees, computed for it.
    pub scope: &'a EgressScope,
    /// Where the rules of VirtualServices with delegates were written, for what explains. The
    /// VirtualServices themselves are taken from `scope`.
    pub merged: Option<&'a MergedVirtualServices>,
    /// All Gateways; a gateway proxy takes those whose selector fits.
    pub gateways: &'a [Arc<Object<Gateway>>],
    /// Which subsets services have, for `AUTO_PASSTHROUGH` servers.
    pub subsets: Option<&'a dyn Subsets>,
}

impl<'a> RouteInputs<'a> {
    /// Inputs without delegates, Gateways and subsets; set those fields where there are some.
    pub fn new(
        proxy: &'a Proxy,
        mesh: &'a Arc<MeshConfig>,
        registry: &'a Registry,
        scope: &'a EgressScope,
    ) -> Self {
        Self { proxy, mesh, registry, scope, merged: None, gateways: &[], subsets: None }
    }
}

impl fmt::Debug for RouteInputs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteInputs").field("proxy", &self.proxy).finish_non_exhaustive()
    }
}

/// Which subsets DestinationRules define for a service, as the proxy sees them.
///
/// Only gateways with `AUTO_PASSTHROUGH` servers ask: there the server name names the subset, and
/// an unknown one has no filter chain.
pub trait Subsets {
    /// The names, in the order of the rule.
    fn of(&self, service: &Service) -> Vec<Arc<str>>;
}

impl<F: Fn(&Service) -> Vec<Arc<str>>> Subsets for F {
    fn of(&self, service: &Service) -> Vec<Arc<str>> {
        self(service)
    }
}

/// A part of the configuration that Envoy would refuse, or that cannot be compiled.
///
/// The table works without that part; what it does instead is said where the part is documented.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{field}: {message}")]
#[non_exhaustive]
pub struct CompileError {
    /// The field.
    pub field: FieldPath,
    /// What is wrong with it.
    pub message: String,
}

impl CompileError {
    /// An error at a field.
    pub fn new(field: FieldPath, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}
