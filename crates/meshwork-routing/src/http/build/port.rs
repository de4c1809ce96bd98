//! The virtual hosts of one port of a sidecar, with what they were compiled from.

use std::sync::Arc;

use hashbrown::HashSet;
use meshwork_core::{HostPattern, Hostname, PersistentMap};
use meshwork_registry::{EgressListener, Precedence};

use super::{by_name::ByName, compiled::CompiledRules};
use crate::{
    CompileError,
    http::{HttpRoutes, left::Left, routes::VirtualHost},
};

/// The virtual hosts of a port, and what the next version of them can be made from.
#[derive(Clone, Debug)]
pub(crate) struct PortRoutes {
    /// The table of all services of the port.
    pub(crate) routes: Arc<HttpRoutes>,
    pub(super) services: Arc<ByName>,
    /// The rules of every VirtualService that has a say here.
    pub(super) compiled: PersistentMap<Precedence, Arc<CompiledRules>>,
    /// Those among them that Envoy would refuse in part.
    pub(super) faulty: PersistentMap<Precedence, Arc<CompiledRules>>,
    /// By the name of a virtual host in lower case, the VirtualService that it is of; services
    /// without any are not here.
    pub(super) owners: PersistentMap<Arc<str>, Precedence>,
    /// Names and domains that more than one virtual host wanted, so that their order counts.
    pub(super) contested: Arc<HashSet<Arc<str>>>,
    /// The wildcard hosts of all VirtualServices of the listener.
    pub(super) wildcards: Arc<[HostPattern]>,
}

impl PortRoutes {
    /// Those of a port that no listener rules.
    pub(super) fn empty(routes: Arc<HttpRoutes>) -> Self {
        Self {
            routes,
            services: Arc::default(),
            compiled: PersistentMap::default(),
            faulty: PersistentMap::default(),
            owners: PersistentMap::default(),
            contested: Arc::default(),
            wildcards: Arc::default(),
        }
    }

    /// The services of a listener that show a port: those of before where the list is the same.
    pub(super) fn services_of(
        former: Option<&Self>,
        listener: &EgressListener,
        port: u16,
    ) -> Arc<ByName> {
        let known = former.filter(|former| former.services.is_of(&listener.services, port));
        match known {
            Some(former) => Arc::clone(&former.services),
            None => Arc::new(ByName::new(&listener.services, port)),
        }
    }

    /// What Envoy would refuse.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &CompileError> {
        self.faulty.values().flat_map(|rules| rules.errors())
    }

    /// The table of one service of the port that declares no protocol: its address has chosen the
    /// service, so any Host will do.
    pub(crate) fn sniffed(
        &self,
        host: &Hostname,
        port: u16,
        previous: Option<&Arc<HttpRoutes>>,
    ) -> Arc<HttpRoutes> {
        let found = self.routes.domain(host.as_str()).filter(|_| is_lower(host));
        let hosts = found.map(|found| VirtualHost {
            domains: Arc::new(["*".into()]),
            ..VirtualHost::clone(found)
        });
        let about = |hosts: &[HostPattern]| hosts.iter().any(|host_| host_.matches(host.as_str()));
        let all = self.routes.left().iter();
        let left = all.filter(|(hosts, _)| about(hosts)).cloned().collect();
        HttpRoutes::new(
            format!("{host}:{port}"),
            hosts.into_iter().collect(),
            Left::new(left),
            previous,
        )
    }
}

/// Whether the table can have the name: domains are in lower case, and a name that is not is
/// nobody's.
fn is_lower(host: &Hostname) -> bool {
    !host.as_str().bytes().any(|byte| byte.is_ascii_uppercase())
}
