//! Gateways: the listeners of a gateway proxy, and which server takes a connection.

mod auto_passthrough;
mod chains;
mod merge;
mod select;
mod server;

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use indexmap::IndexMap;
use meshwork_api::{Object, mesh::TlsConfig, networking::Gateway};
use meshwork_core::{FieldPath, Removed};
use meshwork_registry::{EgressScope, Proxy, ServiceTarget};

pub(crate) use select::select;
pub(crate) use server::GatewayServer;

use crate::listener::{FilterChain, Inspection, ListenAddress, Listener};
use crate::tcp::Destinations;
use crate::{CertificateSource, ClientCertificate, CompileError, HttpRoutes, ServerTls, Subsets};
use chains::Chains;
use merge::Merged;

/// The listeners of one gateway proxy, by the port that is listened on.
#[derive(Clone, Debug, Default)]
pub(crate) struct GatewayListeners {
    ports: BTreeMap<u16, Vec<(ListenAddress, Arc<Listener>)>>,
}

/// Makes the route table of a route configuration from its name and servers.
type Tables<'a> = dyn FnMut(&str, &[Arc<GatewayServer>]) -> Arc<HttpRoutes> + 'a;

/// What the listeners of a gateway are compiled from.
pub(crate) struct GatewayInputs<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) scope: &'a EgressScope,
    pub(crate) gateways: &'a [Arc<Object<Gateway>>],
    pub(crate) subsets: Option<&'a dyn Subsets>,
    /// `meshConfig.tlsDefaults`.
    pub(crate) tls_defaults: Option<&'a TlsConfig>,
    /// The services that lead to the proxy's workload.
    pub(crate) targets: &'a [ServiceTarget],
    pub(crate) previous: Option<&'a GatewayListeners>,
}

impl GatewayListeners {
    /// Compiles the servers of all Gateways that select the proxy.
    pub(crate) fn compile(
        inputs: &GatewayInputs<'_>,
        tables: &mut Tables<'_>,
        removed: &mut Vec<Removed>,
        errors: &mut Vec<CompileError>,
    ) -> Self {
        let selected = select(inputs.gateways, inputs.proxy, inputs.targets);
        let Merged { ports, routes, removed: left_out, .. } = Merged::new(&selected);
        removed.extend(left_out);
        let lookup = |host: &meshwork_core::Hostname| inputs.scope.service(host.as_str()).cloned();
        let destinations = Destinations::new(inputs.proxy, &lookup);
        let mut chains = Chains::new(inputs.scope, &destinations, inputs.subsets, removed);
        chains.tls_defaults = inputs.tls_defaults;
        let mut tables = |name: &str| {
            let servers = routes.get(name).map(Vec::as_slice).unwrap_or_default();
            tables(name, servers)
        };
        let unprivileged =
            inputs.proxy.metadata.get("UNPRIVILEGED_POD").is_some_and(|value| **value == *"true");
        let mut listeners: IndexMap<(u16, ListenAddress), Vec<FilterChain>> = IndexMap::new();
        for (port, servers) in &ports {
            if unprivileged && port.number < 1024 {
                continue;
            }
            let address = ListenAddress::parse(&port.bind);
            let built = chains.of_port(port, servers, &mut tables);
            listeners.entry((port.number, address)).or_default().extend(built);
        }
        let mut compiled = Self::default();
        for ((port, address), chains) in listeners {
            // Without a chain Istio leaves the listener out.
            if !chains.is_empty() {
                compiled.insert(port, address, chains, inputs.previous, errors);
            }
        }
        compiled
    }

    fn insert(
        &mut self,
        port: u16,
        address: ListenAddress,
        chains: Vec<FilterChain>,
        previous: Option<&Self>,
        errors: &mut Vec<CompileError>,
    ) {
        if let Some(chain) = chains.iter().find(|chain| names_without_roots(chain)) {
            if let Some(field) = &chain.rule {
                let message = format!(
                    "listener {address}:{port}: Envoy refuses subjectAltNames in mode SIMPLE with a credential, as no roots verify the certificates that bear them"
                );
                errors.push(CompileError::new((**field).clone(), message));
            }
            return;
        }
        let inspection = Inspection {
            tls: chains
                .iter()
                .any(|chain| chain.tls.is_some() || !chain.criteria.server_names.is_empty()),
            http: false,
        };
        let rules: Vec<_> = chains.iter().map(|chain| chain.rule.clone()).collect();
        match Listener::new(chains, None, inspection) {
            Ok(listener) => {
                let known = previous
                    .and_then(|previous| previous.ports.get(&port))
                    .and_then(|binds| binds.iter().find(|(known, _)| *known == address));
                let listener = match known {
                    Some((_, known)) if **known == listener => Arc::clone(known),
                    _ => Arc::new(listener),
                };
                self.ports.entry(port).or_default().push((address, listener));
            }
            Err(error) => {
                if let Some(Some(field)) = rules.get(error.chain()) {
                    let message = format!("listener {address}:{port}: {error}");
                    errors.push(CompileError::new((**field).clone(), message));
                }
            }
        }
    }

    /// The listener that takes a connection to `port`: the one of the address it came to, else the
    /// one for every address.
    pub(crate) fn find(&self, port: u16, address: Option<IpAddr>) -> Option<&Arc<Listener>> {
        let binds = self.ports.get(&port)?;
        let of = |wanted: ListenAddress| {
            binds.iter().find(|(bind, _)| *bind == wanted).map(|(_, listener)| listener)
        };
        address
            .and_then(|address| of(ListenAddress::of(address.to_canonical())))
            .or_else(|| of(ListenAddress::Wildcard))
    }

    /// The TLS that servers end, with the server that says so.
    pub(crate) fn tls(&self) -> impl Iterator<Item = (&FieldPath, &Arc<ServerTls>)> {
        let listeners = self.ports.values().flatten().map(|(_, listener)| listener);
        let chains = listeners.flat_map(|listener| listener.chains());
        chains.filter_map(|chain| Some((chain.rule.as_deref()?, chain.tls.as_ref()?)))
    }

    /// Where to listen: each port with its addresses.
    pub(crate) fn binds(&self) -> impl Iterator<Item = (u16, &ListenAddress)> {
        self.ports
            .iter()
            .flat_map(|(port, binds)| binds.iter().map(move |(address, _)| (*port, address)))
    }
}

/// Whether a chain wants names of client certificates that nothing verifies. Istio writes them out
/// where the certificate is a credential, and Envoy then refuses the whole listener.
fn names_without_roots(chain: &FilterChain) -> bool {
    chain.tls.as_ref().is_some_and(|tls| {
        tls.client == ClientCertificate::NotAsked
            && !tls.subject_alt_names.is_empty()
            && matches!(tls.certificate, CertificateSource::Credentials { .. })
    })
}

#[cfg(test)]
mod tests;
