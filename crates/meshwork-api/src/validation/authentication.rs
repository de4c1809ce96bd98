//! PeerAuthentication and RequestAuthentication.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::scalar::is_port;
use super::primitive::{jwks, url};
use super::shared::{duration, selector, targets};
use crate::Map;
use crate::security::{JwtRule, PeerAuthentication, RequestAuthentication};

/// Everything istiod's webhook asks of a PeerAuthentication.
pub(super) fn check_peer(policy: &PeerAuthentication, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    let selects = policy.selector.as_ref().is_some_and(|s| !s.match_labels.is_empty());
    let ports = policy.port_level_mtls.as_ref();
    if ports.is_some_and(Map::is_empty) {
        let message = "needs at least one port where it is given";
        out.error(&spec.field("portLevelMtls"), message);
    }
    if !selects && ports.is_some_and(|ports| !ports.is_empty()) {
        let message = "needs a `selector` with labels: ports belong to workloads";
        out.error(&spec.field("portLevelMtls"), message);
    }
    for port in ports.into_iter().flat_map(Map::keys) {
        if !is_port(*port) {
            let key = port.to_string();
            let message = format!("port {port} is not in the range 1 to 65535");
            out.error(&spec.entry("portLevelMtls", &key), message);
        }
    }
    selector("selector", policy.selector.as_ref(), out);
}

/// Everything istiod's webhook asks of a RequestAuthentication.
pub(super) fn check_request(policy: &RequestAuthentication, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    targets(policy.selector.as_ref(), policy.target_ref.as_ref(), &policy.target_refs, out);
    for (index, rule) in policy.jwt_rules.iter().enumerate() {
        jwt_rule(&spec.item("jwtRules", index), rule, out);
    }
}

fn jwt_rule(place: &Place<'_>, rule: &JwtRule, out: &mut Findings<'_>) {
    if rule.issuer.is_empty() && rule.jwks_uri.is_empty() {
        out.error(place, "needs `issuer` or `jwksUri`");
    }
    if !rule.jwks_uri.is_empty()
        && let Some(fault) = jwks_uri_fault(&rule.jwks_uri)
    {
        let message = format!("{} is not an HTTP URL: {fault}", quote(&rule.jwks_uri));
        out.error(&place.field("jwksUri"), message);
    }
    if !rule.jwks.is_empty() {
        match jwks::private_keys(&rule.jwks) {
            Ok(private) => {
                for index in private {
                    let message =
                        format!("key {index} is not public; only public keys are of use here");
                    out.warn(&place.field("jwks"), message);
                }
            }
            Err(error) => out.error(&place.field("jwks"), error.to_string()),
        }
    }
    for (name, values) in [
        ("audiences", &rule.audiences),
        ("fromParams", &rule.from_params),
        ("fromCookies", &rule.from_cookies),
    ] {
        for (index, _) in values.iter().enumerate().filter(|(_, value)| value.is_empty()) {
            out.error(&place.item(name, index), "must not be empty");
        }
    }
    for (index, header) in rule.from_headers.iter().enumerate() {
        if header.name.is_empty() {
            out.error(&place.item("fromHeaders", index).field("name"), "is required");
        }
    }
    for (index, output) in rule.output_claim_to_headers.iter().enumerate() {
        let place = place.item("outputClaimToHeaders", index);
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if output.claim.is_empty() || output.header.is_empty() {
            out.error(&place, "needs both `header` and `claim`");
        } else if !output.header.bytes().all(allowed) {
            let message =
                format!("{} is not a name of letters, digits, `-` and `_`", quote(&output.header));
            out.error(&place.field("header"), message);
        }
    }
    duration(place, "timeout", rule.timeout, out);
}

fn jwks_uri_fault(text: &str) -> Option<String> {
    match url::parse(text) {
        Err(error) => Some(error.to_string()),
        Ok(url) if !matches!(url.scheme.as_str(), "http" | "https") => {
            Some("the scheme is neither `http` nor `https`".to_owned())
        }
        // What fits no number of 64 bits is no port, though everything below that passes.
        Ok(url) if !url.port().is_empty() && url.port().parse::<i64>().is_err() => {
            Some("the port is not a number".to_owned())
        }
        Ok(_) => None,
    }
}
