//! One listening socket of a gateway.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinSet,
};

use super::{connection::Serving, supervisor::Place};

/// Takes connections until `stop` says so, tells `closing` that the socket is closed, and ends with
/// the last connection.
pub(super) async fn listen(
    serving: Arc<Serving>,
    socket: TcpListener,
    place: Place,
    mut stop: watch::Receiver<bool>,
    closing: oneshot::Sender<()>,
) {
    let mut connections = JoinSet::new();
    let stopping = stop.clone();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Latency matters more than full packets.
                    let _ = stream.set_nodelay(true);
                    let serving = Arc::clone(&serving);
                    let (place, stopping) = (place.clone(), stopping.clone());
                    connections.spawn(serving.connection(stream, peer, place, stopping));
                }
                Err(error) => {
                    // Out of file descriptors, or a peer that went away: others go on.
                    let port = place.0;
                    tracing::warn!(port, %error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    drop(socket);
    // Whoever waits may bind the address again.
    let _ = closing.send(());
    while connections.join_next().await.is_some() {}
}

/// Completes when the listener is to take no more connections.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could say so is gone, which is an end too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
