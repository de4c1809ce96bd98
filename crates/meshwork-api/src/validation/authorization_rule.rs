//! Rules of AuthorizationPolicies: sources, operations, conditions.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::address::is_ip_or_range;
use crate::security::{Condition, Operation, Rule, Source};

/// Which of a rule's parts say something of connections, not only of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layers {
    from: Option<bool>,
    to: Option<bool>,
}

impl Layers {
    /// Whether a rule that denies has only conditions that plain TCP cannot meet, which counts as
    /// meeting them.
    pub(super) fn refuses_all_tcp(self) -> bool {
        match (self.from, self.to) {
            (_, Some(by_connection)) | (Some(by_connection), None) => !by_connection,
            (None, None) => false,
        }
    }
}

/// One rule.
pub(super) fn check(place: &Place<'_>, rule: &Rule, out: &mut Findings<'_>) -> Layers {
    let mut layers = Layers::default();
    for (index, from) in rule.from.iter().enumerate() {
        let place = place.item("from", index);
        let place = place.field("source");
        match &from.source {
            None => out.error(&place, "is required"),
            Some(source) => {
                let by_connection = check_source(&place, source, out);
                layers.from = Some(layers.from.unwrap_or(false) || by_connection);
            }
        }
    }
    for (index, to) in rule.to.iter().enumerate() {
        let place = place.item("to", index);
        let place = place.field("operation");
        match &to.operation {
            None => out.error(&place, "is required"),
            Some(operation) => {
                let by_connection = check_operation(&place, operation, out);
                layers.to = Some(layers.to.unwrap_or(false) || by_connection);
            }
        }
    }
    for (index, condition) in rule.when.iter().enumerate() {
        check_condition(&place.item("when", index), condition, out);
    }
    layers
}

/// The fields of a source by name.
pub(super) fn sources(source: &Source) -> [(&'static str, &[String]); 14] {
    [
        ("principals", &source.principals),
        ("notPrincipals", &source.not_principals),
        ("requestPrincipals", &source.request_principals),
        ("notRequestPrincipals", &source.not_request_principals),
        ("namespaces", &source.namespaces),
        ("notNamespaces", &source.not_namespaces),
        ("serviceAccounts", &source.service_accounts),
        ("notServiceAccounts", &source.not_service_accounts),
        ("ipBlocks", &source.ip_blocks),
        ("notIpBlocks", &source.not_ip_blocks),
        ("remoteIpBlocks", &source.remote_ip_blocks),
        ("notRemoteIpBlocks", &source.not_remote_ip_blocks),
        ("trustDomains", &source.trust_domains),
        ("notTrustDomains", &source.not_trust_domains),
    ]
}

/// Whether the source says something of connections.
fn check_source(place: &Place<'_>, source: &Source, out: &mut Findings<'_>) -> bool {
    let set = |names: &[&str]| {
        sources(source)
            .into_iter()
            .any(|(name, values)| !values.is_empty() && names.contains(&name))
    };
    if set(&["serviceAccounts", "notServiceAccounts"])
        && set(&["principals", "notPrincipals", "namespaces", "notNamespaces"])
    {
        out.error(place, "`serviceAccounts` cannot stand beside `principals` or `namespaces`");
    }
    if sources(source).iter().all(|(_, values)| values.is_empty()) {
        out.error(place, "must say something; to match everyone, leave `from` out");
    }
    for (name, values) in sources(source) {
        match name {
            "ipBlocks" | "notIpBlocks" | "remoteIpBlocks" | "notRemoteIpBlocks" => {
                ip_blocks(place, name, values, out);
            }
            "serviceAccounts" | "notServiceAccounts" => service_accounts(place, name, values, out),
            "trustDomains" | "notTrustDomains" => {
                wildcards(place, name, values, out);
                each(place, name, values, out, |value| {
                    value.contains('/').then(|| format!("{} is not a trust domain", quote(value)))
                });
            }
            _ => not_empty(place, name, values, out),
        }
    }
    // Trust domains are one too, but istiod does not count them.
    set(&[
        "principals",
        "notPrincipals",
        "namespaces",
        "notNamespaces",
        "ipBlocks",
        "notIpBlocks",
        "remoteIpBlocks",
        "notRemoteIpBlocks",
        "serviceAccounts",
        "notServiceAccounts",
    ])
}

/// Whether the operation says something of connections.
fn check_operation(place: &Place<'_>, operation: &Operation, out: &mut Findings<'_>) -> bool {
    let fields: [(&'static str, &[String]); 8] = [
        ("hosts", &operation.hosts),
        ("notHosts", &operation.not_hosts),
        ("ports", &operation.ports),
        ("notPorts", &operation.not_ports),
        ("methods", &operation.methods),
        ("notMethods", &operation.not_methods),
        ("paths", &operation.paths),
        ("notPaths", &operation.not_paths),
    ];
    if fields.iter().all(|(_, values)| values.is_empty()) {
        out.error(place, "must say something; to match everything, leave `to` out");
    }
    for (name, values) in fields {
        match name {
            "ports" | "notPorts" => ports(place, name, values, out),
            "paths" | "notPaths" => {
                not_empty(place, name, values, out);
                each(place, name, values, out, |path| {
                    path_template_fault(path)
                        .map(|fault| format!("the path {} {fault}", quote(path)))
                });
            }
            _ => not_empty(place, name, values, out),
        }
    }
    !operation.ports.is_empty() || !operation.not_ports.is_empty()
}

fn check_condition(place: &Place<'_>, condition: &Condition, out: &mut Findings<'_>) {
    let Condition { key, values, not_values, .. } = condition;
    if key.is_empty() {
        return out.error(&place.field("key"), "must not be empty");
    }
    if values.is_empty() && not_values.is_empty() {
        return out.error(place, "needs `values` or `notValues`");
    }
    let key_place = place.field("key");
    let mapped = ["request.headers", "request.auth.claims", "experimental.envoy.filters."]
        .into_iter()
        .any(|prefix| key.starts_with(prefix));
    let mut check: fn(&Place<'_>, &'static str, &[String], &mut Findings<'_>) = not_empty;
    match key.as_str() {
        "source.ip" | "remote.ip" | "destination.ip" => check = ip_blocks,
        "destination.port" => check = ports,
        "source.serviceAccount" => check = service_accounts,
        "source.trustDomain" => check = wildcards,
        "source.namespace"
        | "source.principal"
        | "request.auth.principal"
        | "request.auth.audiences"
        | "request.auth.presenter"
        | "connection.sni" => {}
        _ if mapped => {
            let open = key.find('[').unwrap_or(0);
            if !(key.ends_with(']') && open > 0 && open + 2 < key.len()) {
                let message =
                    format!("{} lacks a name in brackets, as in `{key}[name]`", quote(key));
                out.error(&key_place, message);
            }
        }
        "destination.namespace" => {
            out.error(&key_place, "the namespace is that of the policy itself");
        }
        _ if key.starts_with("destination.labels") => {
            out.error(&key_place, "labels of the destination are what `selector` is for");
        }
        "destination.name" | "destination.user" => {
            out.error(&key_place, format!("`{key}` is no longer supported"));
        }
        _ => out.error(&key_place, format!("{} is not an attribute", quote(key))),
    }
    check(place, "values", values, out);
    check(place, "notValues", not_values, out);
}

fn each(
    place: &Place<'_>,
    name: &str,
    values: &[String],
    out: &mut Findings<'_>,
    fault: impl Fn(&str) -> Option<String>,
) {
    for (index, value) in values.iter().enumerate() {
        if let Some(message) = fault(value) {
            out.error(&place.item(name, index), message);
        }
    }
}

fn not_empty(place: &Place<'_>, name: &'static str, values: &[String], out: &mut Findings<'_>) {
    each(place, name, values, out, |value| {
        value.is_empty().then(|| "must not be empty".to_owned())
    });
}

fn ip_blocks(place: &Place<'_>, name: &'static str, values: &[String], out: &mut Findings<'_>) {
    each(place, name, values, out, |value| {
        let valid = is_ip_or_range(value);
        (!valid).then(|| format!("{} is neither an IP address nor a range of them", quote(value)))
    });
}

fn ports(place: &Place<'_>, name: &'static str, values: &[String], out: &mut Findings<'_>) {
    each(place, name, values, out, |value| {
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let valid = digits && value.parse::<u32>().is_ok_and(|port| port <= 65_535);
        (!valid).then(|| format!("{} is not a port", quote(value)))
    });
}

/// At most one `*`, at either end.
fn wildcards(place: &Place<'_>, name: &'static str, values: &[String], out: &mut Findings<'_>) {
    not_empty(place, name, values, out);
    each(place, name, values, out, |value| {
        let stars = value.bytes().filter(|b| *b == b'*').count();
        let valid = stars == 0 || (stars == 1 && (value.starts_with('*') || value.ends_with('*')));
        (!valid).then(|| format!("{} has a `*` that is not at one of its ends", quote(value)))
    });
}

fn service_accounts(
    place: &Place<'_>,
    name: &'static str,
    values: &[String],
    out: &mut Findings<'_>,
) {
    if values.len() > 16 {
        out.error(&place.field(name), "must not have more than 16 entries");
    }
    each(place, name, values, out, |value| {
        if value.contains('*') {
            return Some(format!("{} has a wildcard, which accounts know not", quote(value)));
        }
        if value.len() > 320 {
            return Some("must not be longer than 320 bytes".to_owned());
        }
        let valid = match value.split_once('/') {
            Some((namespace, account)) => {
                !namespace.is_empty() && !account.is_empty() && !account.contains('/')
            }
            None => !value.is_empty(),
        };
        (!valid).then(|| format!("{} is neither `account` nor `namespace/account`", quote(value)))
    });
}

/// What is wrong with a path that may hold `{*}` (one segment) and `{**}` (any number of them).
fn path_template_fault(path: &str) -> Option<&'static str> {
    let is_template = path.contains("{*}") || path.contains("{**}");
    let mut any = false;
    for segment in path.trim_matches('/').split('/') {
        match segment {
            "{*}" | "{**}" if any => return Some("has a wildcard after `{**}`, which takes all"),
            "{*}" => {}
            "{**}" => any = true,
            literal if literal.contains(['{', '}']) => {
                return Some("has braces that are neither `{*}` nor `{**}`");
            }
            literal if is_template && !is_literal(literal) => {
                return Some("has a segment with characters that a template cannot match");
            }
            _ => {}
        }
    }
    None
}

fn is_literal(segment: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&b);
    !segment.is_empty() && segment.bytes().all(allowed)
}

/// The sources that a CUSTOM policy cannot use.
pub(super) const CUSTOM_LIMITS: [&str; 10] = [
    "namespaces",
    "notNamespaces",
    "serviceAccounts",
    "notServiceAccounts",
    "trustDomains",
    "notTrustDomains",
    "principals",
    "notPrincipals",
    "requestPrincipals",
    "notRequestPrincipals",
];
