//! ServiceEntry: hosts, addresses, ports, and what each resolution asks for.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::address::is_ip;
use super::primitive::name::{
    check_fqdn, check_wildcard_domain, is_dns_label, is_partial_wildcard,
};
use super::primitive::protocol::Protocol;
use super::shared::{ExportTo, addresses, export_to, labelled_selector, labels, port};
use super::workload::{check_endpoint, endpoint_ports};
use crate::ObjectMeta;
use crate::networking::{Location, Resolution, ServiceEntry};
use std::collections::HashSet;

/// Everything istiod's webhook asks of a ServiceEntry.
pub(super) fn check(metadata: &ObjectMeta, entry: &ServiceEntry, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    labelled_selector(entry.workload_selector.as_ref(), out);
    if entry.workload_selector.is_some() && !entry.endpoints.is_empty() {
        out.error(&spec, "`workloadSelector` and `endpoints` exclude each other");
    }
    hosts(entry, &spec, out);
    addresses(&spec, "addresses", &entry.addresses, out);
    let ranges = entry.addresses.iter().any(|address| address.contains('/'));
    if ranges && !matches!(entry.resolution, Resolution::None | Resolution::Static) {
        let message = "ranges of addresses need the resolution NONE or STATIC";
        out.error(&spec.field("addresses"), message);
    }
    ports(metadata, entry, &spec, out);
    let names: HashSet<&str> = entry.ports.iter().map(|port| port.name.as_str()).collect();
    match entry.resolution {
        Resolution::None => {
            if !entry.endpoints.is_empty() {
                out.error(&spec.field("endpoints"), "the resolution NONE takes no endpoints");
            }
            if entry.workload_selector.is_some() {
                let message = "has no effect with the resolution NONE";
                out.warn(&spec.field("workloadSelector"), message);
            }
        }
        Resolution::Static => {
            for (index, endpoint) in entry.endpoints.iter().enumerate() {
                check_endpoint(&spec.item("endpoints", index), endpoint, Some(&names), out);
            }
        }
        Resolution::Dns | Resolution::DnsRoundRobin => dns(entry, &names, &spec, out),
        Resolution::DynamicDns => dynamic_dns(metadata, entry, &spec, out),
        Resolution::Unknown(number) => {
            out.error(&spec.field("resolution"), format!("there is no resolution {number}"));
        }
    }
    several_hosts(entry, &spec, out);
    export_to(super::namespace_of(metadata), &entry.export_to, ExportTo::AnyoneOrNone, out);
}

fn hosts(entry: &ServiceEntry, spec: &Place<'_>, out: &mut Findings<'_>) {
    if entry.hosts.is_empty() {
        out.error(&spec.field("hosts"), "needs at least one host");
    }
    for (index, host) in entry.hosts.iter().enumerate() {
        let place = spec.item("hosts", index);
        if host == "*" {
            out.error(&place, "`*` alone is not a service");
            continue;
        }
        if let Err(error) = check_wildcard_domain(host) {
            out.error(&place, format!("the host {} {error}", quote(host)));
        }
        if entry.resolution != Resolution::DynamicDns && is_partial_wildcard(host) {
            let message = format!(
                "in {}, `*` stands for a part of a label, which matches nothing",
                quote(host)
            );
            out.warn(&place, message);
        }
    }
}

fn ports(metadata: &ObjectMeta, entry: &ServiceEntry, spec: &Place<'_>, out: &mut Findings<'_>) {
    let allocates = entry.resolution != Resolution::None
        && !metadata
            .labels
            .get("networking.istio.io/enable-autoallocate-ip")
            .is_some_and(|value| value.eq_ignore_ascii_case("false"));
    let mut names = HashSet::new();
    let mut numbers = HashSet::new();
    for (index, own) in entry.ports.iter().enumerate() {
        let place = spec.item("ports", index);
        if !names.insert(own.name.as_str()) {
            let message = format!("another port is called {} too", quote(&own.name));
            out.error(&place.field("name"), message);
        }
        if !numbers.insert(own.number) {
            let message = format!("another port has the number {} too", own.number);
            out.error(&place.field("number"), message);
        }
        if own.target_port != 0 {
            port(&place, "targetPort", own.target_port, out);
        }
        if entry.addresses.is_empty() && !allocates && matches!(own.protocol.as_str(), "" | "TCP") {
            let message =
                "without `addresses` or automatic ones, TCP traffic to this port is not recognised";
            out.warn(&place.field("protocol"), message);
        }
        if !is_dns_label(&own.name) {
            out.error(
                &place.field("name"),
                format!("{} is not the name of a port", quote(&own.name)),
            );
        }
        if !own.protocol.is_empty() && Protocol::parse(&own.protocol).is_none() {
            let message = format!("{} is not a protocol that Istio knows", quote(&own.protocol));
            out.error(&place.field("protocol"), message);
        }
        port(&place, "number", own.number, out);
    }
}

fn dns(entry: &ServiceEntry, names: &HashSet<&str>, spec: &Place<'_>, out: &mut Findings<'_>) {
    if entry.endpoints.is_empty() {
        for (index, host) in entry.hosts.iter().enumerate() {
            if let Err(error) = check_fqdn(host) {
                let message = format!(
                    "without endpoints, {} is what is resolved, but it {error}",
                    quote(host)
                );
                out.error(&spec.item("hosts", index), message);
            }
        }
    }
    if entry.resolution == Resolution::DnsRoundRobin && entry.endpoints.len() > 1 {
        let message = "the resolution DNS_ROUND_ROBIN takes one endpoint at most";
        out.error(&spec.field("endpoints"), message);
    }
    for (index, endpoint) in entry.endpoints.iter().enumerate() {
        let place = spec.item("endpoints", index);
        if let Err(error) = check_fqdn(&endpoint.address)
            && !is_ip(&endpoint.address)
        {
            let message =
                format!("{} is no IP address, and as a host it {error}", quote(&endpoint.address));
            out.error(&place.field("address"), message);
        }
        labels(&place, "labels", &endpoint.labels, out);
        endpoint_ports(&place, &endpoint.ports, Some(names), out);
    }
    let tcp = |protocol: &str| Protocol::parse(protocol).is_some_and(Protocol::is_tcp);
    if !entry.addresses.is_empty()
        && entry.hosts.len() > 1
        && entry.ports.iter().any(|port| tcp(&port.protocol))
    {
        let message = "connections to `addresses` do not say which of several hosts they are for";
        out.warn(&spec.field("hosts"), message);
    }
}

fn dynamic_dns(
    metadata: &ObjectMeta,
    entry: &ServiceEntry,
    spec: &Place<'_>,
    out: &mut Findings<'_>,
) {
    for (index, host) in entry.hosts.iter().enumerate() {
        if !host.starts_with('*') {
            let message = format!("{} has no wildcard, which DYNAMIC_DNS is for", quote(host));
            out.error(&spec.item("hosts", index), message);
        }
    }
    for (name, present) in
        [("addresses", !entry.addresses.is_empty()), ("endpoints", !entry.endpoints.is_empty())]
    {
        if present {
            let message = "the resolution DYNAMIC_DNS looks the requested host up, nothing else";
            out.error(&spec.field(name), message);
        }
    }
    for (index, port) in entry.ports.iter().enumerate() {
        let supported = matches!(
            Protocol::parse(&port.protocol),
            Some(Protocol::Http | Protocol::Tls | Protocol::Grpc | Protocol::Http2)
        );
        if !supported {
            let place = spec.item("ports", index);
            let message = "the resolution DYNAMIC_DNS takes HTTP, HTTP2, GRPC and TLS only";
            out.error(&place.field("protocol"), message);
        }
    }
    match entry.location {
        Location::MeshInternal if uses_waypoint(metadata) => {
            let message = "waypoints take the resolution DYNAMIC_DNS with MESH_EXTERNAL only";
            out.error(&spec.field("location"), message);
        }
        Location::MeshExternal | Location::MeshInternal => {}
        Location::Unknown(number) => {
            out.error(&spec.field("location"), format!("there is no location {number}"));
        }
    }
}

fn uses_waypoint(metadata: &ObjectMeta) -> bool {
    metadata
        .labels
        .get("istio.io/use-waypoint")
        .is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("none"))
}

/// Several hosts can be told apart by an authority or a server name, not in plain TCP.
fn several_hosts(entry: &ServiceEntry, spec: &Place<'_>, out: &mut Findings<'_>) {
    if entry.resolution == Resolution::None || entry.hosts.len() < 2 {
        return;
    }
    for (index, port) in entry.ports.iter().enumerate() {
        let protocol = Protocol::parse(&port.protocol);
        if !protocol.is_some_and(|protocol| protocol.is_http() || protocol.is_tls()) {
            let place = spec.item("ports", index);
            let message = "connections that are neither HTTP nor TLS do not say which of several hosts they are for";
            return out.error(&place.field("protocol"), message);
        }
    }
}
