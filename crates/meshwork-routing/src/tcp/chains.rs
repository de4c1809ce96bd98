//! The filter chains of a TCP port of a service, from the `tcp` routes of VirtualServices.

use std::sync::Arc;

use meshwork_core::{AddressRange, FieldPath, Removed};

use super::{Destinations, L4VirtualService, StaticMatch, TcpRoute, service_destination};
use crate::listener::{ChainAction, ChainDraft, PortOfService};

/// Chains for everything that is not told apart by server name.
///
/// The first match without `destinationSubnets` ends the search, over all VirtualServices; before
/// it, the subnets of one route's matches are collected into one chain. The service's own chain
/// follows unless such a match was found, or a chain already has exactly the service's ranges.
pub(crate) fn tcp_chains(
    port: &PortOfService<'_>,
    rules: &[&L4VirtualService],
    destinations: &Destinations<'_>,
    removed: &mut Vec<Removed>,
) -> Vec<ChainDraft> {
    let mut chains = Vec::new();
    let mut covered = false;
    let draft = |route: TcpRoute, ranges: &[AddressRange], rule: Arc<FieldPath>| {
        let mut draft = ChainDraft::new(ChainAction::Tcp(route), Some(rule));
        draft.ranges = ranges.to_vec();
        draft
    };
    for rule in rules {
        for (index, tcp) in rule.object.spec.tcp.iter().enumerate() {
            if tcp.route.is_empty() {
                continue;
            }
            let field = |tail: &str| rule.field(format!("spec.tcp[{index}]{tail}"));
            let Some(route) = destinations.route(&tcp.route, rule.namespace(), port.number) else {
                removed.push(Removed::new((*field("")).clone(), "no destination has a weight"));
                continue;
            };
            if tcp.match_.is_empty() {
                chains.push(draft(route, port.ranges, field("")));
                return chains;
            }
            let mut subnets = Vec::new();
            for (number, attributes) in tcp.match_.iter().enumerate() {
                let tail = format!(".match[{number}]");
                let statics = StaticMatch::from(attributes);
                if let Some(failed) =
                    statics.mismatch_at_sidecar(rule, destinations.proxy(), port.number)
                {
                    let reason =
                        format!("{failed} does not fit this proxy and port {}", port.number);
                    removed.push(Removed::new((*field(&tail)).clone(), reason));
                    continue;
                }
                // The listener of a Unix domain socket has no addresses to compare.
                if attributes.destination_subnets.is_empty() || port.number == 0 {
                    chains.push(draft(route, port.ranges, field(&tail)));
                    return chains;
                }
                subnets.extend(parse_ranges(&attributes.destination_subnets));
            }
            if !subnets.is_empty() {
                covered |= same_ranges(&subnets, port.ranges);
                chains.push(draft(route, &subnets, field("")));
            }
        }
    }
    if !covered {
        let route = TcpRoute::single(service_destination(port.service, port.cluster_port()));
        let rule = FieldPath::new(port.service.resource.clone(), "");
        chains.push(draft(route, port.ranges, Arc::new(rule)));
    }
    chains
}

/// The ranges of `destinationSubnets`; what does not parse was refused at admission.
pub(crate) fn parse_ranges(written: &[String]) -> Vec<AddressRange> {
    written.iter().filter_map(|range| range.parse().ok()).collect()
}

fn same_ranges(a: &[AddressRange], b: &[AddressRange]) -> bool {
    let sorted = |ranges: &[AddressRange]| {
        let mut ranges: Vec<_> = ranges.iter().map(ToString::to_string).collect();
        ranges.sort_unstable();
        ranges
    };
    sorted(a) == sorted(b)
}
