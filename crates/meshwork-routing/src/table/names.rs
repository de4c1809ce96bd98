//! The services that a client in process means by a name.

use std::{borrow::Cow, sync::Arc};

use hashbrown::HashMap;
use meshwork_core::Hostname;

use super::{RouteInputs, Table, TableName};
use crate::HttpRoutes;

/// Services on ports that declare no protocol, by every name that leads to their addresses.
///
/// Envoy knows such a service by the address that was dialled. Without an address the name tells
/// which one it would have been.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(HashMap<u16, HashMap<Box<str>, Arc<HttpRoutes>>>);

impl Names {
    pub(super) fn new(inputs: &RouteInputs<'_>, tables: &HashMap<TableName, Table>) -> Self {
        let domain = inputs.proxy.dns_domain();
        let mut names = Self::default();
        for (name, Table { routes, .. }) in tables {
            let TableName::Sniffed { host, port } = name else { continue };
            let aliases = inputs.scope.service(host.as_str()).map(|service| &service.aliases);
            let aliases = aliases.into_iter().flat_map(|aliases| aliases.iter());
            let known = names.0.entry(*port).or_default();
            for full in std::iter::once(host).chain(aliases).map(Hostname::as_str) {
                let full = full.to_ascii_lowercase();
                for short in crate::http::alternate_names(&full, &domain) {
                    // A full name of another service is not ours to take.
                    known.entry(short.into()).or_insert_with(|| Arc::clone(routes));
                }
                known.insert(format!("{full}.").into(), Arc::clone(routes));
                known.insert(full.into(), Arc::clone(routes));
            }
        }
        names
    }

    /// The routes of the service that `host` names on a port.
    pub(super) fn find(&self, host: &str, port: u16) -> Option<&Arc<HttpRoutes>> {
        let known = self.0.get(&port)?;
        let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        };
        known.get(&*host)
    }
}
