//! Cookies that keep a client at an endpoint.

use std::{fmt::Write, sync::Arc, time::Duration};

use xxhash_rust::xxh64::xxh64;

use super::{HashInput, input::TextBuffer};

/// A cookie whose value is hashed (`consistentHash.httpCookie`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HashCookie {
    /// Its name.
    pub name: Arc<str>,
    /// The path that a made cookie is for; may be empty.
    pub path: Arc<str>,
    /// How long a made cookie lives, whole seconds; for zero as long as the session. `None`: no
    /// cookie is made, and requests without one go anywhere.
    pub ttl: Option<Duration>,
    /// Further attributes of a made cookie.
    pub attributes: Box<[CookieAttribute]>,
}

/// An attribute of a made cookie, such as `SameSite=Strict` or `Secure`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CookieAttribute {
    /// Its name.
    pub name: Arc<str>,
    /// Its value; may be empty.
    pub value: Arc<str>,
}

impl HashCookie {
    pub(super) fn key(&self, input: &HashInput<'_>) -> Option<u64> {
        if let Some(value) = self.sent(input) {
            return Some(xxh64(value, 0));
        }
        self.ttl?;
        Some(xxh64(&made(input)?, 0))
    }

    /// The header for a cookie that was made because the request had none.
    pub(super) fn set_cookie(&self, input: &HashInput<'_>) -> Option<String> {
        let ttl = self.ttl?;
        if self.sent(input).is_some() {
            return None;
        }
        let value = made(input)?;
        let mut header = format!("{}=\"{}\"", self.name, String::from_utf8_lossy(&value));
        let mut add = |text: std::fmt::Arguments<'_>| header.write_fmt(text).ok();
        if ttl.as_secs() > 0 {
            add(format_args!("; Max-Age={}", ttl.as_secs()))?;
        }
        if !self.path.is_empty() {
            add(format_args!("; Path={}", self.path))?;
        }
        for attribute in &self.attributes {
            match &*attribute.value {
                "" => add(format_args!("; {}", attribute.name))?,
                value => add(format_args!("; {}={value}", attribute.name))?,
            }
        }
        add(format_args!("; HttpOnly"))?;
        Some(header)
    }

    /// The value that the request bears; an empty one counts as none.
    fn sent<'a>(&self, input: &HashInput<'a>) -> Option<&'a [u8]> {
        let headers = input.head.headers.get_all(http::header::COOKIE).iter();
        let cookies = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
        let (_, value) = cookies
            .filter_map(|cookie| {
                let start = cookie.iter().position(|byte| *byte != b' ')?;
                let equals = cookie.iter().position(|byte| *byte == b'=')?;
                Some((cookie.get(start..equals)?, cookie.get(equals + 1..)?))
            })
            .find(|(name, _)| *name == self.name.as_bytes())?;
        let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        let value = unquoted.unwrap_or(value);
        (!value.is_empty()).then_some(value)
    }
}

/// The value of a made cookie: it follows from the connection, so that all requests on one have
/// the same.
fn made(input: &HashInput<'_>) -> Option<[u8; 16]> {
    let mut addresses = TextBuffer::default();
    addresses.put(&input.source?)?;
    addresses.put(&input.destination?)?;
    let hash = xxh64(addresses.bytes(), 0);
    let mut digits = [0; 16];
    for (digit, shift) in digits.iter_mut().zip((0..64).step_by(4).rev()) {
        let nibble = u8::try_from(hash >> shift & 0xf).ok()?;
        *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    }
    Some(digits)
}
