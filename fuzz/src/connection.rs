//! The first bytes of connections.

use std::{sync::LazyLock, time::Duration};

use meshwork_transport::{
    ClientCertDetails, HelloReader, HelloState, accept_proxy_header, forwarded_client_cert,
};
use tokio::io::AsyncReadExt as _;

/// A ClientHello comes out the same however its bytes are cut.
pub fn client_hello_peek(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let read = |piece: usize| {
        let mut reader = HelloReader::default();
        let mut states = bytes.chunks(piece).map(|piece| reader.read(piece));
        states.find(|state| *state != HelloState::Incomplete).unwrap_or_default()
    };
    let piece = usize::from(*first).max(1);
    assert_eq!(read(piece), read(bytes.len().max(1)), "pieces of {piece}");
}

/// A PROXY header is read or refused, and nothing is waited for in vain.
pub fn proxy_protocol(data: &[u8]) {
    static RUNTIME: LazyLock<Option<tokio::runtime::Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_time().build().ok());
    let Some(runtime) = &*RUNTIME else { return };
    let read = runtime.block_on(async {
        let (addresses, mut io) = accept_proxy_header(data, Duration::from_secs(1)).await.ok()?;
        let mut rest = Vec::new();
        io.read_to_end(&mut rest).await.ok()?;
        Some((addresses, rest))
    });
    if let Some((addresses, rest)) = read {
        assert!(addresses.is_none_or(|a| a.source.is_ipv4() == a.destination.is_ipv4()));
        assert!(data.ends_with(&rest), "the rest is still there");
        assert!(rest.len() < data.len(), "the header is not");
    }
}

/// An element describes one certificate: nothing in it ends it.
pub fn xfcc(data: &[u8]) {
    let provider = meshwork_identity::tls::provider();
    let own = "spiffe://cluster.local/ns/shop/sa/web";
    let sidecar = ClientCertDetails::SIDECAR;
    let Some(element) = forwarded_client_cert(Some(own), &[data], sidecar, &provider) else {
        return;
    };
    let mut quoted = false;
    let mut escaped = false;
    for c in element.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' => assert!(quoted, "{element}"),
            _ => {}
        }
    }
    assert!(!quoted, "{element}");
}
