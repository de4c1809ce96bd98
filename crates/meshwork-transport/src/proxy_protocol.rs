//! The PROXY protocol: addresses that a proxy hands on before the first byte.

use std::{io, net::SocketAddr, time::Duration};

use bytes::{Buf as _, BytesMut};
use meshwork_tower::Peeked;
use proxy_header::{Error, ParseConfig, Protocol, ProxiedAddress, ProxyHeader};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::timeout,
};

/// Between which addresses a proxied connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProxiedAddresses {
    /// The client.
    pub source: SocketAddr,
    /// Where it connected to.
    pub destination: SocketAddr,
}

impl ProxiedAddresses {
    /// A connection from `source` to `destination`.
    pub const fn new(source: SocketAddr, destination: SocketAddr) -> Self {
        Self { source, destination }
    }
}

/// The form of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these two versions")]
pub enum ProxyProtocolVersion {
    /// Text.
    V1,
    /// Binary.
    V2,
}

/// No header came, or no sound one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyHeaderError {
    /// The connection cannot be read, or ended.
    #[error("the connection cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The bytes are no PROXY header.
    #[error("the connection does not begin with a PROXY protocol header")]
    Invalid,
    /// Longer than is read.
    #[error("the PROXY protocol header is longer than {MAX_LEN} bytes")]
    TooLong,
    /// It did not come in time.
    #[error("no PROXY protocol header came in time")]
    TimedOut,
}

/// Reads the header that a connection has to begin with; `None` of it where the proxy speaks for
/// itself (`LOCAL`, `UNKNOWN`).
///
/// To be used only where a trusted proxy stands in front, since whoever connects chooses what it
/// says (Istio's `gatewayTopology.proxyProtocol`).
///
/// # Errors
/// [`ProxyHeaderError`]; the connection is to be closed then.
pub async fn accept_proxy_header<I: AsyncRead + Unpin>(
    mut io: I,
    limit: Duration,
) -> Result<(Option<ProxiedAddresses>, Peeked<I>), ProxyHeaderError> {
    let mut bytes = BytesMut::new();
    let read = async {
        loop {
            match ProxyHeader::parse(&bytes, CONFIG) {
                Ok((header, len)) => return Ok((addresses(&header), len)),
                Err(Error::BufferTooShort) if bytes.len() < MAX_LEN => {}
                Err(Error::BufferTooShort | Error::HeaderTooBig) => {
                    return Err(ProxyHeaderError::TooLong);
                }
                Err(_) => return Err(ProxyHeaderError::Invalid),
            }
            if io.read_buf(&mut bytes).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    };
    let (addresses, len) = timeout(limit, read).await.map_err(|_| ProxyHeaderError::TimedOut)??;
    bytes.advance(len);
    Ok((addresses, Peeked::new(bytes.freeze(), io)))
}

/// The header of a connection, or of a proxy that speaks for itself.
pub fn proxy_header(version: ProxyProtocolVersion, addresses: Option<ProxiedAddresses>) -> Vec<u8> {
    let same_family = |addresses: &ProxiedAddresses| {
        addresses.source.is_ipv4() == addresses.destination.is_ipv4()
    };
    let header = match addresses.filter(same_family) {
        Some(ProxiedAddresses { source, destination }) => {
            ProxyHeader::with_address(ProxiedAddress::stream(source, destination))
        }
        None => ProxyHeader::with_local(),
    };
    let mut bytes = Vec::new();
    let encoded = match version {
        ProxyProtocolVersion::V1 => header.encode_v1(&mut bytes),
        ProxyProtocolVersion::V2 => header.encode_v2(&mut bytes),
    };
    if encoded.is_err() {
        // A stream without extensions is always encoded; what could not be says nothing.
        bytes.clear();
        bytes.extend_from_slice(b"PROXY UNKNOWN\r\n");
    }
    bytes
}

fn addresses(header: &ProxyHeader<'_>) -> Option<ProxiedAddresses> {
    let address = header.proxied_address()?;
    (address.protocol == Protocol::Stream)
        .then(|| ProxiedAddresses::new(address.source, address.destination))
}

/// How much is read of a header.
const MAX_LEN: usize = 4096;
const CONFIG: ParseConfig = ParseConfig { include_tlvs: false, allow_v1: true, allow_v2: true };

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    async fn accept(bytes: &[u8]) -> Result<(Option<ProxiedAddresses>, String), ProxyHeaderError> {
        let (mut client, server) = tokio::io::duplex(MAX_LEN * 2);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let (addresses, mut io) = accept_proxy_header(server, Duration::from_secs(1)).await?;
        let mut rest = String::new();
        io.read_to_string(&mut rest).await.unwrap();
        Ok((addresses, rest))
    }

    #[tokio::test]
    async fn what_is_written_is_read() {
        let v4 = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
        let v6 = ("[2001:db8::1]:4000".parse().unwrap(), "[2001:db8::2]:80".parse().unwrap());
        let cases = [None, Some(v4), Some(v6)];
        for version in [ProxyProtocolVersion::V1, ProxyProtocolVersion::V2] {
            for case in cases {
                let sent = case.map(|(source, to)| ProxiedAddresses::new(source, to));
                let mut bytes = proxy_header(version, sent);
                bytes.extend_from_slice(b"GET / HTTP/1.1\r\n");
                let (read, rest) = accept(&bytes).await.unwrap();
                assert_eq!((read, rest.as_str()), (sent, "GET / HTTP/1.1\r\n"));
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        use ProxyHeaderError as E;
        assert!(matches!(accept(b"GET / HTTP/1.1\r\n").await, Err(E::Invalid)));
        assert!(matches!(accept(b"PROXY TCP4 1.1.1.1").await, Err(E::Io(_))));
        assert!(accept(&[b'P'; 8192]).await.is_err());
        // Addresses of two families are not handed on.
        let (four, six) = ("192.0.2.1:1".parse().unwrap(), "[::1]:1".parse().unwrap());
        let mixed = ProxiedAddresses::new(four, six);
        let header = proxy_header(ProxyProtocolVersion::V1, Some(mixed));
        assert_eq!(accept(&header).await.unwrap().0, None);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends() {
        let (_client, server) = tokio::io::duplex(64);
        let waited = accept_proxy_header(server, Duration::from_secs(5)).await;
        assert!(matches!(waited, Err(ProxyHeaderError::TimedOut)));
    }
}
