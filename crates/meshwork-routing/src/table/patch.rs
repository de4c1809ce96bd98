//! A sidecar's table after a change of HTTP rules, made from the one before.

use std::sync::Arc;

use meshwork_api::{Object, networking::VirtualService};
use meshwork_core::Hostname;
use meshwork_registry::{ListChange, ProxyKind};

use super::{Basis, Compiled, RouteInputs, RouteTable, Table, TableName};
use super::{changes::has_all_ports, compile::told_once};
use crate::CompileError;
use crate::http::{PortRoutes, SidecarTables};

impl RouteTable {
    /// The table for `inputs` at the cost of the VirtualServices that are different in them;
    /// everything else is shared. `None` where more than HTTP rules of a sidecar has changed.
    pub(super) fn patched(&self, inputs: &RouteInputs<'_>) -> Option<Compiled> {
        let scope = inputs.scope;
        let sidecar = inputs.proxy.kind == ProxyKind::Sidecar;
        if !sidecar
            || !self.basis.differs_in_rules_alone(inputs)
            || scope.listeners.iter().any(|listener| has_all_ports(listener))
        {
            return None;
        }
        let listeners = self.basis.listeners.iter().zip(scope.listeners.iter());
        let changes: Vec<Vec<ListChange<'_>>> = listeners
            .map(|(old, new)| old.virtual_services.changes(&new.virtual_services).collect())
            .collect();
        let changed = changes.iter().flatten();
        if changed.flat_map(|change| change.before.into_iter().chain(change.after)).any(about_bytes)
        {
            return None;
        }
        let mut table = self.clone();
        let mut tables = SidecarTables::new(inputs);
        for (port, former) in self.ports.iter() {
            let ruling = scope.listener_for_port(*port);
            let ruling = ruling.and_then(|ruling| {
                scope.listeners.iter().position(|listener| Arc::ptr_eq(listener, ruling))
            });
            match ruling.and_then(|at| changes.get(at)) {
                Some(changes) if !changes.is_empty() => {
                    table.patch_port(*port, former, changes, &mut tables, inputs);
                }
                _ => {}
            }
        }
        table.basis = Basis::new(inputs);
        table.origins = self.origins.with_virtual_services(scope.visible_virtual_services());
        Some(Compiled { diagnostics: told_once(table.errors().cloned().collect()), table })
    }

    fn patch_port(
        &mut self,
        port: u16,
        former: &PortRoutes,
        changes: &[ListChange<'_>],
        tables: &mut SidecarTables<'_>,
        inputs: &RouteInputs<'_>,
    ) {
        let (built, touched) = match tables.patched(port, former, changes) {
            Some(patched) => (Arc::new(patched.port), Some(patched.touched)),
            None => (tables.port(port, Some(former)), None),
        };
        // Where the whole port was built, every service may have other routes.
        let touched: Vec<Hostname> = touched.unwrap_or_else(|| {
            let first = TableName::Sniffed { host: Hostname::new(""), port: 0 };
            let names = self.tables.iter_after(|name| *name < first).map(|(name, _)| name);
            let of_port = |name: &TableName| match name {
                TableName::Sniffed { host, port: own } if *own == port => Some(host.clone()),
                _ => None,
            };
            names.filter_map(of_port).collect()
        });
        let name = TableName::Port(port);
        if let Some(known) = self.tables.get(&name).cloned()
            && !Arc::ptr_eq(&known.routes, &built.routes)
        {
            self.outbound.replace(&built.routes);
            self.tables.insert(name, Table { routes: Arc::clone(&built.routes), ..known });
        }
        for host in touched {
            let name = TableName::Sniffed { host: host.clone(), port };
            let Some(known) = self.tables.get(&name).cloned() else { continue };
            let routes = built.sniffed(&host, port, Some(&known.routes));
            if !Arc::ptr_eq(&routes, &known.routes) {
                self.outbound.replace(&routes);
                self.names.replace(inputs, &host, port, &known.routes, &routes);
                self.tables.insert(name, Table { routes, ..known });
            }
        }
        self.ports.insert(port, built);
    }

    /// What Envoy would refuse of a sidecar's listeners and routes.
    pub(super) fn errors(&self) -> impl Iterator<Item = &CompileError> {
        let of_listeners = self.outbound.reports().flat_map(|report| &report.errors);
        let of_ports = self.ports.values().flat_map(|port| port.errors());
        let of_sockets = self
            .tables
            .iter_after(|name| *name < TableName::Socket("".into()))
            .flat_map(|(_, table)| table.errors.iter());
        of_listeners.chain(of_ports).chain(of_sockets)
    }
}

/// Whether a VirtualService has a say about connections that are not HTTP.
fn about_bytes(object: &Arc<Object<VirtualService>>) -> bool {
    !object.spec.tcp.is_empty() || !object.spec.tls.is_empty()
}
