//! The protocols of ports, by the names that Istio knows.

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    HttpProxy,
    Http2,
    Grpc,
    GrpcWeb,
    Https,
    Tls,
    Tcp,
    Mongo,
    Redis,
    MySql,
    Udp,
}

impl Protocol {
    /// Reads a name in any case; `None` for a name that Istio does not know, and for no name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (_, protocol) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(*protocol)
    }

    /// Whether requests can be seen in it.
    pub(crate) fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::HttpProxy | Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// Whether it begins with a TLS handshake.
    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Whether it is a stream of bytes to a proxy.
    pub(crate) fn is_tcp(self) -> bool {
        self.is_tls() || matches!(self, Self::Tcp | Self::Mongo | Self::Redis | Self::MySql)
    }
}

const NAMES: [(&str, Protocol); 12] = [
    ("http", Protocol::Http),
    ("http2", Protocol::Http2),
    ("grpc", Protocol::Grpc),
    ("grpc-web", Protocol::GrpcWeb),
    ("http_proxy", Protocol::HttpProxy),
    ("https", Protocol::Https),
    ("tls", Protocol::Tls),
    ("tcp", Protocol::Tcp),
    ("mongo", Protocol::Mongo),
    ("redis", Protocol::Redis),
    ("mysql", Protocol::MySql),
    ("udp", Protocol::Udp),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_families() {
        for (name, http, tls, tcp) in [
            ("HTTP", true, false, false),
            ("gRPC-Web", true, false, false),
            ("HTTP_PROXY", true, false, false),
            ("https", false, true, true),
            ("TLS", false, true, true),
            ("Mongo", false, false, true),
            ("UDP", false, false, false),
        ] {
            let protocol = Protocol::parse(name).unwrap();
            assert_eq!(
                (protocol.is_http(), protocol.is_tls(), protocol.is_tcp()),
                (http, tls, tcp)
            );
        }
        assert_eq!(Protocol::parse(""), None);
        assert_eq!(Protocol::parse("HTTP/2"), None);
        assert_eq!(Protocol::parse("hbone"), None);
    }
}
