//! Which servers of which Gateways share a port, and which are left out.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use indexmap::IndexMap;
use meshwork_core::{Protocol, Removed};

use super::{select::Selected, server::GatewayServer};

/// What Istio tells servers on one port apart by: two servers with different protocols as written
/// are listed apart, even where one listener holds both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ServerPort {
    /// The port that is listened on.
    pub(super) number: u16,
    pub(super) protocol: String,
    pub(super) bind: String,
}

impl ServerPort {
    pub(super) fn protocol(&self) -> Protocol {
        self.protocol.parse().unwrap_or_default()
    }
}

/// Servers that share a listener.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    pub(super) servers: Vec<Arc<GatewayServer>>,
    /// The route configuration that plain HTTP servers share.
    pub(super) routes: Option<String>,
}

/// All servers of a gateway proxy after merging.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) ports: IndexMap<ServerPort, Servers>,
    /// The servers of each route configuration.
    pub(super) routes: HashMap<String, Vec<Arc<GatewayServer>>>,
    pub(super) removed: Vec<Removed>,
    /// The plaintext server that rules a port; the last one where binds differ.
    plaintext: HashMap<u16, ServerPort>,
    taken: HashSet<u16>,
    /// By port: hosts of servers with `tls`, and the bind that has them.
    tls_hosts: HashMap<u16, HashMap<Arc<str>, String>>,
}

impl Merged {
    /// Merges the servers of Gateways in order.
    pub(super) fn new(gateways: &[Selected<'_>]) -> Self {
        let mut merged = Self::default();
        for selected in gateways {
            for server in GatewayServer::of(selected.gateway) {
                let server = Arc::new(server);
                for listened in selected.ports(server.number) {
                    if let Err(reason) = merged.add(&server, listened) {
                        merged.removed.push(Removed::new((*server.rule).clone(), reason));
                    }
                }
            }
        }
        merged
    }

    fn add(&mut self, server: &Arc<GatewayServer>, listened: u16) -> Result<(), String> {
        let bind = server.bind();
        let routes = server.route_name(listened);
        if server.tls().is_some() {
            let known = self.tls_hosts.entry(listened).or_default();
            claim(known, &server.hosts, bind).map_err(|host| {
                format!("an earlier server of port {listened} has host `{host}`")
            })?;
        }
        let port = ServerPort {
            number: listened,
            protocol: server.written_protocol().to_owned(),
            bind: bind.to_owned(),
        };
        if self.taken.insert(listened) {
            self.open(server, port, routes);
            return Ok(());
        }
        let Some(current) = self.plaintext.get(&listened).cloned() else {
            return self.add_beside_tls(server, port, routes);
        };
        if current.bind != port.bind {
            match self.ports.get_mut(&port) {
                None => self.open(server, port, routes),
                Some(servers) => {
                    servers.routes.clone_from(&routes);
                    servers.servers.push(Arc::clone(server));
                    self.route(server, routes);
                }
            }
            return Ok(());
        }
        let both_http = server.protocol.is_http() && current.protocol().is_http();
        if !both_http {
            let protocol = current.protocol();
            return Err(format!("port {listened} already serves {protocol}"));
        }
        if let Some(servers) = self.ports.get_mut(&current) {
            servers.servers.push(Arc::clone(server));
        }
        self.route(server, routes);
        Ok(())
    }

    /// The port has servers, and none of them is plaintext.
    fn add_beside_tls(
        &mut self,
        server: &Arc<GatewayServer>,
        port: ServerPort,
        routes: Option<String>,
    ) -> Result<(), String> {
        if !server.speaks_tls() {
            self.open(server, port, routes);
            return Ok(());
        }
        if server.is_http() {
            let Some(routes) = routes else {
                return Err("no route configuration can be named".to_owned());
            };
            if self.routes.contains_key(&routes) {
                let name = &server.port_name;
                return Err(format!("the port name `{name}` is not unique in its Gateway"));
            }
            self.routes.insert(routes, vec![Arc::clone(server)]);
        }
        match self.ports.get_mut(&port) {
            Some(servers) => servers.servers.push(Arc::clone(server)),
            None => {
                let servers = Servers { servers: vec![Arc::clone(server)], routes: None };
                self.ports.insert(port, servers);
            }
        }
        Ok(())
    }

    /// The first server of a port, or of a port and bind.
    fn open(&mut self, server: &Arc<GatewayServer>, port: ServerPort, routes: Option<String>) {
        if !server.speaks_tls() {
            self.plaintext.insert(port.number, port.clone());
        }
        if server.is_http()
            && let Some(routes) = &routes
        {
            self.routes.insert(routes.clone(), vec![Arc::clone(server)]);
        }
        self.ports.insert(port, Servers { servers: vec![Arc::clone(server)], routes });
    }

    fn route(&mut self, server: &Arc<GatewayServer>, routes: Option<String>) {
        if let Some(routes) = routes {
            self.routes.entry(routes).or_default().push(Arc::clone(server));
        }
    }
}

/// Takes hosts for a bind, all or none; the error is a host that the bind already has.
pub(super) fn claim(
    known: &mut HashMap<Arc<str>, String>,
    hosts: &[Arc<str>],
    bind: &str,
) -> Result<(), Arc<str>> {
    let taken = |host: &&Arc<str>| known.get(*host).is_some_and(|other| other == bind);
    if let Some(host) = hosts.iter().find(taken) {
        return Err(Arc::clone(host));
    }
    known.extend(hosts.iter().map(|host| (Arc::clone(host), bind.to_owned())));
    Ok(())
}
