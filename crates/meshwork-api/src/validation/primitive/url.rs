//! URLs as Go's `net/url` reads them: istiod and API servers both judge URLs by it.

use std::net::Ipv6Addr;

/// The parts of a URL that rules ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// In lower case.
    pub(crate) scheme: String,
    /// Host and port as written, without user information; empty for `mailto:x` and the like.
    pub(crate) host: &'a str,
}

impl Url<'_> {
    /// The digits of the port; empty where none is given.
    pub(crate) fn port(&self) -> &str {
        let after_literal = self.host.rsplit(']').next().unwrap_or_default();
        after_literal.rsplit_once(':').map_or("", |(_, port)| port)
    }
}

/// Why a text is not a URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("it holds a control character")]
    ControlCharacter,
    #[error("it is empty")]
    Empty,
    #[error("the scheme is missing")]
    NoScheme,
    #[error("it is neither a full URL nor a path that begins with `/`")]
    Relative,
    #[error("the first segment of a relative path cannot hold `:`")]
    ColonInSegment,
    #[error("`{0}` is not a port")]
    Port(String),
    #[error("the host is not valid")]
    Host,
    #[error("the user information is not valid")]
    UserInfo,
    #[error("`%` is not followed by two hexadecimal digits")]
    Escape,
}

/// Reads a URL or a relative reference; a fragment is allowed.
pub(crate) fn parse(text: &str) -> Result<Url<'_>, UrlError> {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let url = parse_part(text, false)?;
    escapes(fragment)?;
    Ok(url)
}

/// Reads what stands in an HTTP request: a URL or an absolute path; `#` means nothing.
pub(crate) fn parse_request(text: &str) -> Result<Url<'_>, UrlError> {
    parse_part(text, true)
}

fn parse_part(text: &str, in_request: bool) -> Result<Url<'_>, UrlError> {
    if text.bytes().any(|b| b.is_ascii_control()) {
        return Err(UrlError::ControlCharacter);
    }
    if text.is_empty() && in_request {
        return Err(UrlError::Empty);
    }
    if text == "*" {
        return Ok(Url { scheme: String::new(), host: "" });
    }
    let (scheme, rest) = split_scheme(text)?;
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let mut url = Url { scheme: scheme.to_ascii_lowercase(), host: "" };
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok(url);
        }
        if in_request {
            return Err(UrlError::Relative);
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err(UrlError::ColonInSegment);
        }
    }
    let has_authority = !scheme.is_empty() || (!in_request && !rest.starts_with("///"));
    let mut path = rest;
    if let (true, Some(after)) = (has_authority, rest.strip_prefix("//")) {
        let end = after.find('/').unwrap_or(after.len());
        let (authority, remainder) = after.split_at(end);
        url.host = check_authority(authority)?;
        path = remainder;
    }
    escapes(path)?;
    Ok(url)
}

fn split_scheme(text: &str) -> Result<(&str, &str), UrlError> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err(UrlError::NoScheme),
            b':' => {
                let (scheme, rest) = text.split_at(index);
                return Ok((scheme, rest.strip_prefix(':').unwrap_or(rest)));
            }
            _ => break,
        }
    }
    Ok(("", text))
}

/// Checks `user@host:port` and returns the host with its port.
fn check_authority(authority: &str) -> Result<&str, UrlError> {
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
            if !user.bytes().all(allowed) {
                return Err(UrlError::UserInfo);
            }
            escapes(user)?;
            host
        }
        None => authority,
    };
    if let Some((before, literal)) = host.rsplit_once('[') {
        // An address in brackets is the whole host or no host.
        let (address, port) = literal.rsplit_once(']').ok_or(UrlError::Host)?;
        if !before.is_empty() {
            return Err(UrlError::Host);
        }
        check_port(port)?;
        check_literal(address)?;
        return Ok(host);
    }
    if let Some(colon) = host.find(':') {
        check_port(host.split_at(colon).1)?;
    }
    check_host(host)?;
    Ok(host)
}

/// Nothing, or a colon and digits, which may be none.
fn check_port(port: &str) -> Result<(), UrlError> {
    let valid = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()),
        None => port.is_empty(),
    };
    valid.then_some(()).ok_or_else(|| UrlError::Port(port.trim_start_matches(':').to_owned()))
}

/// An IPv6 address, with a zone after `%25` where it has one.
fn check_literal(literal: &str) -> Result<(), UrlError> {
    let (address, zone) = match literal.split_once("%25") {
        Some((address, zone)) => (address, Some(zone)),
        None => (literal, None),
    };
    // A zone can be escaped as it likes, but to nothing that could not stand there itself.
    let escaped = |byte: u8| matches!(byte, b'%' | b' ') || is_host_byte(byte);
    match zone {
        Some("") => return Err(UrlError::Host),
        Some(zone) => check_host_bytes(zone, escaped)?,
        None => {}
    }
    address.parse::<Ipv6Addr>().map(drop).map_err(|_| UrlError::Host)
}

/// Escapes in a host may only stand for bytes beyond ASCII, and for `%`.
fn check_host(host: &str) -> Result<(), UrlError> {
    check_host_bytes(host, |byte| !byte.is_ascii() || byte == b'%')
}

fn check_host_bytes(text: &str, escaped: impl Fn(u8) -> bool) -> Result<(), UrlError> {
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let [high, low, after @ ..] = after else { return Err(UrlError::Escape) };
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                return Err(UrlError::Escape);
            };
            if !escaped(high << 4 | low) {
                return Err(UrlError::Host);
            }
            rest = after;
        } else if first.is_ascii() && !is_host_byte(*first) {
            return Err(UrlError::Host);
        }
    }
    Ok(())
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$&'()*+,;=:[]<>\"-_.~".contains(&byte)
}

fn escapes(text: &str) -> Result<(), UrlError> {
    let bytes = text.as_bytes();
    let valid = memchr_percent(bytes).all(|index| {
        matches!(bytes.get(index + 1..index + 3), Some(hex) if hex.iter().all(u8::is_ascii_hexdigit))
    });
    valid.then_some(()).ok_or(UrlError::Escape)
}

fn memchr_percent(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let cases = [
            ("https://issuer.example/keys", Some(("https", "issuer.example"))),
            ("HTTP://u:p@h:80/a%20b?x#y", Some(("http", "h:80"))),
            ("http://h:", Some(("http", "h:"))),
            ("http://[::1]:80/x", Some(("http", "[::1]:80"))),
            ("http://[fe80::1%25en0]/x", Some(("http", "[fe80::1%25en0]"))),
            ("mailto:a@b", Some(("mailto", ""))),
            ("/path", Some(("", ""))),
            ("http:///path", Some(("http", ""))),
            ("issuer.example/keys", None),
            ("", None),
            (":x", None),
            ("http://h:abc/", None),
            ("http://h:1:2/", None),
            ("http://[127.0.0.1]/", None),
            ("http://[::1/", None),
            ("http://a[::1]/", None),
            ("http://[fe80::1%en0]/", None),
            ("http://[fe80::1%25]/", None),
            ("http://[fe80::1%25%65n%20]/", Some(("http", "[fe80::1%25%65n%20]"))),
            ("http://[fe80::1%25%0a]/", None),
            ("http://[::ffff:1.2.3.4]/", Some(("http", "[::ffff:1.2.3.4]"))),
            ("http://a%25%c3/", Some(("http", "a%25%c3"))),
            ("http://a b/", None),
            ("http://a%41/", None),
            ("http://a/%4", None),
            ("http://a\u{7f}/", None),
            ("http://a^b@h/", None),
        ];
        for (text, expected) in cases {
            let url = parse_request(text).ok();
            let read = url.as_ref().map(|url| (url.scheme.as_str(), url.host));
            assert_eq!(read, expected, "{text}");
        }
        assert!(parse("issuer.example/keys").is_ok());
        assert!(parse("a:80/b").is_ok());
        assert!(parse("1a:80/b").is_err());
        assert!(parse("http://h/#%zz").is_err());
    }
}
