//! What the first bytes of a connection show, and which of it a listener looks at.

use meshwork_core::Attributes;

/// What the first bytes of a connection were, before any TLS was ended.
///
/// A transparent proxy peeks at the connection and classifies; a client in process knows what it
/// speaks. Server name and protocols of a TLS hello stand in [`Attributes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "Envoy's inspectors know these and no others")]
pub enum FirstBytes {
    /// A request line of HTTP/1.1.
    Http1,
    /// A request line of HTTP/1.0, or of a version that Envoy takes for it.
    Http10,
    /// The preface of HTTP/2 in plaintext.
    Http2,
    /// A TLS ClientHello.
    Tls,
    /// Anything else.
    Other,
    /// Nothing: the client waits for the server, or a detection timeout has struck.
    #[default]
    None,
}

impl FirstBytes {
    /// Classifies the beginning of a plaintext connection or of a TLS record.
    ///
    /// Returns `None` while too little has come to tell. The request line is recognised as Envoy's
    /// HTTP inspector does: a token, a target, and a version, whatever the method is called.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        match bytes {
            [] => return None,
            // A handshake record whose message is a ClientHello.
            [0x16, 0x03, _, _, _, 0x01, ..] => return Some(Self::Tls),
            [0x16] | [0x16, 0x03] | [0x16, 0x03, _] | [0x16, 0x03, _, _] => return None,
            [0x16, 0x03, _, _, _] => return None,
            _ => {}
        }
        if PREFACE.starts_with(bytes) {
            return (bytes.len() == PREFACE.len()).then_some(Self::Http2);
        }
        if bytes.starts_with(PREFACE) {
            return Some(Self::Http2);
        }
        let method = bytes.split(|byte| is_blank(*byte)).next().unwrap_or_default();
        let is_token =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let begun = if end.is_some() { method.trim_ascii_end() } else { method };
        if !begun.iter().all(is_token) || begun.is_empty() {
            return Some(Self::Other);
        }
        let Some(end) = end else {
            return if bytes.len() > Self::LONGEST_LINE { Some(Self::Other) } else { None };
        };
        Some(Self::of_line(bytes.get(..end).unwrap_or_default()))
    }

    /// Classifies a first line: a method whatever it is called, a target, and a version, which
    /// HTTP/0.9 leaves out.
    fn of_line(line: &[u8]) -> Self {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut words = line.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
        let (Some(method), Some(target), version) = (words.next(), words.next(), words.next())
        else {
            return Self::Other;
        };
        let known = method == b"CONNECT"
            || matches!(target.first(), Some(b'/' | b'*'))
            || has_scheme(target);
        if !known || target.iter().any(|byte| *byte >= 0x7f) || words.next().is_some() {
            return Self::Other;
        }
        match version {
            Some(b"HTTP/1.1") => Self::Http1,
            None => Self::Http10,
            Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor])
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                Self::Http10
            }
            Some(_) => Self::Other,
        }
    }

    /// How far to look for the end of a request line, in bytes.
    const LONGEST_LINE: usize = 64 * 1024;
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a target is an absolute URI: letters, and then `://`.
fn has_scheme(target: &[u8]) -> bool {
    let letters = target.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    letters > 0 && target.get(letters..).is_some_and(|rest| rest.starts_with(b"://"))
}

/// Which inspectors a listener runs before it chooses a filter chain.
///
/// Where one runs, the connection waits for the client's first bytes; where none does, a protocol
/// in which the server speaks first works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Inspection {
    /// Envoy's `tls_inspector`: TLS, its server name and its protocols are seen.
    pub tls: bool,
    /// Envoy's `http_inspector`: plaintext HTTP/1 and HTTP/2 are seen.
    pub http: bool,
}

impl Inspection {
    /// Whether the first bytes have to be waited for.
    pub const fn needs_bytes(self) -> bool {
        self.tls || self.http
    }
}

/// `transport_protocol` of a filter chain match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Transport {
    /// `tls`.
    Tls,
    /// `raw_buffer`.
    Raw,
}

/// What a listener knows of a connection when it chooses a filter chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) transport: Transport,
    pub(crate) server_name: &'a str,
    pub(crate) protocols: &'a [&'a str],
    pub(crate) address: Option<std::net::IpAddr>,
}

impl<'a> Seen<'a> {
    /// What `inspection` lets through of the connection.
    pub(crate) fn new(
        inspection: Inspection,
        attributes: &Attributes<'a>,
        first: FirstBytes,
    ) -> Self {
        let address = attributes.destination.map(|destination| destination.ip());
        if inspection.tls && first == FirstBytes::Tls {
            return Self {
                transport: Transport::Tls,
                server_name: attributes.sni.unwrap_or_default(),
                protocols: attributes.alpn,
                address,
            };
        }
        let protocols: &[&str] = match first {
            FirstBytes::Http1 if inspection.http => &["http/1.1"],
            FirstBytes::Http10 if inspection.http => &["http/1.0"],
            FirstBytes::Http2 if inspection.http => &["h2c"],
            _ => &[],
        };
        Self { transport: Transport::Raw, server_name: "", protocols, address }
    }
}
