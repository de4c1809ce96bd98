//! What has passed of a request and its answer, and until when more has to.

use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use tokio::time::Instant;

use crate::{Flag, LocalReply, StreamLimits};

/// What has passed of one request, seen from the outermost layer.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    received: AtomicU64,
    complete: AtomicBool,
    watch: OnceLock<Watch>,
}

/// The limits of a request, where it has any.
#[derive(Debug)]
struct Watch {
    limits: StreamLimits,
    began: Instant,
    /// When something passed last, in either direction.
    touched: Mutex<Instant>,
}

/// The limit that strikes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Request,
    Idle,
    Duration,
}

impl Progress {
    /// Bytes of the request's body that have come.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(crate) fn receive(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
        self.touch();
    }

    /// The whole request has come.
    pub(crate) fn set_complete(&self) {
        self.complete.store(true, Ordering::Relaxed);
        self.touch();
    }

    /// Something has passed.
    pub(crate) fn touch(&self) {
        if let Some(watch) = self.watch.get() {
            *watch.touched.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }

    /// Holds the request to `limits` from now on.
    pub(crate) fn begin(&self, limits: StreamLimits) {
        let began = Instant::now();
        // A request that is normalised twice keeps its first limits.
        let _ = self.watch.set(Watch { limits, began, touched: Mutex::new(began) });
    }

    /// Waits until a limit strikes before the head of the answer; the answer that it makes.
    pub(crate) async fn exceeded(&self) -> LocalReply {
        loop {
            let Some((at, limit)) = self.due(false) else { return std::future::pending().await };
            if at <= Instant::now() {
                return self.reply(limit);
            }
            tokio::time::sleep_until(at).await;
        }
    }

    /// When a limit strikes at the earliest while the answer's body passes.
    pub(crate) fn answer_due(&self) -> Option<Instant> {
        self.due(true).map(|(at, _)| at)
    }

    /// The flag of the limit that strikes then.
    pub(crate) fn answer_flag(&self) -> Option<Flag> {
        let idle = self.due(true).is_some_and(|(_, limit)| limit == Limit::Idle);
        idle.then_some(Flag::StreamIdleTimeout)
    }

    fn due(&self, answered: bool) -> Option<(Instant, Limit)> {
        let Watch { limits, began, touched } = self.watch.get()?;
        let arriving = !answered && !self.complete.load(Ordering::Relaxed);
        let touched = *touched.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |from: Instant, limit: Option<Duration>, what| Some((from + limit?, what));
        [
            due(*began, limits.request_timeout.filter(|_| arriving), Limit::Request),
            due(*began, limits.max_duration, Limit::Duration),
            due(touched, limits.idle_timeout, Limit::Idle),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    fn reply(&self, limit: Limit) -> LocalReply {
        let complete = self.complete.load(Ordering::Relaxed);
        let late = if complete { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::REQUEST_TIMEOUT };
        let mut reply = match limit {
            Limit::Request => {
                LocalReply::new(late, "request_overall_timeout").body("request timeout")
            }
            Limit::Idle => LocalReply::new(late, "stream_idle_timeout")
                .body("stream timeout")
                .flag(Flag::StreamIdleTimeout),
            Limit::Duration => {
                LocalReply::new(late, "max_duration_timeout").body("downstream duration timeout")
            }
        };
        if limit == Limit::Duration {
            reply.grpc_status = Some(DEADLINE_EXCEEDED);
        }
        // What still comes of the request is not read.
        if complete { reply } else { reply.close() }
    }
}

const DEADLINE_EXCEEDED: u8 = 4;
