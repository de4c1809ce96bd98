//! The attributes that a condition can be about.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use meshwork_core::AddressRange;

use super::{Matcher, TextMatch, Unevaluable};
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
    /// The attribute of a `when` key.
    pub(crate) fn of_key(key: &str) -> Result<Self, Unevaluable> {
        let unknown = || Unevaluable(format!("the key `{key}` is not evaluated"));
        Ok(match key {
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "source.namespace" => Self::Namespace,
            "source.principal" => Self::Principal,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.trustDomain" => Self::TrustDomain,
            "destination.ip" => Self::DestinationIp,
            "destination.port" => Self::DestinationPort,
            "connection.sni" => Self::Sni,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::Claim([Box::from("aud")].into()),
            "request.auth.presenter" => Self::Claim([Box::from("azp")].into()),
            _ => {
                if let Some(name) = key.strip_prefix("request.headers[") {
                    let name = name.strip_suffix(']').ok_or_else(unknown)?;
                    return header(name).map(Self::Header);
                }
                let path = key.strip_prefix("request.auth.claims").ok_or_else(unknown)?;
                let path = path.strip_prefix('[').and_then(|p| p.strip_suffix(']'));
                let names = path.filter(|path| !path.is_empty()).ok_or_else(unknown)?;
                Self::Claim(names.split("][").map(Into::into).collect())
            }
        })
    }

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
                Ok(values.iter().map(|v| Matcher::Text(TextMatch::new(v))).collect())
            }
            Self::Namespace => text(TextMatch::stars(value)),
            Self::ServiceAccount => {
                let (namespace, account) =
                    value.split_once('/').unwrap_or((policy_namespace, value));
                text(TextMatch::Exact(format!("{namespace}/{account}").into()))
            }
            Self::SourceIp | Self::RemoteIp | Self::DestinationIp => value
                .parse::<AddressRange>()
                .map(|range| vec![Matcher::Range(range)])
                .map_err(|error| Unevaluable(error.to_string())),
            Self::DestinationPort => value
                .parse()
                .map(|port| vec![Matcher::Port(port)])
                .map_err(|_| Unevaluable(format!("`{value}` is not a port"))),
            Self::Path => text(TextMatch::path(value)?),
            Self::Host | Self::Method | Self::Header(_) => text(TextMatch::or_present(value)),
            Self::Sni | Self::Claim(_) => text(TextMatch::new(value)),
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
        every_value: bool,
        input: &AuthzInput<'_>,
    ) -> bool {
        let text = |value: &str| {
            matchers.iter().any(|m| matches!(m, Matcher::Text(text) if text.is_match(value)))
        };
        // An ALLOW takes addresses as they are written; everything else sees through mapping.
        let within = |range: &AddressRange, address| {
            if every_value { range.contains_verbatim(address) } else { range.contains(address) }
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
            Self::Namespace => istio_parts(peer).is_some_and(|(_, namespace, _)| text(namespace)),
            Self::ServiceAccount => istio_parts(peer).is_some_and(|(_, namespace, account)| {
                matchers.iter().any(|m| match m {
                    Matcher::Text(TextMatch::Exact(wanted)) => wanted
                        .strip_prefix(namespace)
                        .and_then(|rest| rest.strip_prefix('/'))
                        .is_some_and(|rest| rest == account),
                    _ => false,
                })
            }),
            Self::TrustDomain => trust_domain(peer).is_some_and(text),
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
            Self::Header(header) => header.matches(matchers, every_value, input),
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
        }
    }
}

impl Header {
    fn matches(&self, matchers: &[Matcher], every_value: bool, input: &AuthzInput<'_>) -> bool {
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
        if every_value { values.peek().is_some() && values.all(one) } else { values.any(one) }
    }
}

fn as_text(matcher: &Matcher) -> Option<&TextMatch> {
    match matcher {
        Matcher::Text(text) => Some(text),
        _ => None,
    }
}

fn header(name: &str) -> Result<Header, Unevaluable> {
    Ok(match name {
        "host" | "Host" | ":authority" => Header::Authority,
        ":method" => Header::Method,
        ":scheme" => Header::Scheme,
        ":path" => Header::Path,
        _ => Header::Named(
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Unevaluable(format!("`{name}` is not the name of a header")))?,
        ),
    })
}

/// Trust domain, namespace and service account of an identity in Istio's shape.
fn istio_parts(peer: Option<&str>) -> Option<(&str, &str, &str)> {
    let mut parts = peer?.strip_prefix("spiffe://")?.split('/');
    let trust_domain = parts.next()?;
    let namespace = (parts.next()? == "ns").then(|| parts.next())??;
    let account = (parts.next()? == "sa").then(|| parts.next())??;
    parts.next().is_none().then_some((trust_domain, namespace, account))
}

fn trust_domain(peer: Option<&str>) -> Option<&str> {
    peer?.strip_prefix("spiffe://")?.split('/').next()
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

/// The issuer and the subject that a request principal asks for, split at the last slash.
fn token(value: &str) -> (TextMatch, TextMatch) {
    if let Some((issuer, subject)) = value.rsplit_once('/') {
        let exact_star = value == "*/*";
        let subject =
            if exact_star { TextMatch::Exact("*".into()) } else { TextMatch::new(subject) };
        return (TextMatch::new(issuer), subject);
    }
    if value == "*" {
        return (TextMatch::NonEmpty, TextMatch::NonEmpty);
    }
    if let Some(suffix) = value.strip_prefix('*') {
        return (TextMatch::NonEmpty, TextMatch::Suffix(suffix.into()));
    }
    match value.strip_suffix('*') {
        Some(prefix) => (TextMatch::Prefix(prefix.into()), TextMatch::NonEmpty),
        None => (TextMatch::Exact(value.into()), TextMatch::Exact("".into())),
    }
}
