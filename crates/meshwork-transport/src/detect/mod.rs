//! What a connection speaks, by its first bytes, bounded in time and size.

mod hello;

use std::{io, time::Duration};

use bytes::BytesMut;
use meshwork_routing::{FirstBytes, Inspection};
use meshwork_tower::Peeked;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::{Instant, timeout_at},
};

pub use hello::{ClientHello, HelloReader, HelloState};

/// How far a connection is looked into before it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DetectionLimits {
    /// After this time the connection is decided by what came so far, as if it were plaintext
    /// (MeshConfig `protocolDetectionTimeout`; `None`, Istio's default, waits).
    pub detection_timeout: Option<Duration>,
    /// A connection that has not shown what it speaks is closed after this time; 60 s by default.
    pub limit: Duration,
    /// A TLS hello that has begun has to be complete after this time; 10 s by default.
    pub hello: Duration,
}

impl Default for DetectionLimits {
    fn default() -> Self {
        Self {
            detection_timeout: None,
            limit: Duration::from_secs(60),
            hello: Duration::from_secs(10),
        }
    }
}

/// A connection that showed what it speaks.
#[derive(Debug)]
#[non_exhaustive]
pub struct Detected<I> {
    /// What the first bytes are.
    pub first: FirstBytes,
    /// The client's hello, where it speaks TLS.
    pub hello: Option<ClientHello>,
    /// The connection; reading begins with the first byte.
    pub io: Peeked<I>,
}

/// A connection that did not show what it speaks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// It cannot be read.
    #[error("the connection cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It said nothing, or not enough, for too long.
    #[error("the client did not say in time what it speaks")]
    TimedOut,
}

/// Waits until a connection shows what it speaks: TLS with its whole hello, HTTP, or else.
///
/// `inspection` says what is looked for; where nothing is, no byte is read, so that protocols work
/// in which the server speaks first.
///
/// # Errors
/// [`DetectError`]. A hello that is longer than [`HelloReader::MAX_LEN`] is no hello: the bytes
/// count as plaintext then, as do those that only begin like TLS.
pub async fn detect<I: AsyncRead + Unpin>(
    mut io: I,
    inspection: Inspection,
    limits: DetectionLimits,
) -> Result<Detected<I>, DetectError> {
    let mut look = Look { http: inspection.http, ..Look::default() };
    if !inspection.needs_bytes() {
        let io = Peeked::new(look.bytes.freeze(), io);
        return Ok(Detected { first: FirstBytes::None, hello: None, io });
    }
    let began = Instant::now();
    let mut end = began + limits.limit;
    let decide = limits.detection_timeout.map(|timeout| began + timeout);
    let mut hello_began = false;
    loop {
        if let Some((first, hello)) = look.result() {
            return Ok(Detected { first, hello, io: Peeked::new(look.bytes.freeze(), io) });
        }
        if look.is_hello() && !hello_began {
            hello_began = true;
            end = end.min(Instant::now() + limits.hello);
        }
        let next = decide.map_or(end, |decide| decide.min(end));
        match timeout_at(next, look.read(&mut io)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => {
                let first = look.at_the_end();
                return Ok(Detected {
                    first,
                    hello: None,
                    io: Peeked::new(look.bytes.freeze(), io),
                });
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(_) if decide.is_some_and(|decide| decide <= end) => {
                let first = look.at_the_end();
                return Ok(Detected {
                    first,
                    hello: None,
                    io: Peeked::new(look.bytes.freeze(), io),
                });
            }
            Err(_) => return Err(DetectError::TimedOut),
        }
    }
}

/// What came so far.
#[derive(Default)]
struct Look {
    /// Whether HTTP is told from other plaintext.
    http: bool,
    bytes: BytesMut,
    reader: HelloReader,
    hello: HelloState,
    /// How many bytes were looked at.
    seen: usize,
}

impl Look {
    /// Reads once; `false` at the end of the stream.
    async fn read<I: AsyncRead + Unpin>(&mut self, io: &mut I) -> io::Result<bool> {
        if !self.bytes.is_empty() {
            // Whoever has begun is likely to go on; whoever is silent costs little.
            self.bytes.reserve(HELLO);
        }
        let read = io.read_buf(&mut self.bytes).await?;
        Ok(read > 0)
    }

    fn is_hello(&self) -> bool {
        self.bytes.first() == Some(&0x16) && matches!(self.hello, HelloState::Incomplete)
    }

    fn result(&mut self) -> Option<(FirstBytes, Option<ClientHello>)> {
        let new = self.bytes.get(self.seen..).unwrap_or_default();
        if new.is_empty() {
            return None;
        }
        let begun = self.seen;
        if self.bytes.first() == Some(&0x16) {
            self.hello = self.reader.read(new);
            self.seen = self.bytes.len();
            return match std::mem::take(&mut self.hello) {
                HelloState::Incomplete => None,
                HelloState::NotTls => Some((FirstBytes::Other, None)),
                HelloState::Complete(hello) => Some((FirstBytes::Tls, Some(hello))),
            };
        }
        if !self.http {
            // One byte tells that it is not TLS; a client may say no more before it is answered.
            return Some((FirstBytes::detect(&self.bytes).unwrap_or(FirstBytes::Other), None));
        }
        // The line is looked at from its beginning only when that can bring something new.
        let may_tell = begun < PREFACE_LEN || new.contains(&b'\n') || self.bytes.len() > LONGEST;
        self.seen = self.bytes.len();
        may_tell.then(|| FirstBytes::detect(&self.bytes)).flatten().map(|first| (first, None))
    }

    /// What an unfinished beginning counts as.
    fn at_the_end(&self) -> FirstBytes {
        if self.bytes.is_empty() { FirstBytes::None } else { FirstBytes::Other }
    }
}

/// About how long a hello is.
const HELLO: usize = 2048;
/// How long the preface of HTTP/2 is.
const PREFACE_LEN: usize = 24;
/// How far a request line is looked into, as in `FirstBytes`.
const LONGEST: usize = 64 * 1024;
