//! The tokens of `retryOn`.

use std::fmt;

use http::StatusCode;

macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident = $token:literal,)*) => {
        /// One token of `retryOn`, by Envoy's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RetryCondition {
            $($(#[$doc])* $name,)*
        }

        impl RetryCondition {
            const ALL: &[Self] = &[$(Self::$name),*];

            /// Envoy's name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $token),* }
            }
        }
    };
}

conditions! {
    /// Status 500 to 599, or any reset.
    ServerError = "5xx",
    /// Status 502, 503 or 504, or any reset.
    GatewayError = "gateway-error",
    /// Any reset before the head of the answer.
    Reset = "reset",
    /// A reset before anything was sent.
    ResetBeforeRequest = "reset-before-request",
    /// No connection came about.
    ConnectFailure = "connect-failure",
    /// The peer refused the stream.
    RefusedStream = "refused-stream",
    /// Status 409.
    Retriable4xx = "retriable-4xx",
    /// A status of the policy's list.
    RetriableStatusCodes = "retriable-status-codes",
    /// Headers of a list that VirtualServices cannot give; it never applies.
    RetriableHeaders = "retriable-headers",
    /// An answer with `x-envoy-ratelimited`.
    EnvoyRatelimited = "envoy-ratelimited",
    /// HTTP/3 failed after connecting; it never applies.
    Http3PostConnectFailure = "http3-post-connect-failure",
    /// `grpc-status: 1` in the head of the answer.
    Cancelled = "cancelled",
    /// `grpc-status: 4`.
    DeadlineExceeded = "deadline-exceeded",
    /// `grpc-status: 8`.
    ResourceExhausted = "resource-exhausted",
    /// `grpc-status: 13`.
    Internal = "internal",
    /// `grpc-status: 14`.
    Unavailable = "unavailable",
}

/// A set of conditions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct RetryConditions(u32);

impl RetryConditions {
    /// The conditions of a list.
    pub fn of(conditions: &[RetryCondition]) -> Self {
        let mut set = Self::default();
        for condition in conditions {
            set.insert(*condition);
        }
        set
    }

    /// Istio's default list.
    pub fn built_in() -> Self {
        Self::of(&[
            RetryCondition::ConnectFailure,
            RetryCondition::RefusedStream,
            RetryCondition::Unavailable,
            RetryCondition::Cancelled,
            RetryCondition::RetriableStatusCodes,
        ])
    }

    /// Reads `retryOn`: tokens and known statuses, separated by commas. A status adds
    /// `retriable-status-codes`; unknown tokens are ignored, as Envoy does.
    ///
    /// ```
    /// use meshwork_routing::{RetryCondition, RetryConditions};
    /// let (conditions, codes) = RetryConditions::parse("5xx,503");
    /// assert!(conditions.contains(RetryCondition::ServerError));
    /// assert!(conditions.contains(RetryCondition::RetriableStatusCodes));
    /// assert_eq!(codes, [http::StatusCode::SERVICE_UNAVAILABLE]);
    /// ```
    pub fn parse(retry_on: &str) -> (Self, Vec<StatusCode>) {
        let mut set = Self::default();
        let mut codes = Vec::new();
        for token in retry_on.split(',').map(str::trim) {
            if let Some(condition) =
                RetryCondition::ALL.iter().find(|condition| condition.as_str() == token)
            {
                set.insert(*condition);
            } else if let Some(code) = known_status(token) {
                set.insert(RetryCondition::RetriableStatusCodes);
                codes.push(code);
            }
        }
        (set, codes)
    }

    /// Whether the condition is in the set.
    pub const fn contains(self, condition: RetryCondition) -> bool {
        self.0 & (1 << condition as u32) != 0
    }

    /// Whether one of the conditions is in the set.
    pub fn contains_any(self, conditions: &[RetryCondition]) -> bool {
        conditions.iter().any(|condition| self.contains(*condition))
    }

    fn insert(&mut self, condition: RetryCondition) {
        self.0 |= 1 << condition as u32;
    }

    fn iter(self) -> impl Iterator<Item = RetryCondition> {
        RetryCondition::ALL.iter().copied().filter(move |condition| self.contains(*condition))
    }
}

impl fmt::Debug for RetryConditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(RetryCondition::as_str)).finish()
    }
}

/// A number that is the code of a status with a name.
fn known_status(token: &str) -> Option<StatusCode> {
    let status = StatusCode::from_u16(token.parse().ok()?).ok()?;
    status.canonical_reason().map(|_| status)
}
