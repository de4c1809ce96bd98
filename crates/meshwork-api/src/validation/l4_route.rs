//! TLS and TCP routes.

use super::findings::{Findings, quote};
use super::http_action::{total_weight, weighted};
use super::place::Place;
use super::primitive::address::is_ip;
use super::primitive::hosts::Hosts;
use super::primitive::name::{check_gateway_domain, check_wildcard_domain};
use super::semantics::{Semantics, gateway_names};
use super::shared::{addresses, labels, port};
use crate::networking::{RouteDestination, TcpRoute, TlsMatchAttributes, TlsRoute};

/// One entry of `tls`.
pub(super) fn check_tls(
    place: &Place<'_>,
    route: &TlsRoute,
    hosts: &Hosts<'_>,
    semantics: Semantics,
    out: &mut Findings<'_>,
) {
    if route.match_.is_empty() {
        out.error(&place.field("match"), "is required: TLS routes choose by server name");
    }
    for (index, matched) in route.match_.iter().enumerate() {
        let place = place.item("match", index);
        server_names(&place, matched, hosts, semantics, out);
        addresses(&place, "destinationSubnets", &matched.destination_subnets, out);
        if matched.port != 0 {
            port(&place, "port", matched.port, out);
        }
        labels(&place, "sourceLabels", &matched.source_labels, out);
        gateway_names(&place, &matched.gateways, false, out);
    }
    destinations(place, &route.route, semantics, out);
}

fn server_names(
    place: &Place<'_>,
    matched: &TlsMatchAttributes,
    hosts: &Hosts<'_>,
    semantics: Semantics,
    out: &mut Findings<'_>,
) {
    if matched.sni_hosts.is_empty() {
        out.error(&place.field("sniHosts"), "needs at least one server name");
    }
    for (index, name) in matched.sni_hosts.iter().enumerate() {
        let place = place.item("sniHosts", index);
        let checked = if semantics.gateways_only {
            check_gateway_domain(true, name)
        } else {
            check_wildcard_domain(name)
        };
        match checked {
            Err(_) if is_ip(name) => {
                let message =
                    format!("clients send no server name for an address such as {}", quote(name));
                out.warn(&place, message);
            }
            Err(error) => out.error(&place, format!("the server name {} {error}", quote(name))),
            Ok(()) if hosts.covering(name).is_some() => {}
            Ok(()) => {
                let message = format!("none of the VirtualService's hosts covers {}", quote(name));
                out.error(&place, message);
            }
        }
    }
}

/// One entry of `tcp`.
pub(super) fn check_tcp(
    place: &Place<'_>,
    route: &TcpRoute,
    semantics: Semantics,
    out: &mut Findings<'_>,
) {
    for (index, matched) in route.match_.iter().enumerate() {
        let place = place.item("match", index);
        addresses(&place, "destinationSubnets", &matched.destination_subnets, out);
        if matched.port != 0 {
            port(&place, "port", matched.port, out);
        }
        labels(&place, "sourceLabels", &matched.source_labels, out);
        out.without_warnings(|out| gateway_names(&place, &matched.gateways, false, out));
    }
    destinations(place, &route.route, semantics, out);
}

fn destinations(
    place: &Place<'_>,
    list: &[RouteDestination],
    semantics: Semantics,
    out: &mut Findings<'_>,
) {
    if list.is_empty() {
        out.error(&place.field("route"), "is required");
    }
    for (index, entry) in list.iter().enumerate() {
        let place = place.item("route", index);
        weighted(&place, entry.destination.as_ref(), entry.weight, semantics, out);
    }
    total_weight(place, list.iter().map(|entry| entry.weight), out);
}
