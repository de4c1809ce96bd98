//! Upgraded connections: bytes go both ways until one side ends.

use http::{Request, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::Body;

/// The client's end of an upgrade, where a server took the request.
pub(super) fn downstream(request: &mut Request<Body>) -> Option<OnUpgrade> {
    request.extensions_mut().remove::<OnUpgrade>()
}

/// Joins both ends when the endpoint agreed to the upgrade.
///
/// In process there is no server below the request: the endpoint's end then stays in the
/// response, where the caller finds it by `hyper::upgrade::on`.
pub(super) fn join(
    downstream: Option<OnUpgrade>,
    response: &mut Response<Body>,
    guard: impl Send + 'static,
) {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let Some(downstream) = downstream else { return };
    let Some(upstream) = response.extensions_mut().remove::<OnUpgrade>() else { return };
    tokio::spawn(async move {
        let _guard = guard;
        let (Ok(upstream), Ok(downstream)) = tokio::join!(upstream, downstream) else { return };
        let (mut upstream, mut downstream) = (TokioIo::new(upstream), TokioIo::new(downstream));
        // How the connection ends is its own affair.
        let _ = tokio::io::copy_bidirectional(&mut downstream, &mut upstream).await;
    });
}
