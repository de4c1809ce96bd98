//! Bytes of strangers: nothing panics, and how they are cut does not matter.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

use std::sync::LazyLock;

use meshwork_identity::tls::provider;
use meshwork_transport::{
    ClientCertDetails, HelloReader, HelloState, accept_proxy_header, forwarded_client_cert,
};
use proptest::prelude::*;

/// The ClientHello of a real client.
static HELLO: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"istio".to_vec(), b"h2".to_vec()];
    let name = "web.example".try_into().unwrap();
    let mut client = rustls::ClientConnection::new(std::sync::Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
});

fn read(bytes: &[u8], piece: usize) -> HelloState {
    let mut reader = HelloReader::default();
    let mut state = HelloState::Incomplete;
    for piece in bytes.chunks(piece) {
        state = reader.read(piece);
        if state != HelloState::Incomplete {
            break;
        }
    }
    state
}

proptest! {
    #[test]
    fn a_hello_reads_the_same_in_any_pieces_even_a_broken_one(
        at in 0_usize..2000,
        byte in any::<u8>(),
        piece in 1_usize..300,
    ) {
        let mut bytes = HELLO.clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        prop_assert_eq!(read(&bytes, piece), read(&bytes, bytes.len()));
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..2000), tls in any::<bool>()) {
        let mut bytes = bytes;
        if tls {
            bytes.splice(0..0, [0x16, 3, 1, 0x02, 0, 1, 0, 1, 0xfc]);
        }
        prop_assert_eq!(read(&bytes, 7), read(&bytes, bytes.len().max(1)));
        prop_assert_eq!(forwarded_client_cert(None, &[&bytes], ClientCertDetails::GATEWAY, &provider()), None);
    }

    #[test]
    fn any_proxy_header_is_read(
        begin in prop::sample::select(vec![&b""[..], b"PROXY ", b"PROXY TCP4 ", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"]),
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [begin, &rest].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let read = runtime.block_on(accept_proxy_header(&bytes[..], std::time::Duration::from_secs(1)));
        if let Ok((Some(addresses), _)) = read {
            prop_assert_eq!(addresses.source.is_ipv4(), addresses.destination.is_ipv4());
        }
    }
}
