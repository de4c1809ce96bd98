//! The protocol that a server answers with.

use std::sync::Arc;

/// The server's first protocol that the client offers; `None` where there is none, and then the
/// handshake goes on without one, as with Envoy.
///
/// Istio's own names tell filter chains apart and are never the answer. `istio-peer-exchange` is
/// not either: whoever agrees to it has to speak a protocol of Envoy's before the first byte.
pub(super) fn choose(server: &[&'static str], client: &[Arc<str>]) -> Option<&'static str> {
    server
        .iter()
        .filter(|protocol| !protocol.starts_with("istio"))
        .find(|protocol| client.iter().any(|offered| **offered == ***protocol))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(client: &[&str], expected: Option<&str>) {
        let client: Vec<Arc<str>> = client.iter().map(|name| Arc::from(*name)).collect();
        assert_eq!(choose(&["istio-peer-exchange", "h2", "http/1.1"], &client), expected);
        assert_eq!(choose(&["h2", "http/1.1"], &client), expected);
    }

    #[test]
    fn the_server_prefers() {
        check(&["istio-http/1.1", "istio", "http/1.1"], Some("http/1.1"));
        check(&["istio-h2", "istio", "h2"], Some("h2"));
        check(&["http/1.1", "h2"], Some("h2"));
        check(&["istio-peer-exchange", "istio"], None);
        check(&["istio"], None);
        check(&[], None);
    }
}
