//! Durations, ports, percentages, statuses, locations of sockets.

use crate::Duration;

/// Why a duration is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    #[error("must be at least 1ms")]
    TooShort,
    #[error("must be a whole number of milliseconds")]
    TooPrecise,
}

/// Checks a duration: Istio counts in milliseconds, and zero is none.
pub(crate) fn check_duration(duration: Duration) -> Result<(), DurationError> {
    if duration.as_nanos() < NANOS_PER_MILLI {
        Err(DurationError::TooShort)
    } else if duration.as_nanos() % NANOS_PER_MILLI != 0 {
        Err(DurationError::TooPrecise)
    } else {
        Ok(())
    }
}

/// Whether a port number is one.
pub(crate) fn is_port(number: u32) -> bool {
    (1..=65_535).contains(&number)
}

/// Why the path of a Unix socket is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnixPathError {
    #[error("needs a path after `unix://`")]
    Empty,
    #[error("needs an absolute path of a file after `unix://`, or `@` and a name")]
    NotAbsolute,
}

/// Checks what stands after `unix://`.
pub(crate) fn check_unix_path(path: &str) -> Result<(), UnixPathError> {
    if path.is_empty() {
        Err(UnixPathError::Empty)
    } else if path.starts_with('@') || (path.starts_with('/') && !path.ends_with('/')) {
        Ok(())
    } else {
        Err(UnixPathError::NotAbsolute)
    }
}

/// Whether `text` is a condition on which Envoy retries, or a status that Go has a name for.
pub(crate) fn is_retry_condition(text: &str) -> bool {
    const CONDITIONS: [&str; 16] = [
        "5xx",
        "gateway-error",
        "reset",
        "reset-before-request",
        "connect-failure",
        "retriable-4xx",
        "refused-stream",
        "retriable-status-codes",
        "retriable-headers",
        "envoy-ratelimited",
        "http3-post-connect-failure",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    ];
    CONDITIONS.contains(&text) || text.parse().is_ok_and(is_known_status)
}

/// Whether a status has a registered reason phrase, as Go's `net/http` knows them.
fn is_known_status(status: i32) -> bool {
    matches!(
        status,
        100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429
            | 431 | 451 | 500..=508 | 510 | 511
    )
}

/// Whether `name` is the name of a gRPC status.
pub(crate) fn is_grpc_status(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    NAMES.contains(&name)
}

/// Splits `host:port` or `[host]:port`; the host may be empty.
pub(crate) fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let clean = |part: &str| !part.contains(['[', ']']);
    (clean(host) && clean(port)).then_some((host, port))
}

const NANOS_PER_MILLI: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (nanos, expected) in [
            (1_000_000, Ok(())),
            (90_000_000_000, Ok(())),
            (0, Err(DurationError::TooShort)),
            (-1_000_000, Err(DurationError::TooShort)),
            (999_999, Err(DurationError::TooShort)),
            (1_500_000, Err(DurationError::TooPrecise)),
        ] {
            assert_eq!(check_duration(Duration::from_nanos(nanos)), expected, "{nanos}");
        }
    }

    #[test]
    fn retry_conditions() {
        for (text, expected) in [
            ("5xx", true),
            ("503", true),
            ("418", true),
            ("419", false),
            ("306", false),
            ("", false),
            (" 5xx", false),
            ("+503", true),
            ("never", false),
        ] {
            assert_eq!(is_retry_condition(text), expected, "{text}");
        }
    }

    #[test]
    fn sockets() {
        for (path, expected) in
            [("/a", true), ("@a", true), ("a", false), ("/a/", false), ("", false)]
        {
            assert_eq!(check_unix_path(path).is_ok(), expected, "{path}");
        }
        for (text, expected) in [
            ("127.0.0.1:80", Some(("127.0.0.1", "80"))),
            (":80", Some(("", "80"))),
            ("[::1]:80", Some(("::1", "80"))),
            ("::1:80", None),
            ("[::1]", None),
            ("a", None),
            ("[a:80", None),
            ("a]:80", None),
        ] {
            assert_eq!(split_host_port(text), expected, "{text}");
        }
    }
}
