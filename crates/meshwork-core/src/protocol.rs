//! The application protocol of a port, as Istio selects it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a port speaks. [`Protocol::Auto`] means undeclared: the first bytes of a connection decide.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[expect(missing_docs, reason = "the names are those of Istio's protocol selection")]
pub enum Protocol {
    /// Undeclared: detected from the first bytes.
    #[default]
    Auto,
    Http,
    HttpProxy,
    Http2,
    Grpc,
    GrpcWeb,
    Https,
    Tls,
    Tcp,
    Udp,
    Mongo,
    Redis,
    MySql,
}

impl Protocol {
    /// HTTP in plaintext, declared.
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::HttpProxy | Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// TLS that the application speaks itself.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// HTTP/2 towards the endpoint by declaration.
    pub const fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// Bytes without HTTP routing and without TLS routing.
    pub const fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Mongo | Self::Redis | Self::MySql)
    }

    /// HTTP, or detected at run time.
    pub const fn is_http_or_sniffed(self) -> bool {
        self.is_http() || matches!(self, Self::Auto)
    }

    /// The protocol of a Kubernetes Service port: `appProtocol` first, then the port's name up to
    /// its first `-`, then a few well-known numbers.
    ///
    /// ```
    /// use meshwork_core::Protocol;
    /// assert_eq!(Protocol::of_kubernetes_port(80, "http-web", None, "TCP"), Protocol::Http);
    /// assert_eq!(Protocol::of_kubernetes_port(80, "web", None, "TCP"), Protocol::Auto);
    /// assert_eq!(Protocol::of_kubernetes_port(3306, "db", None, "TCP"), Protocol::Tcp);
    /// assert_eq!(
    ///     Protocol::of_kubernetes_port(80, "tcp-x", Some("kubernetes.io/h2c"), "TCP"),
    ///     Protocol::Http2,
    /// );
    /// let unknown = Some("example.com/custom");
    /// assert_eq!(Protocol::of_kubernetes_port(80, "tcp", unknown, "TCP"), Protocol::Auto);
    /// ```
    pub fn of_kubernetes_port(
        number: u16,
        name: &str,
        app_protocol: Option<&str>,
        transport: &str,
    ) -> Self {
        if transport.eq_ignore_ascii_case("udp") {
            return Self::Udp;
        }
        match app_protocol {
            Some("kubernetes.io/h2c") => return Self::Http2,
            Some("kubernetes.io/ws") => return Self::Http,
            Some("kubernetes.io/wss") => return Self::Https,
            _ => {}
        }
        // An application protocol that nobody knows still hides the name.
        let lowered = app_protocol.unwrap_or(name).to_ascii_lowercase();
        let prefix = if lowered.starts_with("grpc-web") {
            "grpc-web"
        } else {
            lowered.split('-').next().unwrap_or_default()
        };
        if let Ok(protocol) = prefix.parse() {
            return protocol;
        }
        match number {
            25 | 53 | 3306 | 27017 => Self::Tcp,
            _ => Self::Auto,
        }
    }
}

/// The text names no protocol that Istio knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol `{0}`")]
pub struct ParseProtocolError(String);

impl FromStr for Protocol {
    type Err = ParseProtocolError;

    /// Reads the `protocol` of a ServiceEntry, Gateway or Sidecar port; letter case does not matter.
    fn from_str(text: &str) -> Result<Self, ParseProtocolError> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "http" => Self::Http,
            "http_proxy" => Self::HttpProxy,
            "http2" => Self::Http2,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::MySql,
            _ => return Err(ParseProtocolError(text.into())),
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Http => "HTTP",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Http2 => "HTTP2",
            Self::Grpc => "GRPC",
            Self::GrpcWeb => "GRPC-Web",
            Self::Https => "HTTPS",
            Self::Tls => "TLS",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Mongo => "Mongo",
            Self::Redis => "Redis",
            Self::MySql => "MySQL",
        })
    }
}
