//! Traffic waits for the first snapshot, within bounds.

use std::time::Duration;

use http::{Response, StatusCode};
use meshwork_tower::Body;
use tokio::sync::watch;

/// Lets traffic pass once there is a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    ready: watch::Receiver<bool>,
    timeout: Duration,
}

impl Gate {
    pub(crate) fn new(ready: watch::Receiver<bool>, timeout: Duration) -> Self {
        Self { ready, timeout }
    }

    /// Waits for the first snapshot.
    ///
    /// # Errors
    /// The answer where there is none in time: 503.
    pub(crate) async fn pass(&mut self) -> Result<(), Response<Body>> {
        // The usual case takes no timer.
        if *self.ready.borrow() {
            return Ok(());
        }
        let waited = tokio::time::timeout(self.timeout, self.ready.wait_for(|ready| *ready)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            _ => Err(not_ready()),
        }
    }
}

fn not_ready() -> Response<Body> {
    let mut answer = Response::new(Body::from("the mesh has no configuration yet"));
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer
}
