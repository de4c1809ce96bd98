//! The filter chains of a TLS port of a service, from the `tls` routes of VirtualServices.

use std::sync::Arc;

use hashbrown::HashSet;
use meshwork_core::{FieldPath, Removed};

use crate::listener::{ChainAction, ChainDraft, PortOfService};
use crate::tcp::{
    Destinations, L4VirtualService, StaticMatch, TcpRoute, parse_ranges, service_destination,
};

/// Chains by server name.
///
/// Matches with the same list of names and the same subnets as an earlier one are dropped; lists
/// that merely overlap are not, and Envoy then refuses the listener. Once a match has set
/// `destinationSubnets`, they stay in force for all later matches that have none, as in Istio.
/// Only when no match is left does the service get a chain of its own.
pub(crate) fn tls_chains(
    port: &PortOfService<'_>,
    rules: &[&L4VirtualService],
    destinations: &Destinations<'_>,
    removed: &mut Vec<Removed>,
) -> Vec<ChainDraft> {
    let mut chains = Vec::new();
    let mut ranges = port.ranges.to_vec();
    let mut handled = HashSet::new();
    for rule in rules {
        for (index, tls) in rule.object.spec.tls.iter().enumerate() {
            if tls.route.is_empty() {
                continue;
            }
            for (number, attributes) in tls.match_.iter().enumerate() {
                let field = rule.field(format!("spec.tls[{index}].match[{number}]"));
                let statics = StaticMatch::from(attributes);
                if let Some(failed) =
                    statics.mismatch_at_sidecar(rule, destinations.proxy(), port.number)
                {
                    let reason =
                        format!("{failed} does not fit this proxy and port {}", port.number);
                    removed.push(Removed::new((*field).clone(), reason));
                    continue;
                }
                if !attributes.destination_subnets.is_empty() && port.number > 0 {
                    ranges = parse_ranges(&attributes.destination_subnets);
                }
                let key = (&attributes.sni_hosts, &attributes.destination_subnets);
                if !handled.insert(key) {
                    let reason = "an earlier match has the same server names and subnets";
                    removed.push(Removed::new((*field).clone(), reason));
                    continue;
                }
                let Some(route) = destinations.route(&tls.route, rule.namespace(), port.number)
                else {
                    removed.push(Removed::new((*field).clone(), "no destination has a weight"));
                    continue;
                };
                let mut draft = ChainDraft::new(ChainAction::Tcp(route), Some(field));
                draft.server_names =
                    attributes.sni_hosts.iter().map(|name| Arc::from(name.as_str())).collect();
                draft.ranges.clone_from(&ranges);
                chains.push(draft);
            }
        }
    }
    if chains.is_empty() {
        let route = TcpRoute::single(service_destination(port.service, port.cluster_port()));
        let rule = FieldPath::new(port.service.resource.clone(), "");
        let mut draft = ChainDraft::new(ChainAction::Tcp(route), Some(Arc::new(rule)));
        draft.server_names = own_names(port, !ranges.is_empty());
        draft.ranges = ranges;
        chains.push(draft);
    }
    chains
}

/// The names that a service without TLS routes is told apart by: none where its address alone
/// does it, its host and aliases where the listener is shared.
fn own_names(port: &PortOfService<'_>, has_ranges: bool) -> Vec<Arc<str>> {
    use meshwork_registry::Resolution;
    let service = port.service;
    let dynamic = service.host.is_wildcard() && service.resolution == Resolution::DynamicDns;
    if !has_ranges && !port.shared && !dynamic {
        return Vec::new();
    }
    let mut names = vec![Arc::from(service.host.as_str())];
    for alias in service.aliases.iter() {
        names.push(Arc::from(alias.as_str()));
        let alternates = crate::http::alternate_names(alias.as_str(), &port.proxy.dns_domain());
        names.extend(alternates.into_iter().map(Arc::from));
    }
    names
}
