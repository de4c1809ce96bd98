//! The ClientHello of TLS, read without taking part in the handshake.

use std::sync::Arc;

/// What a client says before anything is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientHello {
    /// The server name, lower-cased.
    pub sni: Option<Arc<str>>,
    /// The protocols offered, best first; those that are not text are left out.
    pub alpn: Vec<Arc<str>>,
}

/// Puts a ClientHello together from bytes as they come, across segments and TLS records.
///
/// The work is proportional to the bytes, however small the pieces are that they come in.
#[derive(Clone, Debug, Default)]
pub struct HelloReader {
    /// The header of the record that is being read.
    header: [u8; 5],
    header_len: usize,
    /// What is left of the record.
    left: usize,
    message: Vec<u8>,
    total: usize,
}

/// What is known of the hello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else that bytes can be")]
pub enum HelloState {
    /// More bytes are needed.
    #[default]
    Incomplete,
    /// The bytes are no hello, or a longer one than is taken.
    NotTls,
    /// The hello.
    Complete(ClientHello),
}

impl HelloReader {
    /// How many bytes a hello may take on the wire, records included.
    pub const MAX_LEN: usize = 64 * 1024;

    /// Reads what came; to be called with each byte once, until the state is final.
    pub fn read(&mut self, mut bytes: &[u8]) -> HelloState {
        self.total += bytes.len();
        while !bytes.is_empty() {
            if self.left == 0 {
                let Some(rest) = self.read_header(bytes) else { return HelloState::NotTls };
                bytes = rest;
                continue;
            }
            let (now, later) = bytes.split_at(self.left.min(bytes.len()));
            self.left -= now.len();
            self.message.extend_from_slice(now);
            bytes = later;
            match self.message() {
                Some(Ok(message)) => {
                    return parse(message).map_or(HelloState::NotTls, HelloState::Complete);
                }
                Some(Err(())) => return HelloState::NotTls,
                None => {}
            }
        }
        if self.total > Self::MAX_LEN { HelloState::NotTls } else { HelloState::Incomplete }
    }

    fn read_header<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (byte, rest) = bytes.split_first()?;
        *self.header.get_mut(self.header_len)? = *byte;
        self.header_len += 1;
        match (self.header_len, self.header) {
            (1, [kind, ..]) if kind != HANDSHAKE => None,
            (2, [_, major, ..]) if major != 3 => None,
            (5, [.., high, low]) => {
                self.header_len = 0;
                self.left = usize::from(u16::from_be_bytes([high, low]));
                (1..=MAX_RECORD).contains(&self.left).then_some(rest)
            }
            _ => Some(rest),
        }
    }

    /// The body of the handshake message, once it is whole.
    fn message(&self) -> Option<Result<&[u8], ()>> {
        if self.message.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
            return Some(Err(()));
        }
        let (head, body) = self.message.split_first_chunk::<4>()?;
        let [_, a, b, c] = *head;
        let len = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        if len > Self::MAX_LEN {
            return Some(Err(()));
        }
        body.get(..len).map(Ok)
    }
}

/// A reader of the nested vectors of TLS.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (now, later) = self.0.split_at_checked(len)?;
        self.0 = later;
        Some(now)
    }

    fn number(&mut self, width: usize) -> Option<usize> {
        let bytes = self.take(width)?;
        Some(bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }

    /// A vector whose length stands before it in `width` bytes.
    fn vector(&mut self, width: usize) -> Option<Bytes<'a>> {
        let len = self.number(width)?;
        self.take(len).map(Bytes)
    }
}

fn parse(body: &[u8]) -> Option<ClientHello> {
    let mut body = Bytes(body);
    body.take(2 + 32)?;
    body.vector(1)?;
    body.vector(2)?;
    body.vector(1)?;
    let mut hello = ClientHello::default();
    if body.0.is_empty() {
        return Some(hello);
    }
    let mut extensions = body.vector(2)?;
    while !extensions.0.is_empty() {
        let kind = extensions.number(2)?;
        let mut extension = extensions.vector(2)?;
        match kind {
            SERVER_NAME => {
                let mut names = extension.vector(2)?;
                while !names.0.is_empty() {
                    let host = names.number(1)? == 0;
                    let name = names.vector(2)?;
                    if host && hello.sni.is_none() {
                        hello.sni = Some(text(name.0)?.to_ascii_lowercase().into());
                    }
                }
            }
            ALPN => {
                let mut protocols = extension.vector(2)?;
                while !protocols.0.is_empty() {
                    let protocol = protocols.vector(1)?;
                    if hello.alpn.len() < MAX_PROTOCOLS {
                        hello.alpn.extend(text(protocol.0).map(Arc::from));
                    }
                }
            }
            _ => {}
        }
    }
    Some(hello)
}

/// Text that is safe to log and to compare.
fn text(bytes: &[u8]) -> Option<&str> {
    bytes.iter().all(u8::is_ascii_graphic).then(|| std::str::from_utf8(bytes).ok()).flatten()
}

const HANDSHAKE: u8 = 0x16;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: usize = 0;
const ALPN: usize = 16;
/// The longest record, with what encryption may add.
const MAX_RECORD: usize = (1 << 14) + 2048;
/// How many protocols are looked at.
const MAX_PROTOCOLS: usize = 64;
