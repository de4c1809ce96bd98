//! The services that a client in process means by a name.

use std::{borrow::Cow, sync::Arc};

use meshwork_core::{Hostname, NameMap, PersistentMap};

use super::{RouteInputs, Table, TableName};
use crate::HttpRoutes;

/// Services on ports that declare no protocol, by every name that leads to their addresses.
///
/// Envoy knows such a service by the address that was dialled. Without an address the name tells
/// which one it would have been.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(PersistentMap<u16, NameMap<Arc<HttpRoutes>>>);

impl Names {
    pub(super) fn new(inputs: &RouteInputs<'_>, tables: &PersistentMap<TableName, Table>) -> Self {
        let mut names = Self::default();
        for (name, Table { routes, .. }) in tables.iter() {
            let TableName::Sniffed { host, port } = name else { continue };
            let mut known = names.0.get(port).cloned().unwrap_or_default();
            let Spellings { full, short } = spellings(inputs, host);
            for name in short {
                // A full name of another service is not ours to take.
                if known.get(&name).is_none() {
                    known.insert(name.into(), Arc::clone(routes));
                }
            }
            for name in full {
                known.insert(name.into(), Arc::clone(routes));
            }
            names.0.insert(*port, known);
        }
        names
    }

    /// Puts a route table in the place of the one that a service had.
    pub(super) fn replace(
        &mut self,
        inputs: &RouteInputs<'_>,
        host: &Hostname,
        port: u16,
        before: &Arc<HttpRoutes>,
        after: &Arc<HttpRoutes>,
    ) {
        let Some(mut known) = self.0.get(&port).cloned() else { return };
        let Spellings { full, short } = spellings(inputs, host);
        for name in full.into_iter().chain(short) {
            if known.get(&name).is_some_and(|known| Arc::ptr_eq(known, before)) {
                known.insert(name.into(), Arc::clone(after));
            }
        }
        self.0.insert(port, known);
    }

    /// The routes of the service that `host` names on a port.
    pub(super) fn find(&self, host: &str, port: u16) -> Option<&Arc<HttpRoutes>> {
        let known = self.0.get(&port)?;
        let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        };
        known.get(&host)
    }
}

/// The names of a service.
struct Spellings {
    full: Vec<String>,
    short: Vec<String>,
}

fn spellings(inputs: &RouteInputs<'_>, host: &Hostname) -> Spellings {
    let domain = inputs.proxy.dns_domain();
    let aliases = inputs.scope.service(host.as_str()).map(|service| &service.aliases);
    let aliases = aliases.into_iter().flat_map(|aliases| aliases.iter());
    let mut spellings = Spellings { full: Vec::new(), short: Vec::new() };
    for full in std::iter::once(host).chain(aliases).map(Hostname::as_str) {
        let full = full.to_ascii_lowercase();
        spellings.short.extend(crate::http::alternate_names(&full, &domain));
        spellings.full.push(format!("{full}."));
        spellings.full.push(full);
    }
    spellings
}
