//! How an attempt can fail before response headers, in Envoy's words.

use std::{error::Error as _, sync::Arc};

use http::{HeaderValue, StatusCode, header::HeaderName};

use crate::{ConnectError, Flag, LocalReply};

/// An attempt that brought no response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpstreamFailure {
    /// The route's cluster does not exist; the status is 503, or 500 for the Gateway API.
    NoCluster(StatusCode),
    /// No endpoint could be picked.
    NoHealthyUpstream,
    /// A circuit breaker refused.
    Overflow,
    /// No connection could be made.
    Connect(ConnectError),
    /// The connection or stream ended before response headers.
    Reset {
        /// How.
        reason: StreamReset,
        /// Whether any byte of the request can have been sent.
        request_sent: bool,
    },
    /// The timeout of one try struck (`retries.perTryTimeout`).
    PerTryTimeout,
}

/// How a stream ended before its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamReset {
    /// The endpoint closed the connection.
    ConnectionTermination,
    /// The endpoint reset the HTTP/2 stream.
    RemoteReset,
    /// The endpoint refused the HTTP/2 stream.
    RemoteRefusedStream,
    /// What the endpoint sent is not HTTP.
    ProtocolError,
    /// The request body failed: the client went away or broke the protocol.
    LocalReset,
}

impl UpstreamFailure {
    /// The answer that Envoy gives; `retried` says whether earlier attempts were made.
    pub fn local_reply(&self, retried: bool) -> LocalReply {
        match self {
            Self::NoCluster(status) => LocalReply::no_cluster(*status),
            Self::NoHealthyUpstream => LocalReply::no_healthy_upstream(),
            Self::PerTryTimeout => LocalReply::timeout("upstream_per_try_timeout"),
            Self::Overflow => reset("overflow", retried, Flag::UpstreamOverflow, None).header(
                HeaderName::from_static("x-envoy-overloaded"),
                HeaderValue::from_static("true"),
            ),
            Self::Connect(ConnectError::TimedOut) => {
                reset("connection timeout", retried, Flag::UpstreamConnectionFailure, None)
            }
            Self::Connect(ConnectError::Failed(why)) => reset(
                "remote connection failure",
                retried,
                Flag::UpstreamConnectionFailure,
                Some(why),
            ),
            Self::Reset { reason, .. } => {
                let (text, flag) = match reason {
                    StreamReset::ConnectionTermination => {
                        ("connection termination", Flag::UpstreamConnectionTermination)
                    }
                    StreamReset::RemoteReset => ("remote reset", Flag::UpstreamRemoteReset),
                    StreamReset::RemoteRefusedStream => {
                        ("remote refused stream reset", Flag::UpstreamRemoteReset)
                    }
                    StreamReset::ProtocolError => ("protocol error", Flag::UpstreamProtocolError),
                    StreamReset::LocalReset => {
                        ("local reset", Flag::DownstreamConnectionTermination)
                    }
                };
                let mut reply = reset(text, retried, flag, None);
                if *reason == StreamReset::ProtocolError {
                    reply.status = StatusCode::BAD_GATEWAY;
                }
                reply
            }
        }
    }

    /// What an error of hyper says of the attempt; `sent` whether the request can have been sent.
    pub(crate) fn from_hyper(error: &hyper::Error, sent: bool) -> Self {
        let stream = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
        let reason = if let Some(stream) = stream.filter(|stream| stream.is_reset()) {
            match stream.reason() {
                Some(h2::Reason::REFUSED_STREAM) => StreamReset::RemoteRefusedStream,
                Some(h2::Reason::PROTOCOL_ERROR) if stream.is_library() => {
                    StreamReset::ProtocolError
                }
                _ => StreamReset::RemoteReset,
            }
        } else if error.is_parse() {
            StreamReset::ProtocolError
        } else if error.is_user() || error.is_body_write_aborted() {
            StreamReset::LocalReset
        } else {
            StreamReset::ConnectionTermination
        };
        Self::Reset { reason, request_sent: sent }
    }
}

fn reset(reason: &str, retried: bool, flag: Flag, why: Option<&Arc<str>>) -> LocalReply {
    let retried = if retried { "retried and the latest " } else { "" };
    let details = match why {
        Some(why) => format!("{reason}|{why}"),
        None => reason.to_owned(),
    };
    let details = details.replace(char::is_whitespace, "_");
    LocalReply::new(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("upstream_reset_before_response_started{{{details}}}"),
    )
    .flag(flag)
    .body(format!(
        "upstream connect error or disconnect/reset before headers. {retried}reset reason: {reason}"
    ))
}
