//! The filter chains of a gateway's servers.

use std::sync::Arc;

use hashbrown::HashMap;
use meshwork_api::{mesh::TlsConfig, networking::ServerTlsMode};
use meshwork_core::{FieldPath, HostPattern, Removed};
use meshwork_registry::EgressScope;

use super::{
    auto_passthrough,
    merge::{ServerPort, Servers, claim},
    server::GatewayServer,
};
use crate::listener::{ChainAction, ChainDraft, FilterChain};
use crate::tcp::{Destinations, L4VirtualService, StaticMatch, TcpRoute};
use crate::tls::ServerTls;
use crate::{HttpRoutes, Subsets};

/// What chains are built from.
pub(super) struct Chains<'a> {
    pub(super) scope: &'a EgressScope,
    pub(super) destinations: &'a Destinations<'a>,
    pub(super) subsets: Option<&'a dyn Subsets>,
    pub(super) removed: &'a mut Vec<Removed>,
    pub(super) tls_defaults: Option<&'a TlsConfig>,
    /// By port: server names of passthrough routes, and the bind that has them.
    server_names: HashMap<u16, HashMap<Arc<str>, String>>,
}

/// Makes the route table of a route configuration.
pub(super) type Tables<'a> = dyn FnMut(&str) -> Arc<HttpRoutes> + 'a;

impl<'a> Chains<'a> {
    pub(super) fn new(
        scope: &'a EgressScope,
        destinations: &'a Destinations<'a>,
        subsets: Option<&'a dyn Subsets>,
        removed: &'a mut Vec<Removed>,
    ) -> Self {
        let (tls_defaults, server_names) = Default::default();
        Self { scope, destinations, subsets, removed, tls_defaults, server_names }
    }

    /// The chains of the servers of one port. Plain HTTP servers have one for all of them.
    pub(super) fn of_port(
        &mut self,
        port: &ServerPort,
        servers: &Servers,
        tables: &mut Tables<'_>,
    ) -> Vec<FilterChain> {
        if port.protocol().is_http() {
            let Some(routes) = &servers.routes else { return Vec::new() };
            let rule = servers.servers.first().map(|server| Arc::clone(&server.rule));
            return vec![ChainDraft::new(ChainAction::Http(tables(routes)), rule).finish()];
        }
        let mut chains = Vec::new();
        for server in &servers.servers {
            if server.is_terminating_https() {
                let Some(routes) = server.route_name(port.number) else { continue };
                let rule = Some(Arc::clone(&server.rule));
                let draft = ChainDraft::new(ChainAction::Http(tables(&routes)), rule);
                chains.push(terminating(server, draft, self.tls_defaults));
            } else if server.passes_tls() {
                chains.extend(self.passthrough(server, port));
            } else {
                chains.extend(self.tcp(server));
            }
        }
        chains
    }

    /// The VirtualServices of a server's Gateway that have a host in common with it.
    fn rules(&self, server: &GatewayServer) -> Vec<L4VirtualService> {
        let domain = &self.destinations.proxy().cluster_domain;
        self.scope
            .virtual_services_of(&server.gateway)
            .map(|object| L4VirtualService::new(object, domain))
            .filter(|rule| shares_host(server, rule))
            .collect()
    }

    /// The first TCP route that fits is all that the server has; without one there is no chain.
    fn tcp(&mut self, server: &GatewayServer) -> Option<FilterChain> {
        for rule in self.rules(server) {
            for (index, tcp) in rule.object.spec.tcp.iter().enumerate() {
                let fits = tcp.match_.is_empty()
                    || tcp.match_.iter().any(|attributes| {
                        StaticMatch::from(attributes)
                            .mismatch_at_gateway(&rule, &server.gateway, server.number.into())
                            .is_none()
                    });
                if !fits || tcp.route.is_empty() {
                    continue;
                }
                let route = self.destinations.route(&tcp.route, rule.namespace(), server.number)?;
                let field = rule.field(format!("spec.tcp[{index}]"));
                let draft = ChainDraft::new(ChainAction::Tcp(route), Some(field));
                return Some(match server.tls() {
                    None => draft.finish(),
                    Some(_) => terminating(server, draft, self.tls_defaults),
                });
            }
        }
        self.leave_out(&server.rule, "no VirtualService has a TCP route for this server");
        None
    }

    fn passthrough(&mut self, server: &GatewayServer, port: &ServerPort) -> Vec<FilterChain> {
        if server.tls().is_some_and(|tls| tls.mode == ServerTlsMode::AutoPassthrough) {
            let rule = &server.rule;
            return auto_passthrough::chains(
                &server.server_names(),
                rule,
                self.scope,
                self.subsets,
            );
        }
        let mut chains = Vec::new();
        for rule in self.rules(server) {
            for (index, tls) in rule.object.spec.tls.iter().enumerate() {
                if tls.route.is_empty() {
                    continue;
                }
                for (number, attributes) in tls.match_.iter().enumerate() {
                    let failed = StaticMatch::from(attributes).mismatch_at_gateway(
                        &rule,
                        &server.gateway,
                        server.number.into(),
                    );
                    if failed.is_some() {
                        continue;
                    }
                    let field = rule.field(format!("spec.tls[{index}].match[{number}]"));
                    let names: Vec<Arc<str>> =
                        attributes.sni_hosts.iter().map(|name| name.as_str().into()).collect();
                    let known = self.server_names.entry(port.number).or_default();
                    if let Err(name) = claim(known, &names, &port.bind) {
                        let reason =
                            format!("an earlier match on port {} has `{name}`", port.number);
                        self.leave_out(&field, reason);
                        continue;
                    }
                    let Some(route) =
                        self.destinations.route(&tls.route, rule.namespace(), server.number)
                    else {
                        self.leave_out(&field, "no destination has a weight");
                        continue;
                    };
                    let mut draft = ChainDraft::new(ChainAction::Tcp(route), Some(field));
                    draft.server_names = names;
                    chains.push(draft.finish());
                }
            }
        }
        chains
    }

    fn leave_out(&mut self, field: &FieldPath, reason: impl Into<String>) {
        self.removed.push(Removed::new(field.clone(), reason));
    }
}

/// A chain behind TLS that is ended here, for the server's hosts.
fn terminating(
    server: &GatewayServer,
    mut draft: ChainDraft,
    defaults: Option<&TlsConfig>,
) -> FilterChain {
    draft.server_names = server.server_names();
    let mut chain = draft.finish();
    let http = server.is_terminating_https();
    chain.tls =
        server.tls().and_then(|tls| ServerTls::of_server(tls, http, defaults)).map(Arc::new);
    chain
}

/// Whether a VirtualService and a server have a host in common; a host with a namespace is for
/// VirtualServices of that namespace.
fn shares_host(server: &GatewayServer, rule: &L4VirtualService) -> bool {
    server.hosts.iter().any(|host| {
        let host = match host.split_once('/') {
            Some((namespace, _)) if namespace != rule.namespace() => return false,
            Some((_, name)) => HostPattern::from(name),
            None => HostPattern::new(Arc::clone(host)),
        };
        rule.hosts.iter().any(|written| written.overlaps(&host))
    })
}

/// One destination and nothing else.
pub(super) fn single(destination: crate::Destination) -> ChainAction {
    ChainAction::Tcp(TcpRoute::single(destination))
}
