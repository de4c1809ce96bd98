//! Compilation of a route table, sharing what did not change.

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::HashMap;
use meshwork_core::{PersistentMap, Removed};
use meshwork_registry::{ProxyKind, ServiceTarget};

use super::{Basis, Changes, Compiled, Names, Origins, RouteInputs, RouteTable, Table, TableName};
use crate::CompileError;
use crate::gateway::{GatewayInputs, GatewayListeners, GatewayServer};
use crate::http::{self, GatewayRoutes, PortRoutes};
use crate::inbound::{InboundInputs, InboundListeners};
use crate::listener::{OutboundInputs, OutboundListeners};

/// One compilation.
struct Compilation<'a> {
    inputs: &'a RouteInputs<'a>,
    previous: Option<&'a RouteTable>,
    diagnostics: Vec<CompileError>,
    removed: Vec<Removed>,
}

impl RouteTable {
    /// Compiles the routes of one proxy.
    ///
    /// Listeners and HTTP route tables that come out equal to those of `previous` are shared with
    /// it. Nothing of `previous` is used when the proxy or the mesh's settings have changed.
    pub fn compile(inputs: &RouteInputs<'_>, previous: Option<&Self>) -> Compiled {
        let previous =
            previous.filter(|table| table.mesh == *inputs.mesh && *table.proxy == *inputs.proxy);
        if let Some(patched) = previous.and_then(|previous| previous.patched(inputs)) {
            return patched;
        }
        let mut compilation =
            Compilation { inputs, previous, diagnostics: Vec::new(), removed: Vec::new() };
        let table = match inputs.proxy.kind {
            ProxyKind::Gateway => compilation.gateway(),
            _ => compilation.sidecar(),
        };
        let Compilation { diagnostics, removed, .. } = compilation;
        let table = Self { removed: removed.into(), ..table };
        Compiled { diagnostics: told_once(diagnostics), table }
    }
}

/// One rule is compiled for several ports; what is wrong with it is said once.
pub(super) fn told_once(mut diagnostics: Vec<CompileError>) -> Vec<CompileError> {
    diagnostics.sort_unstable_by(|a, b| (&a.field, &a.message).cmp(&(&b.field, &b.message)));
    diagnostics.dedup();
    diagnostics
}

impl Compilation<'_> {
    /// A table with nothing but what the mesh adds by itself.
    fn empty(&self) -> RouteTable {
        let inputs = self.inputs;
        RouteTable {
            proxy: Arc::new(inputs.proxy.clone()),
            mesh: Arc::clone(inputs.mesh),
            outbound: OutboundListeners::none(),
            inbound: InboundListeners::none(),
            gateway: GatewayListeners::default(),
            tables: PersistentMap::default(),
            ports: PersistentMap::default(),
            names: Names::default(),
            gateway_tables: HashMap::new(),
            catch_all: http::catch_all(inputs, self.previous.map(|table| &table.catch_all)),
            removed: Arc::default(),
            origins: Origins::default(),
            basis: Basis::new(inputs),
        }
    }

    fn targets(&self) -> Vec<ServiceTarget> {
        self.inputs.registry.inbound(self.inputs.proxy)
    }

    fn sidecar(&mut self) -> RouteTable {
        let mut table = self.empty();
        let inputs = self.inputs;
        let previous = self.previous;
        let changes = previous.map_or(Changes::All, |table| table.basis.changes(inputs));
        let outbound = OutboundInputs {
            proxy: inputs.proxy,
            mesh: inputs.mesh,
            registry: inputs.registry,
            scope: inputs.scope,
            catch_all: &table.catch_all,
            previous: previous.map(|table| &table.outbound),
        };
        let mut tables = http::SidecarTables::new(inputs);
        let mut built: BTreeMap<TableName, Table> = BTreeMap::new();
        let mut build = |name: &TableName| {
            if let Some(table) = built.get(name) {
                return Arc::clone(&table.routes);
            }
            let known = previous.and_then(|table| table.tables.get(name));
            let table = match known {
                Some(known) if name.port().is_some_and(|port| !changes.concern(port)) => {
                    known.clone()
                }
                _ => {
                    let mut errors = Vec::new();
                    let known = known.map(|table| &table.routes);
                    let former = name.port().and_then(|port| previous?.ports.get(&port));
                    let former = former.map(|former| &**former);
                    let routes = tables.build(name, known, former, &mut errors);
                    Table { routes, errors: errors.into() }
                }
            };
            let routes = Arc::clone(&table.routes);
            built.insert(name.clone(), table);
            routes
        };
        let (listeners, rebuilt) = OutboundListeners::compile(&outbound, &changes, &mut build);
        table.outbound = listeners;
        // Listeners that were taken over have not asked for their tables.
        let stays = |name: &TableName| {
            let port = name.port().unwrap_or_default();
            !changes.concern(port) && !rebuilt.contains(&port)
        };
        let kept = previous.iter().flat_map(|table| table.tables.iter());
        let kept = kept.filter(|(name, _)| stays(name));
        built.extend(kept.map(|(name, table)| (name.clone(), table.clone())));
        let mut ports: BTreeMap<u16, Arc<PortRoutes>> = tables.into_ports().collect();
        for port in built.keys().filter_map(TableName::port) {
            if let Some(known) = previous.and_then(|previous| previous.ports.get(&port)) {
                ports.entry(port).or_insert_with(|| Arc::clone(known));
            }
        }
        table.tables = built.into_iter().collect();
        table.ports = ports.into_iter().collect();
        for report in table.outbound.reports() {
            self.removed.extend(report.removed.iter().cloned());
        }
        self.diagnostics.extend(table.errors().cloned());
        table.names = Names::new(inputs, &table.tables);
        let targets = self.targets();
        let inbound = InboundInputs {
            proxy: inputs.proxy,
            mesh: inputs.mesh,
            scope: inputs.scope,
            targets: &targets,
            previous: previous.map(|table| &table.inbound),
        };
        table.inbound = InboundListeners::compile(&inbound, &mut self.removed);
        table.origins = Origins::of_sidecar(inputs, &targets);
        table
    }

    fn gateway(&mut self) -> RouteTable {
        let mut table = self.empty();
        let inputs = self.inputs;
        let previous = self.previous;
        let targets = self.targets();
        let gateway = GatewayInputs {
            proxy: inputs.proxy,
            scope: inputs.scope,
            gateways: inputs.gateways,
            subsets: inputs.subsets,
            tls_defaults: inputs.mesh.tls_defaults.as_ref(),
            targets: &targets,
            previous: previous.map(|table| &table.gateway),
        };
        // Where nothing but rules has changed, tables are made from those before.
        let changes = previous
            .filter(|previous| previous.basis.differs_in_rules_alone(inputs))
            .map(|previous| previous.origins.changes(inputs).collect());
        let mut tables = http::GatewayTables::new(inputs, changes);
        let mut built: HashMap<Box<str>, GatewayRoutes> = HashMap::new();
        let mut build = |name: &str, servers: &[Arc<GatewayServer>]| {
            let known = previous.and_then(|table| table.gateway_tables.get(name));
            let table = tables.build(name, servers, known);
            let routes = Arc::clone(&table.routes);
            built.insert(name.into(), table);
            routes
        };
        table.gateway = GatewayListeners::compile(
            &gateway,
            &mut build,
            &mut self.removed,
            &mut self.diagnostics,
        );
        self.diagnostics.extend(built.values().flat_map(|table| table.errors().cloned()));
        table.gateway_tables = built;
        table.origins = Origins::of_gateway(inputs, &targets);
        table
    }
}
