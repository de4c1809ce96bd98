//! Sidecar: listeners of either direction.

use super::connection_pool;
use super::findings::{Findings, quote};
use super::gateway::host_name;
use super::http_action::destination;
use super::place::Place;
use super::primitive::address::is_ip;
use super::primitive::name::{check_fqdn, is_dns_label};
use super::primitive::protocol::Protocol;
use super::primitive::scalar::{check_unix_path, is_port, split_host_port};
use super::server_tls;
use super::shared::{labelled_selector, port};
use crate::ObjectMeta;
use crate::networking::{
    CaptureMode, IstioEgressListener, IstioIngressListener, OutboundTrafficPolicy,
    OutboundTrafficPolicyMode, ServerTlsMode, ServerTlsSettings, Sidecar, SidecarPort,
};
use std::collections::{BTreeMap, BTreeSet};

/// Everything istiod's webhook asks of a Sidecar.
pub(super) fn check(metadata: &ObjectMeta, sidecar: &Sidecar, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    labelled_selector(sidecar.workload_selector.as_ref(), out);
    if sidecar.egress.is_empty()
        && sidecar.ingress.is_empty()
        && sidecar.outbound_traffic_policy.is_none()
        && sidecar.inbound_connection_pool.is_none()
    {
        let message =
            "needs one of `egress`, `ingress`, `outboundTrafficPolicy` and `inboundConnectionPool`";
        out.error(&spec, message);
    }
    let mut ports = BTreeSet::new();
    for (index, listener) in sidecar.ingress.iter().enumerate() {
        ingress(&spec.item("ingress", index), listener, &mut ports, out);
    }
    if let Some(pool) = &sidecar.inbound_connection_pool {
        connection_pool::check(&spec.field("inboundConnectionPool"), pool, out);
    }
    egress(super::namespace_of(metadata), sidecar, &spec, out);
    if let Some(policy) = &sidecar.outbound_traffic_policy {
        outbound_traffic_policy(&spec.field("outboundTrafficPolicy"), policy, out);
    }
}

fn ingress(
    place: &Place<'_>,
    listener: &IstioIngressListener,
    ports: &mut BTreeSet<u32>,
    out: &mut Findings<'_>,
) {
    let Some(own_port) = &listener.port else {
        return out.error(&place.field("port"), "is required");
    };
    let port_place = place.field("port");
    no_target_port(&port_place, own_port, out);
    name_and_protocol(&port_place, own_port, out);
    port(&port_place, "number", own_port.number, out);
    bind_address(place, &listener.bind, out);
    if !ports.insert(own_port.number) {
        let message = format!("another listener has the port {} too", own_port.number);
        out.error(&port_place.field("number"), message);
    }
    default_endpoint(&place.field("defaultEndpoint"), &listener.default_endpoint, out);
    if let Some(tls) = &listener.tls {
        ingress_tls(&place.field("tls"), tls, own_port, out);
    }
    if let Some(pool) = &listener.connection_pool {
        let place = place.field("connectionPool");
        connection_pool::check(&place, pool, out);
        let http = Protocol::parse(&own_port.protocol).is_some_and(Protocol::is_http);
        if pool.http.is_some() && !http {
            let message = "has no effect: the protocol of the port is not HTTP";
            out.warn(&place.field("http"), message);
        }
    }
}

fn default_endpoint(place: &Place<'_>, endpoint: &str, out: &mut Findings<'_>) {
    if endpoint.is_empty() {
        return;
    }
    if let Some(path) = endpoint.strip_prefix("unix://") {
        if let Err(error) = check_unix_path(path) {
            out.error(place, error.to_string());
        }
        return;
    }
    let valid = split_host_port(endpoint).is_some_and(|(host, port)| {
        matches!(host, "" | "127.0.0.1" | "0.0.0.0" | "::1" | "::")
            && port.parse().is_ok_and(is_port)
    });
    if !valid {
        let message = format!(
            "{} is neither a Unix socket nor a port of `127.0.0.1`, `0.0.0.0`, `[::1]` or `[::]`",
            quote(endpoint)
        );
        out.error(place, message);
    }
}

fn ingress_tls(
    place: &Place<'_>,
    tls: &ServerTlsSettings,
    port: &SidecarPort,
    out: &mut Findings<'_>,
) {
    for (name, present) in [
        ("subjectAltNames", !tls.subject_alt_names.is_empty()),
        ("httpsRedirect", tls.https_redirect),
        ("credentialName", !tls.credential_name.is_empty()),
        ("credentialNames", !tls.credential_names.is_empty()),
        ("tlsCertificates", !tls.tls_certificates.is_empty()),
    ] {
        if present {
            out.error(&place.field(name), "is not supported in a Sidecar");
        }
    }
    if matches!(tls.mode, ServerTlsMode::IstioMutual | ServerTlsMode::AutoPassthrough) {
        out.error(&place.field("mode"), format!("{} is not possible in a Sidecar", tls.mode));
    }
    if !Protocol::parse(&port.protocol).is_some_and(Protocol::is_tls) {
        out.error(place, "is for the protocols HTTPS and TLS only");
    }
    server_tls::check(place, tls, out);
}

fn egress(namespace: &str, sidecar: &Sidecar, spec: &Place<'_>, out: &mut Findings<'_>) {
    let mut ports = BTreeSet::new();
    let mut sockets = BTreeSet::new();
    for (index, listener) in sidecar.egress.iter().enumerate() {
        let place = spec.item("egress", index);
        match &listener.port {
            None if index + 1 < sidecar.egress.len() => {
                out.error(
                    &place,
                    "a listener without a port takes all traffic, so it has to be the last",
                );
            }
            None => {}
            Some(port) => {
                egress_port(&place, listener, port, out);
                let is_new = if port.number == 0 {
                    sockets.insert(listener.bind.as_str())
                } else {
                    ports.insert(port.number)
                };
                if !is_new {
                    out.error(&place.field("port"), "another listener has the same port or socket");
                }
            }
        }
        if listener.hosts.is_empty() {
            out.error(&place.field("hosts"), "needs at least one host");
        }
        repeated_hosts(&place, namespace, &listener.hosts, out);
        for (number, host) in listener.hosts.iter().enumerate() {
            egress_host(&place.item("hosts", number), host, out);
        }
    }
}

fn egress_port(
    place: &Place<'_>,
    listener: &IstioEgressListener,
    own_port: &SidecarPort,
    out: &mut Findings<'_>,
) {
    let port_place = place.field("port");
    no_target_port(&port_place, own_port, out);
    name_and_protocol(&port_place, own_port, out);
    if own_port.number != 0 {
        port(&port_place, "number", own_port.number, out);
        bind_address(place, &listener.bind, out);
        return;
    }
    match listener.bind.strip_prefix("unix://") {
        None => {
            out.error(&port_place.field("number"), "can only be 0 where `bind` is a Unix socket");
        }
        Some(path) => {
            if let Err(error) = check_unix_path(path) {
                out.error(&place.field("bind"), error.to_string());
            }
        }
    }
    if !matches!(listener.capture_mode, CaptureMode::Default | CaptureMode::None) {
        let message = "traffic to a Unix socket cannot be captured";
        out.error(&place.field("captureMode"), message);
    }
}

/// `namespace/dns`; before the namespace, `~` excludes what the entry stands for.
fn egress_host(place: &Place<'_>, host: &str, out: &mut Findings<'_>) {
    let Some((namespace, name)) = host.split_once('/') else {
        return out.error(place, format!("{} is not of the form `namespace/host`", quote(host)));
    };
    if namespace.is_empty() || name.is_empty() {
        out.error(place, "neither the namespace nor the host can be empty");
    }
    let bare = namespace.strip_prefix('~').unwrap_or(namespace);
    if !matches!(bare, "" | "*" | ".") && !is_dns_label(bare) {
        out.error(place, format!("{} is neither `*`, `.` nor a namespace", quote(namespace)));
    }
    host_name(place, name, false, out);
}

fn repeated_hosts(place: &Place<'_>, namespace: &str, hosts: &[String], out: &mut Findings<'_>) {
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        let Some((of, name)) = host.split_once('/').filter(|(of, _)| !of.starts_with('~')) else {
            continue;
        };
        let names = seen.entry(if of == "." { namespace } else { of }).or_default();
        let covered = if name == "*" {
            !names.is_empty()
        } else {
            names.contains(name) || names.contains("*")
        };
        if covered {
            let message = format!("{} and another entry say the same", quote(host));
            out.warn(&place.item("hosts", index), message);
        }
        names.insert(name);
    }
    if seen.len() > 1 && seen.get("*").is_some_and(|names| names.contains("*")) {
        out.warn(&place.field("hosts"), "`*/*` is everything already; other entries add nothing");
    }
}

fn outbound_traffic_policy(
    place: &Place<'_>,
    policy: &OutboundTrafficPolicy,
    out: &mut Findings<'_>,
) {
    if policy.mode == OutboundTrafficPolicyMode::Unknown(ALLOW_ANY_DYNAMIC_DNS) {
        let message = "ALLOW_ANY_DYNAMIC_DNS is for the whole mesh, not for a Sidecar";
        return out.error(&place.field("mode"), message);
    }
    let Some(proxy) = &policy.egress_proxy else { return };
    let place = place.field("egressProxy");
    if policy.mode != OutboundTrafficPolicyMode::AllowAny {
        return out.error(&place, "is only for the mode ALLOW_ANY");
    }
    if let Err(error) = check_fqdn(&proxy.host) {
        out.error(&place.field("host"), format!("the host {} {error}", quote(&proxy.host)));
    }
    if proxy.port.is_none() {
        return out.error(&place.field("port"), "is required");
    }
    destination(&place, proxy, out);
}

fn no_target_port(place: &Place<'_>, port: &SidecarPort, out: &mut Findings<'_>) {
    if port.target_port > 0 {
        out.error(&place.field("targetPort"), "has no effect in a Sidecar");
    }
}

fn name_and_protocol(place: &Place<'_>, port: &SidecarPort, out: &mut Findings<'_>) {
    if !port.name.is_empty() && !is_dns_label(&port.name) {
        out.error(&place.field("name"), format!("{} is not the name of a port", quote(&port.name)));
    }
    if !port.protocol.is_empty() && Protocol::parse(&port.protocol).is_none() {
        let message = format!("{} is not a protocol that Istio knows", quote(&port.protocol));
        out.error(&place.field("protocol"), message);
    }
}

fn bind_address(place: &Place<'_>, bind: &str, out: &mut Findings<'_>) {
    if !bind.is_empty() && !is_ip(bind) {
        out.error(&place.field("bind"), format!("{} is not an IP address", quote(bind)));
    }
}

/// The number that MeshConfig's mode has; its name is unknown to the Sidecar's.
const ALLOW_ANY_DYNAMIC_DNS: i32 = 3;
