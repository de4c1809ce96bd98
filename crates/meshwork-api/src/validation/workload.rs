//! WorkloadEntry and WorkloadGroup, and endpoints of ServiceEntries.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::address::is_ip;
use super::primitive::name::{check_fqdn, is_dns_label};
use super::primitive::scalar::check_unix_path;
use super::shared::{count, labels, port};
use crate::Map;
use crate::networking::{HealthCheckMethod, ReadinessProbe, WorkloadEntry, WorkloadGroup};
use std::collections::HashSet;

/// Everything istiod's webhook asks of a WorkloadEntry.
pub(super) fn check_entry(entry: &WorkloadEntry, out: &mut Findings<'_>) {
    check_endpoint(&Place::root("spec"), entry, None, out);
}

/// A WorkloadEntry, or an endpoint of a ServiceEntry that has the ports `service_ports` and is not
/// resolved by DNS.
pub(super) fn check_endpoint(
    place: &Place<'_>,
    entry: &WorkloadEntry,
    service_ports: Option<&HashSet<&str>>,
    out: &mut Findings<'_>,
) {
    let address = entry.address.as_str();
    let address_place = place.field("address");
    if address.is_empty() {
        if entry.network.is_empty() {
            return out.error(&address_place, "is required where there is no `network`");
        }
        out.warn(&address_place, "is unset: only the network's gateway leads there");
    }
    if let Some(path) = address.strip_prefix("unix://") {
        if let Err(error) = check_unix_path(path) {
            out.error(&address_place, error.to_string());
        }
        if !entry.ports.is_empty() {
            out.error(&place.field("ports"), "a Unix socket has no ports");
        }
        if service_ports.is_some_and(|ports| ports.len() != 1) {
            out.error(&address_place, "a Unix socket needs a service with exactly one port");
        }
    } else if !address.is_empty() && !is_ip(address) {
        if service_ports.is_some() {
            let message = format!("{} is not an IP address", quote(address));
            out.error(&address_place, message);
        } else if let Err(error) = check_fqdn(address) {
            let message = format!("{} is no IP address, and as a host it {error}", quote(address));
            out.error(&address_place, message);
        }
    }
    endpoint_ports(place, &entry.ports, service_ports, out);
    labels(place, "labels", &entry.labels, out);
}

/// `ports` of an endpoint: names of the service's ports with other numbers.
pub(super) fn endpoint_ports(
    place: &Place<'_>,
    ports: &Map<String, u32>,
    service_ports: Option<&HashSet<&str>>,
    out: &mut Findings<'_>,
) {
    for (name, number) in ports {
        let entry = place.entry("ports", name);
        if service_ports.is_some_and(|known| !known.contains(name.as_str())) {
            let message = format!("the ServiceEntry has no port called {}", quote(name));
            out.error(&entry, message);
        }
        if !is_dns_label(name) {
            out.error(&entry, format!("{} is not the name of a port", quote(name)));
        }
        if !super::primitive::scalar::is_port(*number) {
            out.error(&entry, format!("port {number} is not in the range 1 to 65535"));
        }
    }
}

/// Everything istiod's webhook asks of a WorkloadGroup. Of the template it looks at nothing.
pub(super) fn check_group(group: &WorkloadGroup, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    if group.template.is_none() {
        out.error(&spec.field("template"), "is required");
    }
    if let Some(metadata) = &group.metadata {
        labels(&spec.field("metadata"), "labels", &metadata.labels, out);
    }
    if let Some(probe) = &group.probe {
        check_probe(&spec.field("probe"), probe, out);
    }
}

fn check_probe(place: &Place<'_>, probe: &ReadinessProbe, out: &mut Findings<'_>) {
    for (name, value) in [
        ("periodSeconds", probe.period_seconds),
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ] {
        count(place, name, value, out);
    }
    match &probe.health_check_method {
        Some(HealthCheckMethod::HttpGet(get)) => {
            let place = place.field("httpGet");
            port(&place, "port", get.port, out);
            if !matches!(get.scheme.as_str(), "" | "HTTP" | "HTTPS") {
                let message = format!("{} is neither `HTTP` nor `HTTPS`", quote(&get.scheme));
                out.error(&place.field("scheme"), message);
            }
            for (index, header) in get.http_headers.iter().enumerate() {
                let name = header.name.as_str();
                let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
                if name.is_empty() || !name.bytes().all(valid) {
                    let message =
                        format!("{} is not a name of letters, digits and hyphens", quote(name));
                    out.error(&place.item("httpHeaders", index).field("name"), message);
                }
            }
        }
        Some(HealthCheckMethod::TcpSocket(socket)) => {
            port(&place.field("tcpSocket"), "port", socket.port, out);
        }
        Some(HealthCheckMethod::Exec(exec)) => {
            if exec.command.is_empty() {
                out.error(&place.field("exec").field("command"), "is required");
            }
        }
        Some(HealthCheckMethod::Grpc(_)) => {
            out.error(&place.field("grpc"), "istiod's admission does not know this method");
        }
        None => out.error(place, "needs one of `httpGet`, `tcpSocket` and `exec`"),
    }
}
