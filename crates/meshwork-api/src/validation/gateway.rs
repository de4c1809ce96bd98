//! Gateway: servers, their ports and hosts.

use super::findings::{Findings, quote};
use super::metadata::{GATEWAY_SEMANTICS, is_from_gateway_api};
use super::place::Place;
use super::primitive::address::is_ip;
use super::primitive::name::{check_wildcard_domain, is_dns_label, is_partial_wildcard};
use super::primitive::protocol::Protocol;
use super::primitive::scalar::check_unix_path;
use super::server_tls;
use super::shared::port;
use crate::ObjectMeta;
use crate::networking::{Gateway, Port, Server, ServerTlsMode, ServerTlsSettings};
use std::collections::HashSet;

/// Everything istiod's webhook asks of a Gateway.
pub(super) fn check(metadata: &ObjectMeta, gateway: &Gateway, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    let from_gateway_api = is_from_gateway_api(metadata, GATEWAY_SEMANTICS);
    if !is_dns_label(&metadata.name) && !from_gateway_api {
        let message =
            format!("the name of a Gateway has no dots, unlike {}", quote(&metadata.name));
        out.error(&Place::root("metadata").field("name"), message);
    }
    if gateway.servers.is_empty() {
        out.error(&spec.field("servers"), "needs at least one server");
    }
    let mut names = HashSet::new();
    for (index, server) in gateway.servers.iter().enumerate() {
        let place = spec.item("servers", index);
        check_server(&place, server, from_gateway_api, out);
        let Some(port) = &server.port else { continue };
        if !names.insert(port.name.as_str()) {
            let message = format!("another server's port is called {} too", quote(&port.name));
            out.error(&place.field("port").field("name"), message);
        }
        let http = Protocol::parse(&port.protocol).is_some_and(Protocol::is_http);
        if !http && server.tls.as_ref().is_some_and(|tls| tls.https_redirect) {
            let message = "only requests of plaintext HTTP can be redirected to HTTPS";
            out.warn(&place.field("tls").field("httpsRedirect"), message);
        }
    }
}

fn check_server(
    place: &Place<'_>,
    server: &Server,
    from_gateway_api: bool,
    out: &mut Findings<'_>,
) {
    if server.hosts.is_empty() {
        out.error(&place.field("hosts"), "needs at least one host");
    }
    for (index, host) in server.hosts.iter().enumerate() {
        gateway_host(&place.item("hosts", index), host, from_gateway_api, out);
    }
    let protocol = server.port.as_ref().and_then(|port| Protocol::parse(&port.protocol));
    let port_is_valid = match &server.port {
        Some(port) => check_port(&place.field("port"), port, &server.bind, out),
        None => {
            out.error(&place.field("port"), "is required");
            false
        }
    };
    bind(place, server, out);
    if let Some(tls) = &server.tls {
        server_tls::check(&place.field("tls"), tls, out);
    }
    if let (true, Some(protocol)) = (port_is_valid, protocol) {
        tls_fits_protocol(&place.field("tls"), protocol, server.tls.as_deref(), out);
    }
}

/// `dns`, or `namespace/dns`.
fn gateway_host(place: &Place<'_>, host: &str, from_gateway_api: bool, out: &mut Findings<'_>) {
    let Some((namespace, name)) = host.split_once('/') else {
        return host_name(place, host, true, out);
    };
    if name.is_empty() {
        out.error(place, "there is no host after the `/`");
    }
    let any = matches!(namespace, "*" | ".") || (namespace == "~" && from_gateway_api);
    if !any && !is_dns_label(namespace) {
        out.error(place, format!("{} is neither `*`, `.` nor a namespace", quote(namespace)));
    }
    host_name(place, name, true, out);
}

/// The host of a Gateway's server or of a Sidecar's listener; IP addresses are for gateways.
pub(super) fn host_name(place: &Place<'_>, host: &str, gateway: bool, out: &mut Findings<'_>) {
    if host != "*" && !host.contains('.') {
        out.error(
            place,
            format!("{} is a short name; only full names have a meaning here", quote(host)),
        );
    }
    match check_wildcard_domain(host) {
        Err(_) if gateway && is_ip(host) => {}
        Err(error) => out.error(place, format!("the host {} {error}", quote(host))),
        Ok(()) => {}
    }
    if is_partial_wildcard(host) {
        let message = format!(
            "in {}, `*` stands for a part of a label; it has to be the whole first one",
            quote(host)
        );
        out.error(place, message);
    }
}

/// Whether the port has no fault.
fn check_port(place: &Place<'_>, server: &Port, bind: &str, out: &mut Findings<'_>) -> bool {
    let mut valid = true;
    if Protocol::parse(&server.protocol).is_none() {
        valid = false;
        let message = format!(
            "{} is not a protocol such as HTTP, HTTPS, TLS or TCP",
            quote(&server.protocol)
        );
        out.error(&place.field("protocol"), message);
    }
    if server.number > 0 || !bind.starts_with("unix://") {
        valid &= (1..=65_535).contains(&server.number);
        port(place, "number", server.number, out);
    }
    if server.target_port > 0 {
        valid = false;
        out.error(&place.field("targetPort"), "has no effect in a Gateway");
    }
    if server.name.is_empty() {
        valid = false;
        out.error(&place.field("name"), "is required");
    }
    valid
}

fn bind(place: &Place<'_>, server: &Server, out: &mut Findings<'_>) {
    let place = place.field("bind");
    if let Some(path) = server.bind.strip_prefix("unix://") {
        if let Err(error) = check_unix_path(path) {
            out.error(&place, error.to_string());
        }
        if server.port.as_ref().is_some_and(|port| port.number != 0) {
            out.error(&place, "a Unix socket has the port number 0");
        }
    } else if !server.bind.is_empty() && !is_ip(&server.bind) {
        out.error(&place, format!("{} is not an IP address", quote(&server.bind)));
    }
}

/// TLS settings are for protocols with TLS. `tls: {httpsRedirect: true}` on plaintext HTTP is fine,
/// because the default mode is PASSTHROUGH.
fn tls_fits_protocol(
    place: &Place<'_>,
    protocol: Protocol,
    tls: Option<&ServerTlsSettings>,
    out: &mut Findings<'_>,
) {
    match (protocol.is_tls(), tls) {
        (true, None) => out.error(place, "is required for the protocols HTTPS and TLS"),
        (false, Some(tls)) if protocol.is_http() => {
            let passes =
                matches!(tls.mode, ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough);
            let files = [&tls.ca_certificates, &tls.private_key, &tls.server_certificate];
            if !passes || files.into_iter().any(|file| !file.is_empty()) {
                out.error(place, "a port with plaintext HTTP terminates no TLS");
            }
        }
        (false, Some(_)) => out.error(place, "is for the protocols HTTPS and TLS only"),
        _ => {}
    }
}
