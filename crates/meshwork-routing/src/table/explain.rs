//! Why a connection takes the filter chain that it takes.

use meshwork_core::{Attributes, Explanation, FieldPath, Mismatch, Outcome, ResourceRef, Step};

use super::RouteTable;
use crate::inbound::MtlsMode;
use crate::listener::{ChainMatch, FilterChain, FirstBytes, Listener, Seen, Transport};

impl RouteTable {
    /// Why [`Self::outbound`] decides as it does: each filter chain of the listener, with the
    /// first criterion that the connection does not meet.
    pub fn explain_outbound(&self, attributes: &Attributes<'_>, first: FirstBytes) -> Explanation {
        let listener =
            attributes.destination.and_then(|destination| self.outbound.find(destination));
        self.explanation(listener.map(|listener| &**listener), attributes, first)
    }

    /// Why [`Self::gateway`] decides as it does.
    pub fn explain_gateway(
        &self,
        port: u16,
        attributes: &Attributes<'_>,
        first: FirstBytes,
    ) -> Explanation {
        let address = attributes.destination.map(|destination| destination.ip());
        let listener = self.gateway.find(port, address);
        self.explanation(listener.map(|listener| &**listener), attributes, first)
    }

    /// Why [`Self::inbound`] decides as it does.
    pub fn explain_inbound(
        &self,
        port: u16,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        mode: MtlsMode,
    ) -> Explanation {
        let mut explanation = Explanation::default();
        explanation.steps = self.inbound.explain(port, attributes, first, mode);
        explanation.removed = self.removed.to_vec();
        explanation
    }

    /// The resources that name a host, or a pattern that covers it: services, VirtualServices that
    /// the proxy may see, and Gateways that it serves.
    pub fn resources_about_host(&self, host: &str) -> Vec<ResourceRef> {
        self.origins.about_host(host)
    }

    /// The resources about the proxy's own workload: the `Sidecar` or the Gateways that select it,
    /// and the services that it belongs to.
    pub fn resources_about_workload(&self) -> Vec<ResourceRef> {
        self.origins.about_workload()
    }

    fn explanation(
        &self,
        listener: Option<&Listener>,
        attributes: &Attributes<'_>,
        first: FirstBytes,
    ) -> Explanation {
        let mut explanation = Explanation::default();
        if let Some(listener) = listener {
            let seen = Seen::new(listener.inspection(), attributes, first);
            explanation.steps = steps(listener, &seen);
        }
        explanation.removed = self.removed.to_vec();
        explanation
    }
}

fn steps(listener: &Listener, seen: &Seen<'_>) -> Vec<Step> {
    let won = listener.position(seen);
    let winner = won.and_then(|at| listener.chains().nth(at));
    listener
        .chains()
        .enumerate()
        .filter_map(|(at, chain)| {
            let rule = chain.rule.as_deref()?.clone();
            let outcome = if won == Some(at) {
                Outcome::Won
            } else {
                Outcome::Failed(mismatch(chain, &rule, winner, seen))
            };
            Some(Step::new(rule, None, outcome))
        })
        .collect()
}

/// The first criterion, in Envoy's order, that a connection does not meet, or in which another
/// chain is closer to it.
fn mismatch(
    chain: &FilterChain,
    rule: &FieldPath,
    winner: Option<&FilterChain>,
    seen: &Seen<'_>,
) -> Mismatch {
    let ChainMatch { prefixes, server_names, transport, protocols } = &chain.criteria;
    let field = |name: &str| {
        let path = match &*rule.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        FieldPath::new(rule.resource.clone(), path)
    };
    let closer = winner.map(|winner| &winner.criteria);
    let address = || seen.address.map(|address| address.to_string());
    let ranges = || {
        let ranges: Vec<_> = prefixes.iter().map(ToString::to_string).collect();
        if ranges.is_empty() { "any address".to_owned() } else { ranges.join(", ") }
    };
    let within = prefixes.is_empty()
        || seen.address.is_some_and(|address| prefixes.iter().any(|range| range.contains(address)));
    if !within {
        return Mismatch::new(field("destinationSubnets"), ranges(), address());
    }
    if closer.is_some_and(|closer| closer.prefixes != *prefixes) {
        let wanted = format!("{}, and no longer prefix elsewhere", ranges());
        return Mismatch::new(field("destinationSubnets"), wanted, address());
    }
    let names =
        || if server_names.is_empty() { "any server name".into() } else { server_names.join(", ") };
    let sni = || (!seen.server_name.is_empty()).then(|| seen.server_name.to_owned());
    if !server_names.is_empty() && !server_names.iter().any(|name| covers(name, seen.server_name)) {
        return Mismatch::new(field("sniHosts"), names(), sni());
    }
    if closer.is_some_and(|closer| closer.server_names != *server_names) {
        let wanted = format!("{}, and no closer name elsewhere", names());
        return Mismatch::new(field("sniHosts"), wanted, sni());
    }
    let spoken = |transport| match transport {
        Transport::Tls => "TLS".to_owned(),
        Transport::Raw => "plaintext".to_owned(),
    };
    if let Some(transport) = transport
        && *transport != seen.transport
    {
        return Mismatch::new(field("transport"), spoken(*transport), Some(spoken(seen.transport)));
    }
    let offered = (!seen.protocols.is_empty()).then(|| seen.protocols.join(", "));
    let wanted = if protocols.is_empty() {
        "a protocol that no other chain names".to_owned()
    } else {
        protocols.join(", ")
    };
    Mismatch::new(field("protocol"), wanted, offered)
}

/// Whether a server name of a chain covers the client's, as Envoy compares them.
fn covers(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    match pattern.strip_prefix('*') {
        Some(suffix) => name.len() > suffix.len() && name.ends_with(suffix),
        None => pattern == name,
    }
}
