//! What hash policies read of a request.

use std::{
    fmt::{self, Write},
    net::{IpAddr, SocketAddr},
};

use meshwork_core::{Attributes, RequestHead};
use smallvec::SmallVec;
use xxhash_rust::xxh64::xxh64;

/// A request and the connection it came on.
#[derive(Clone, Copy, Debug)]
pub struct HashInput<'a> {
    pub(super) head: &'a RequestHead<'a>,
    pub(super) source: Option<SocketAddr>,
    pub(super) destination: Option<SocketAddr>,
    remote: Option<IpAddr>,
}

impl<'a> HashInput<'a> {
    /// Takes the connection's peer for the caller, as gateways do.
    pub fn new(head: &'a RequestHead<'a>, connection: &Attributes<'_>) -> Self {
        let Attributes { source, destination, .. } = *connection;
        Self { head, source, destination, remote: source.map(|source| source.ip()) }
    }

    /// Takes the last entry of `X-Forwarded-For` for the caller where there is one, as sidecars
    /// do; the connection's peer otherwise.
    pub fn sidecar(head: &'a RequestHead<'a>, connection: &Attributes<'_>) -> Self {
        let input = Self::new(head, connection);
        let forwarded = head.headers.get_all("x-forwarded-for").iter().next_back();
        let last = forwarded
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|entry| entry.trim().parse().ok());
        Self { remote: last.or(input.remote), ..input }
    }

    /// The hash of all values of a header in order of the values, each chained to the one before.
    pub(super) fn header_hash(&self, name: &str) -> Option<u64> {
        let pseudo = match name {
            ":authority" => Some(self.head.authority),
            ":method" => Some(self.head.method),
            ":path" => Some(self.head.path_and_query),
            ":scheme" => Some(self.head.scheme),
            _ => None,
        };
        if let Some(value) = pseudo {
            return Some(xxh64(value.as_bytes(), 0));
        }
        let values = self.head.headers.get_all(name).iter();
        let mut values: SmallVec<[&[u8]; 4]> = values.map(http::HeaderValue::as_bytes).collect();
        values.sort_unstable();
        let mut hash = None;
        for value in values {
            hash = Some(xxh64(value, hash.unwrap_or(0)));
        }
        hash
    }

    /// The hash of the caller's address.
    pub(super) fn source_hash(&self) -> Option<u64> {
        let mut text = TextBuffer::default();
        text.put(&self.remote?)?;
        Some(xxh64(text.bytes(), 0))
    }

    /// The first query parameter of this name, not decoded.
    pub(super) fn query_parameter(&self, name: &str) -> Option<&'a str> {
        self.head.query()?.split('&').find_map(|parameter| {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (key == name).then_some(value)
        })
    }
}

/// Room for addresses as text, so that hashing them does not allocate.
#[derive(Default)]
pub(super) struct TextBuffer(SmallVec<[u8; 128]>);

impl TextBuffer {
    /// Writes `value`; `None` never happens, as the buffer grows.
    pub(super) fn put(&mut self, value: &dyn fmt::Display) -> Option<()> {
        write!(self, "{value}").ok()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Write for TextBuffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
