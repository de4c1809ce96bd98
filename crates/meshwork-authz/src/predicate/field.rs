//! The attributes that a condition can be about.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderName, HeaderValue};
use meshwork_core::AddressRange;

use super::{
    Account, Domain, Matcher, Namespaces, Reading, TextMatch, Trial, Unevaluable, token::token,
};
use crate::AuthzInput;

/// What a condition is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Principal,
    Namespace,
    ServiceAccount,
    TrustDomain,
    SourceIp,
    RemoteIp,
    DestinationIp,
    DestinationPort,
    Sni,
    Host,
    Method,
    Path,
    Header(Header),
    RequestPrincipal,
    Claim(Arc<[Box<str>]>),
    /// What an earlier policy noted.
    Trial(Trial),
}

/// A header, or one of HTTP/2's pseudo-headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Named(HeaderName),
    Authority,
    Method,
    Scheme,
    /// Path and query.
    Path,
}

impl Field {
    /// Whether only a request has the attribute.
    pub(crate) fn needs_request(&self) -> bool {
        matches!(
            self,
            Self::Host
                | Self::Method
                | Self::Path
                | Self::Header(_)
                | Self::RequestPrincipal
                | Self::Claim(_)
        )
    }

    /// Compiles one value; an identity may stand for several, one a trust domain.
    pub(crate) fn matcher(
        &self,
        value: &str,
        policy_namespace: &str,
        trust_domains: &[String],
    ) -> Result<Vec<Matcher>, Unevaluable> {
        let text = |text| Ok(vec![Matcher::Text(text)]);
        match self {
            Self::Principal => {
                let expanded = expand(value, trust_domains);
                Ok(expanded.iter().map(|v| Matcher::Text(TextMatch::new(v))).collect())
            }
            Self::TrustDomain => {
                let known = trust_domains.iter().any(|domain| domain == value);
                let values = if known { trust_domains.to_vec() } else { vec![value.to_owned()] };
                Ok(values.iter().map(|v| Matcher::Domain(Domain::new(v))).collect())
            }
            Self::Namespace => Ok(vec![Matcher::Namespace(Namespaces::new(value))]),
            Self::ServiceAccount => {
                Ok(vec![Matcher::Account(Account::new(value, policy_namespace))])
            }
            // In brackets it is asked whether a list has the value; notes are no lists.
            Self::Trial(_) if value.starts_with('[') && value.ends_with(']') => {
                Ok(vec![Matcher::Member(TextMatch::new(value.trim_matches(['[', ']'])))])
            }
            Self::SourceIp | Self::RemoteIp | Self::DestinationIp => value
                .parse::<AddressRange>()
                .map(|range| vec![Matcher::Range(range)])
                .map_err(|error| Unevaluable(error.to_string())),
            Self::DestinationPort => Some(value)
                .filter(|value| !value.starts_with('+'))
                .and_then(|value| value.parse().ok())
                .map(|port| vec![Matcher::Port(port)])
                .ok_or_else(|| Unevaluable(format!("`{value}` is not a port"))),
            Self::Path => text(TextMatch::path(value)?),
            Self::Host | Self::Method | Self::Header(_) => text(TextMatch::or_present(value)),
            Self::Sni | Self::Claim(_) | Self::Trial(_) => text(TextMatch::new(value)),
            Self::RequestPrincipal => {
                let (issuer, subject) = token(value);
                Ok(vec![Matcher::Token(issuer, subject)])
            }
        }
    }

    /// Whether the attribute has one of the values.
    pub(crate) fn matches(
        &self,
        matchers: &[Matcher],
        reading: Reading,
        input: &AuthzInput<'_>,
    ) -> bool {
        let text = |value: &str| {
            matchers.iter().any(|m| matches!(m, Matcher::Text(text) if text.is_match(value)))
        };
        // Envoy takes addresses as they are written; who is kept out is seen through mapping too.
        let within = |range: &AddressRange, address: IpAddr| {
            range.contains_verbatim(address) || reading == Reading::Wide && range.contains(address)
        };
        let range = |address| {
            let mut all = matchers.iter();
            all.any(|m| matches!(m, Matcher::Range(range) if within(range, address)))
        };
        let peer = input.connection.peer;
        match self {
            Self::Principal => {
                let any = |m: &Matcher| as_text(m) == Some(&TextMatch::NonEmpty);
                let id = peer.and_then(|peer| peer.strip_prefix("spiffe://"));
                // Whoever shows a certificate with any name is somebody.
                let named = peer.or(input.connection.peer_name).is_some_and(|n| !n.is_empty());
                id.is_some_and(text) || (named && matchers.iter().any(any))
            }
            Self::Namespace | Self::ServiceAccount | Self::TrustDomain => {
                peer.is_some_and(|peer| matchers.iter().any(|m| m.fits_identity(peer, reading)))
            }
            Self::SourceIp => input.source_ip().is_some_and(range),
            Self::RemoteIp => input.remote_ip().is_some_and(range),
            Self::DestinationIp => input.connection.destination.is_some_and(|a| range(a.ip())),
            Self::DestinationPort => input.connection.destination.is_some_and(|address| {
                matchers.iter().any(|m| matches!(m, Matcher::Port(port) if *port == address.port()))
            }),
            // Envoy sees server names in lower case; a value in upper case never matches.
            Self::Sni => input.connection.sni.is_some_and(|sni| {
                let upper = sni.bytes().any(|byte| byte.is_ascii_uppercase());
                if upper { text(&sni.to_ascii_lowercase()) } else { text(sni) }
            }),
            Self::Host => input.request.is_some_and(|head| {
                let host = head.authority;
                matchers.iter().filter_map(as_text).any(|m| m.is_match_ignoring_case(host))
            }),
            Self::Method => input.request.is_some_and(|head| text(head.method)),
            Self::Path => input.request.is_some_and(|head| text(head.path())),
            Self::Header(header) => header.matches(matchers, reading, input),
            Self::RequestPrincipal => input.identity.is_some_and(|identity| {
                let (Some(issuer), Some(subject)) = (identity.issuer(), identity.subject()) else {
                    return false;
                };
                matchers.iter().any(|m| {
                    matches!(m, Matcher::Token(iss, sub) if iss.is_match(issuer) && sub.is_match(subject))
                })
            }),
            Self::Claim(path) => {
                input.identity.is_some_and(|identity| identity.values(path).any(text))
            }
            Self::Trial(trial) => trial.text(input).is_some_and(text),
        }
    }

    /// What the input has there, for explanations.
    pub(crate) fn observed(&self, input: &AuthzInput<'_>) -> Option<String> {
        match self {
            Self::Principal => {
                input.connection.peer.or(input.connection.peer_name).map(str::to_owned)
            }
            Self::Namespace | Self::ServiceAccount | Self::TrustDomain => {
                input.connection.peer.map(str::to_owned)
            }
            Self::SourceIp => input.source_ip().map(|ip| ip.to_string()),
            Self::RemoteIp => input.remote_ip().map(|ip| ip.to_string()),
            Self::DestinationIp => input.connection.destination.map(|a| a.ip().to_string()),
            Self::DestinationPort => input.connection.destination.map(|a| a.port().to_string()),
            Self::Sni => input.connection.sni.map(str::to_owned),
            Self::Host => input.request.map(|head| head.authority.to_owned()),
            Self::Method => input.request.map(|head| head.method.to_owned()),
            Self::Path => input.request.map(|head| head.path().to_owned()),
            Self::Header(Header::Named(name)) => {
                let values = input.request?.headers.get_all(name).iter();
                let values: Vec<_> =
                    values.map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
                (!values.is_empty()).then(|| values.join(", "))
            }
            Self::Header(_) => None,
            Self::RequestPrincipal => {
                let identity = input.identity?;
                Some(format!("{}/{}", identity.issuer()?, identity.subject()?))
            }
            Self::Claim(path) => {
                let values: Vec<_> = input.identity?.values(path).collect();
                Some(values.join(", "))
            }
            Self::Trial(trial) => trial.text(input).map(str::to_owned),
        }
    }
}

impl Header {
    fn matches(&self, matchers: &[Matcher], reading: Reading, input: &AuthzInput<'_>) -> bool {
        let Some(head) = input.request else { return false };
        let one =
            |value: &[u8]| matchers.iter().filter_map(as_text).any(|m| m.is_match_bytes(value));
        let name = match self {
            Self::Named(name) => name,
            Self::Authority => return one(head.authority.as_bytes()),
            Self::Method => return one(head.method.as_bytes()),
            Self::Scheme => return one(head.scheme.as_bytes()),
            Self::Path => return one(head.path_and_query.as_bytes()),
        };
        let mut values = head.headers.get_all(name).iter().map(HeaderValue::as_bytes).peekable();
        match reading {
            Reading::Every => values.peek().is_some() && values.all(one),
            _ => values.any(one),
        }
    }
}

fn as_text(matcher: &Matcher) -> Option<&TextMatch> {
    match matcher {
        Matcher::Text(text) => Some(text),
        _ => None,
    }
}

/// A principal once for every trust domain of the mesh, where its own is one of them.
fn expand(value: &str, trust_domains: &[String]) -> Vec<String> {
    let parts: Vec<_> = value.split('/').collect();
    let [own, rest @ ..] = parts.as_slice() else { return vec![value.into()] };
    if parts.len() != 5 || *own == "*" {
        return vec![value.into()];
    }
    let fits = |domain: &String| {
        TextMatch::new(own).is_match(domain) || TextMatch::new(domain).is_match(own)
    };
    if *own != "cluster.local" && !trust_domains.iter().any(fits) {
        return vec![value.into()];
    }
    let mut expanded: Vec<String> = Vec::new();
    for domain in trust_domains {
        let suffix = own.strip_prefix('*').is_some_and(|suffix| domain.ends_with(suffix));
        let one = if suffix { value.to_owned() } else { format!("{domain}/{}", rest.join("/")) };
        if !expanded.contains(&one) {
            expanded.push(one);
        }
    }
    expanded
}
