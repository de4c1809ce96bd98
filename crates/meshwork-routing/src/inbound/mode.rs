//! What an inbound port asks of TLS, and the chains that follow from it.

use std::{fmt, sync::Arc};

use meshwork_api::mesh::{MeshConfig, TlsProtocol};
use meshwork_core::Protocol;

use crate::listener::{Inspection, PLAINTEXT_HTTP, Transport};
use crate::tls::{ServerTls, TlsVersion};

use Spoken::{Http, Tcp};
use Transport::{Raw, Tls};

/// Whether an inbound port takes mutual TLS, plaintext, or both (`PeerAuthentication`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[expect(clippy::exhaustive_enums, reason = "Istio's modes once inheritance is resolved")]
pub enum MtlsMode {
    /// Plaintext only; TLS of the application passes as it is.
    Disable,
    /// Both.
    #[default]
    Permissive,
    /// Mutual TLS only.
    Strict,
}

/// What is spoken behind a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Http,
    Tcp,
}

/// One filter chain of an inbound port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InboundChain {
    pub(super) protocols: &'static [&'static str],
    pub(super) transport: Transport,
    pub(super) spoken: Spoken,
    /// Whether the mesh's mutual TLS is ended here.
    pub(super) mtls: bool,
}

impl fmt::Display for InboundChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spoken = match self.spoken {
            Http => "HTTP",
            Tcp => "bytes",
        };
        let transport = match (self.transport, self.mtls) {
            (Tls, true) => "the mesh's TLS",
            (Tls, false) => "TLS of the application",
            (Raw, _) => "plaintext",
        };
        write!(f, "{spoken} over {transport}")?;
        if self.protocols.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.protocols.join(", "))
        }
    }
}

/// The names by which a client's sidecar says that it speaks HTTP over the mesh's TLS.
const MESH_HTTP: &[&str] = &["istio-http/1.0", "istio-http/1.1", "istio-h2"];
/// The same for bytes.
const MESH_TCP: &[&str] = &["istio-peer-exchange", "istio"];
/// Either.
const MESH: &[&str] =
    &["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

const fn chain(
    protocols: &'static [&'static str],
    transport: Transport,
    spoken: Spoken,
    mtls: bool,
) -> InboundChain {
    InboundChain { protocols, transport, spoken, mtls }
}

const ANY: &[&str] = &[];

const AUTO_PERMISSIVE: &[InboundChain] = &[
    chain(MESH_HTTP, Tls, Http, true),
    chain(PLAINTEXT_HTTP, Raw, Http, false),
    chain(MESH_TCP, Tls, Tcp, true),
    chain(ANY, Raw, Tcp, false),
    chain(ANY, Tls, Tcp, false),
];
const HTTP_PERMISSIVE: &[InboundChain] =
    &[chain(MESH, Tls, Http, true), chain(ANY, Raw, Http, false)];
const TCP_PERMISSIVE: &[InboundChain] =
    &[chain(MESH, Tls, Tcp, true), chain(ANY, Tls, Tcp, false), chain(ANY, Raw, Tcp, false)];
const AUTO_STRICT: &[InboundChain] =
    &[chain(MESH_HTTP, Tls, Http, true), chain(ANY, Tls, Tcp, true)];
const HTTP_STRICT: &[InboundChain] = &[chain(ANY, Tls, Http, true)];
const TCP_STRICT: &[InboundChain] = &[chain(ANY, Tls, Tcp, true)];
const AUTO_PLAIN: &[InboundChain] =
    &[chain(PLAINTEXT_HTTP, Raw, Http, false), chain(ANY, Raw, Tcp, false)];
const HTTP_PLAIN: &[InboundChain] = &[chain(ANY, Raw, Http, false)];
const TCP_PLAIN: &[InboundChain] = &[chain(ANY, Raw, Tcp, false)];

/// The chains that Istio makes for a port of this protocol in this mode.
pub(super) const fn chains(protocol: Protocol, mode: MtlsMode) -> &'static [InboundChain] {
    use MtlsMode::{Disable, Permissive, Strict};
    let auto = matches!(protocol, Protocol::Auto);
    match (protocol.is_http(), auto, mode) {
        (true, _, Permissive) => HTTP_PERMISSIVE,
        (true, _, Strict) => HTTP_STRICT,
        (true, _, Disable) => HTTP_PLAIN,
        (_, true, Permissive) => AUTO_PERMISSIVE,
        (_, true, Strict) => AUTO_STRICT,
        (_, true, Disable) => AUTO_PLAIN,
        (_, _, Permissive) => TCP_PERMISSIVE,
        (_, _, Strict) => TCP_STRICT,
        (_, _, Disable) => TCP_PLAIN,
    }
}

/// Which first bytes chains need to see.
pub(super) fn inspection(chains: &[InboundChain]) -> Inspection {
    Inspection {
        tls: chains.iter().any(|chain| chain.transport == Tls),
        http: chains.iter().any(|chain| chain.protocols == PLAINTEXT_HTTP),
    }
}

/// The mesh's TLS, once for HTTP and once for bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MeshTls {
    http: Arc<ServerTls>,
    tcp: Arc<ServerTls>,
}

impl Default for MeshTls {
    fn default() -> Self {
        Self { http: Arc::new(ServerTls::mesh(true)), tcp: Arc::new(ServerTls::mesh(false)) }
    }
}

impl MeshTls {
    /// With what MeshConfig `meshMTLS` sets: versions and cipher suites of a sidecar's own ports.
    pub(super) fn new(mesh: &MeshConfig, previous: Option<&Self>) -> Self {
        let tls = |http| {
            let mut tls = ServerTls::mesh(http);
            if let Some(settings) = &mesh.mesh_mtls {
                if settings.min_protocol_version == TlsProtocol::Tlsv13 {
                    tls.min_version = TlsVersion::Tls13;
                }
                let suites = settings.cipher_suites.iter();
                tls.cipher_suites = suites.map(|name| Arc::from(name.as_str())).collect();
            }
            Arc::new(tls)
        };
        let new = Self { http: tls(true), tcp: tls(false) };
        previous.filter(|previous| **previous == new).cloned().unwrap_or(new)
    }

    pub(super) fn of(&self, spoken: Spoken) -> &Arc<ServerTls> {
        match spoken {
            Http => &self.http,
            Tcp => &self.tcp,
        }
    }
}
