//! TLS modelled in band: what a client says in its hello, in a record that begins as TLS does.
//!
//! Nothing is encrypted. Whoever passes bytes on sees a hello as it would see a real one, whoever
//! ends TLS reads it and answers, and everybody else takes it for garbage.

use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::vectors::{recorded::ReceivedTls, scenario::ClientHello};

/// What ends TLS answers.
pub(super) const SERVER_HELLO: [u8; 5] = [0x16, 3, 3, 0, 0];
/// How a client's hello begins.
const CLIENT_HELLO: [u8; 3] = [0x16, 3, 1];
/// How long the head of a handshake message is.
const HANDSHAKE: u16 = 4;

/// The hello of a client, as bytes.
pub(super) fn client_hello(hello: &ClientHello, alpn: &[String]) -> Vec<u8> {
    let text = json!({ "sni": hello.sni, "alpn": alpn, "client": hello.principal }).to_string();
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut bytes = CLIENT_HELLO.to_vec();
    bytes.extend(length.saturating_add(HANDSHAKE).to_be_bytes());
    // A handshake message: ClientHello, and its length in three bytes.
    bytes.extend([1, 0]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.bytes());
    bytes
}

/// Ends TLS: reads the client's hello and answers it.
///
/// # Errors
/// When the pipe ends, or holds no hello.
pub(super) async fn accept<Io>(io: &mut Io) -> io::Result<ReceivedTls>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let mut start = [0; 9];
    io.read_exact(&mut start).await?;
    let [a, b, c, _, _, kind, _, high, low] = start;
    if [a, b, c] != CLIENT_HELLO || kind != 1 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no TLS"));
    }
    let mut text = vec![0; usize::from(u16::from_be_bytes([high, low]))];
    io.read_exact(&mut text).await?;
    io.write_all(&SERVER_HELLO).await?;
    let hello: Value = serde_json::from_slice(&text)?;
    let part = |name: &str| hello.get(name).and_then(Value::as_str).map(str::to_owned);
    let alpn = hello.pointer("/alpn/0").and_then(Value::as_str).map(str::to_owned);
    Ok(ReceivedTls { sni: part("sni"), alpn, client: part("client") })
}
