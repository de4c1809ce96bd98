//! `AUTO_PASSTHROUGH`: server names that name the mesh's own services.

use std::sync::Arc;

use meshwork_core::{FieldPath, HostPattern, Protocol};
use meshwork_registry::{EgressScope, Service};

use super::chains::single;
use crate::listener::{ChainDraft, FilterChain};
use crate::{Destination, Subsets};

/// The protocols of Istio's mutual TLS; without one of them a connection is not let through.
const MESH_PROTOCOLS: &[&str] =
    &["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

/// One chain for each port and subset of each service of the mesh whose host the server covers.
pub(super) fn chains(
    hosts: &[Arc<str>],
    rule: &Arc<FieldPath>,
    scope: &EgressScope,
    subsets: Option<&dyn Subsets>,
) -> Vec<FilterChain> {
    let hosts: Vec<_> = hosts.iter().map(|host| HostPattern::new(Arc::clone(host))).collect();
    let mut chains = Vec::new();
    for service in scope.services.iter().filter(|service| !service.mesh_external) {
        let host = service.host.to_pattern();
        if !hosts.iter().any(|covering| host.is_subset_of(covering)) {
            continue;
        }
        let subsets = subsets.map(|subsets| subsets.of(service)).unwrap_or_default();
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            chains.push(chain(service, port.number, None, rule));
            for subset in &subsets {
                chains.push(chain(service, port.number, Some(subset), rule));
            }
        }
    }
    chains
}

fn chain(
    service: &Service,
    port: u16,
    subset: Option<&Arc<str>>,
    rule: &Arc<FieldPath>,
) -> FilterChain {
    let name = cluster_name(service, port, subset.map(AsRef::as_ref));
    let mut destination = Destination::new(service.host.clone(), subset.cloned(), port);
    destination.cluster = Arc::clone(&name);
    let mut draft = ChainDraft::new(single(destination), Some(Arc::clone(rule)));
    draft.server_names = vec![name];
    draft.protocols = MESH_PROTOCOLS;
    draft.finish()
}

/// The server name of Istio's mutual TLS, which is the name of the cluster too.
fn cluster_name(service: &Service, port: u16, subset: Option<&str>) -> Arc<str> {
    let subset = subset.unwrap_or_default();
    format!("outbound_.{port}_.{subset}_.{}", service.host).into()
}
