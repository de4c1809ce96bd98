//! VirtualService: hosts, gateways, and what binds them to the routes.

use super::findings::{Findings, quote};
use super::metadata::{ROUTE_SEMANTICS, is_from_gateway_api};
use super::place::Place;
use super::primitive::address::is_ip;
use super::primitive::header::is_claim;
use super::primitive::hosts::Hosts;
use super::primitive::name::{check_gateway_domain, check_wildcard_domain};
use super::semantics::{Semantics, gateway_names};
use super::shared::{ExportTo, export_to};
use super::{http_route, l4_route, unreachable};
use crate::ObjectMeta;
use crate::networking::VirtualService;

/// Everything istiod's webhook asks of a VirtualService.
pub(super) fn check(metadata: &ObjectMeta, vs: &VirtualService, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    let delegate = vs.hosts.is_empty();
    if delegate {
        for (name, present) in [
            ("gateways", !vs.gateways.is_empty()),
            ("tls", !vs.tls.is_empty()),
            ("tcp", !vs.tcp.is_empty()),
        ] {
            if present {
                out.error(
                    &spec.field(name),
                    "a VirtualService without hosts (a delegate) has none",
                );
            }
        }
    }
    let semantics = Semantics {
        from_gateway_api: is_from_gateway_api(metadata, ROUTE_SEMANTICS),
        delegate,
        gateways_only: is_gateways_only(vs),
    };
    gateway_names(&spec, &vs.gateways, semantics.from_gateway_api, out);
    hosts(vs, &spec, semantics, out);
    if vs.http.is_empty() && vs.tcp.is_empty() && vs.tls.is_empty() {
        out.error(&spec, "needs at least one of `http`, `tls` and `tcp`");
    }
    let bound_to_gateways = semantics.gateways_only && !vs.gateways.is_empty();
    for (index, route) in vs.http.iter().enumerate() {
        let place = spec.item("http", index);
        if !bound_to_gateways {
            claims(&place, route, out);
        }
        http_route::check(&place, route, semantics, out);
    }
    if !vs.tls.is_empty() {
        let hosts = vs.hosts.iter().map(String::as_str).collect();
        for (index, route) in vs.tls.iter().enumerate() {
            l4_route::check_tls(&spec.item("tls", index), route, &hosts, semantics, out);
        }
    }
    for (index, route) in vs.tcp.iter().enumerate() {
        l4_route::check_tcp(&spec.item("tcp", index), route, semantics, out);
    }
    export_to(super::namespace_of(metadata), &vs.export_to, ExportTo::Anyone, out);
    unreachable::check(vs, &spec, out);
}

fn is_gateways_only(vs: &VirtualService) -> bool {
    !vs.gateways.iter().any(|gateway| gateway == "mesh")
}

fn hosts(vs: &VirtualService, spec: &Place<'_>, semantics: Semantics, out: &mut Findings<'_>) {
    let bound_to_gateways = semantics.gateways_only && !vs.gateways.is_empty();
    let by_sni = vs.tls.iter().flat_map(|tls| &tls.match_).any(|m| !m.sni_hosts.is_empty());
    let mut all_valid = true;
    for (index, host) in vs.hosts.iter().enumerate() {
        let checked = if bound_to_gateways {
            check_gateway_domain(by_sni, host)
        } else {
            check_wildcard_domain(host)
        };
        match checked {
            Err(_) if is_ip(host) => {}
            Err(error) => {
                all_valid = false;
                out.error(&spec.item("hosts", index), format!("the host {} {error}", quote(host)));
            }
            Ok(()) if host == "*" && !bound_to_gateways => {
                all_valid = false;
                let message = "`*` is only possible at gateways, not for clients in the mesh";
                out.error(&spec.item("hosts", index), message);
            }
            Ok(()) => {}
        }
    }
    if !all_valid || vs.hosts.len() < 2 {
        return;
    }
    let mut seen = Hosts::default();
    for (index, host) in vs.hosts.iter().enumerate() {
        if let Some(other) = seen.overlapping(host) {
            let message = format!("the host {} overlaps with {}", quote(host), quote(other));
            out.error(&spec.item("hosts", index), message);
        }
        seen.insert(host);
    }
}

/// Claims of tokens are known at gateways only, before a destination is chosen.
fn claims(place: &Place<'_>, route: &crate::networking::HttpRoute, out: &mut Findings<'_>) {
    for (index, matched) in route.match_.iter().enumerate() {
        let place = place.item("match", index);
        for (name, headers) in
            [("headers", &matched.headers), ("withoutHeaders", &matched.without_headers)]
        {
            for key in headers.keys().filter(|key| is_claim(key)) {
                let message = "claims of a token can only be matched where all gateways are named";
                out.error(&place.entry(name, key), message);
            }
        }
    }
}
