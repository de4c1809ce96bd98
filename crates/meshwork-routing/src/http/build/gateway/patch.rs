//! A gateway's table after a change of VirtualServices, made from the one before.

use std::{collections::BTreeSet, sync::Arc};

use super::{GatewayRoutes, GatewayTables, intersection};
use crate::{
    gateway::GatewayServer,
    http::{HttpRoutes, build::prepared::Prepared},
};

impl GatewayTables<'_> {
    /// The table for the same servers after the changes of VirtualServices; each host that they
    /// name is put together anew. `None` where the servers are others, or more has changed.
    pub(super) fn patched(
        &self,
        servers: &[Arc<GatewayServer>],
        previous: &GatewayRoutes,
    ) -> Option<GatewayRoutes> {
        let changes = self.changes.as_deref()?;
        let same = servers.len() == previous.servers.len()
            && servers.iter().zip(previous.servers.iter()).all(|(a, b)| a.is_same(b));
        if !same {
            return None;
        }
        let (inputs, scope) = (self.inputs, self.inputs.scope);
        let domain = &inputs.proxy.cluster_domain;
        let mut table = previous.clone();
        let mut touched: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut places = BTreeSet::new();
        for change in changes {
            let Some(object) = change.before else { continue };
            let service = Prepared::new(object, domain, None);
            for (number, server) in previous.servers.iter().enumerate() {
                let gateway = &server.gateway;
                let Some(place) = scope.place_at_gateway(change.place, object, gateway) else {
                    continue;
                };
                for host in intersection(server, &service) {
                    let part = (Arc::from(host), number, place.clone());
                    table.parts.remove(&part);
                    touched.insert(part.0);
                }
                let key = (Arc::clone(gateway), place);
                table.compiled.remove(&key);
                table.faulty.remove(&key);
                places.insert(key.1);
            }
        }
        for change in changes {
            let Some(object) = change.after else { continue };
            let service = Prepared::new(object, domain, inputs.merged);
            for (number, server) in previous.servers.iter().enumerate() {
                let gateway = &server.gateway;
                let Some(place) = scope.place_at_gateway(change.place, object, gateway) else {
                    continue;
                };
                let hosts = table.add(self, number, &place, &service, None);
                touched.extend(hosts.into_iter().map(Arc::from));
                places.insert(place);
            }
        }
        let mut routes = HttpRoutes::clone(&previous.routes);
        for place in places {
            match table.left_out(&place) {
                Some(left) => drop(routes.left_mut().rules.insert(place, left)),
                None => drop(routes.left_mut().rules.remove(&place)),
            }
        }
        for host in touched {
            let made = table.virtual_host(&host);
            if let Some(known) = routes.domain(&host)
                && made.as_ref().is_none_or(|(made, _)| made.name != known.name)
            {
                let name = Arc::clone(&known.name);
                routes.take(&name);
            }
            let Some((made, lost)) = made else {
                routes.left_mut().conflicts.remove(&host);
                continue;
            };
            if lost.is_empty() {
                routes.left_mut().conflicts.remove(&host);
            } else {
                routes.left_mut().conflicts.insert(host, lost.into());
            }
            routes.put(made);
        }
        if routes.has_no_hosts() || is_black_hole(&previous.routes) {
            return None;
        }
        if !routes.is_same(&previous.routes) {
            table.routes = Arc::new(routes);
        }
        Some(table)
    }
}

/// Whether the table has the host alone that is there when no other is.
fn is_black_hole(routes: &HttpRoutes) -> bool {
    routes.domain("*").is_some_and(|host| host.name.starts_with("blackhole:"))
}
