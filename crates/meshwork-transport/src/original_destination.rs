//! Where a captured connection was meant to go.

use std::{io, net::SocketAddr};

use tokio::net::TcpStream;

/// The address that the client dialled before the kernel redirected the connection (iptables
/// `REDIRECT`, Linux's `SO_ORIGINAL_DST`).
///
/// A connection that was not redirected was dialled to the local address, which is what this
/// gives then, as with `TPROXY`.
///
/// # Errors
/// Where the socket cannot be asked; other systems than Linux give the local address.
pub fn original_destination(stream: &TcpStream) -> io::Result<SocketAddr> {
    let local = stream.local_addr()?;
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        let asked = if local.is_ipv4() || is_mapped(&local) {
            socket.original_dst_v4()
        } else {
            socket.original_dst_v6()
        };
        match asked {
            Ok(address) => Ok(address.as_socket().unwrap_or(local)),
            // Nothing was redirected, or no such table is loaded.
            Err(error) if matches!(error.raw_os_error(), Some(ENOENT | ENOPROTOOPT)) => Ok(local),
            Err(error) => Err(error),
        }
    }
    #[cfg(not(target_os = "linux"))]
    Ok(local)
}

#[cfg(target_os = "linux")]
fn is_mapped(address: &SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(address) if address.ip().to_ipv4_mapped().is_some())
}

#[cfg(target_os = "linux")]
const ENOENT: i32 = 2;
#[cfg(target_os = "linux")]
const ENOPROTOOPT: i32 = 92;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_redirected_went_where_it_was_meant_to() {
        for bind in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = tokio::net::TcpListener::bind(bind).await else { continue };
            let address = listener.local_addr().unwrap();
            let _client = TcpStream::connect(address).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            match original_destination(&stream) {
                Ok(found) => assert_eq!(found, address),
                // A sandbox may forbid the question.
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
            }
        }
    }
}
