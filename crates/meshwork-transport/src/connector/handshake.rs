//! What a client says in its hello, and what it asks of the server: a decision without I/O.

use std::sync::Arc;

use meshwork_policy::{TlsKind, Transport, UpstreamTls};
use meshwork_tower::{Dial, DialAddress, DialProtocol};

use super::ConnectTlsError;

/// The handshake that a dial leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsHandshake<'a> {
    /// The cluster's TLS settings.
    pub tls: &'a UpstreamTls,
    /// The server name that is sent: `outbound_.80_.v1_.web.default.svc.cluster.local` for the
    /// mesh's own TLS.
    pub sni: Option<Arc<str>>,
    /// The protocols that are offered, best first.
    pub alpn: &'static [&'static str],
    /// What the connection will carry.
    pub protocol: DialProtocol,
    /// The host that the server's certificate has to name, beside
    /// [`subject_alt_names`](UpstreamTls::subject_alt_names).
    pub host: Option<Arc<str>>,
}

impl<'a> TlsHandshake<'a> {
    /// What the policy of the dial's cluster says; `None` for plaintext.
    ///
    /// # Errors
    /// The settings forbid every connection.
    pub fn of(dial: &'a Dial) -> Result<Option<Self>, ConnectTlsError> {
        let Some(policy) = &dial.policy else { return Ok(None) };
        let marked = dial.endpoint.as_ref().is_some_and(|endpoint| endpoint.mesh_tls);
        let tls = match &policy.transport {
            Transport::Plaintext => return Ok(None),
            Transport::ByEndpoint(_) if !marked => return Ok(None),
            Transport::Tls(tls) | Transport::ByEndpoint(tls) => tls,
            Transport::Refused(why) => return Err(ConnectTlsError::Refused(why)),
        };
        let host = host(dial);
        let sni = match &tls.sni {
            Some(sni) => Some(Arc::clone(sni)),
            // An address is no server name.
            None if tls.auto_sni => {
                host.clone().filter(|host| host.parse::<std::net::IpAddr>().is_err())
            }
            None => None,
        };
        Ok(Some(Self {
            tls,
            sni,
            alpn: alpn(tls, dial.protocol),
            protocol: dial.protocol,
            host: host.filter(|_| tls.auto_san_validation),
        }))
    }
}

/// The host of whom the connection is for, without its port: the requests' host, or the endpoint's
/// name, whether it was looked up before or is dialled as it is.
fn host(dial: &Dial) -> Option<Arc<str>> {
    let looked_up = dial.endpoint.as_ref().and_then(|endpoint| endpoint.name());
    match &dial.address {
        _ if dial.host.is_some() => dial.host.as_ref(),
        DialAddress::Name(name, _) => Some(name),
        _ => looked_up,
    }
    .cloned()
}

/// Mesh TLS says what HTTP it carries, so that the server's sidecar finds the filter chain.
///
/// `istio-peer-exchange` is left out for bytes: whoever offers it has to speak a protocol of
/// Envoy's before the first byte when the server agrees.
fn alpn(tls: &UpstreamTls, protocol: DialProtocol) -> &'static [&'static str] {
    match (tls.kind, protocol) {
        (TlsKind::IstioMutual, DialProtocol::Http1) => &["istio-http/1.1", "istio", "http/1.1"],
        (TlsKind::IstioMutual, DialProtocol::Http2) => &["istio-h2", "istio", "h2"],
        (TlsKind::IstioMutual, _) => &["istio"],
        (_, DialProtocol::Http2) => &["h2"],
        (_, _) => tls.alpn,
    }
}
