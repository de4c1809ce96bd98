//! Envoy's response flags as a set.

use std::fmt;

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $short:literal,)*) => {
        /// One response flag of Envoy, in the order in which Envoy writes them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Flag { $($(#[$doc])* $name,)* }

        impl Flag {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The short name that access logs show, for instance `UF`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $short,)* }
            }
        }
    };
}

flags! {
    /// The load balancer found no host (`UH`).
    NoHealthyUpstream = "UH",
    /// A timeout of the route or of one try struck (`UT`).
    UpstreamRequestTimeout = "UT",
    /// The endpoint reset the stream (`UR`).
    UpstreamRemoteReset = "UR",
    /// A connection to the endpoint could not be made (`UF`).
    UpstreamConnectionFailure = "UF",
    /// The endpoint closed the connection (`UC`).
    UpstreamConnectionTermination = "UC",
    /// A circuit breaker or the retry limit refused (`UO`).
    UpstreamOverflow = "UO",
    /// No route, or no filter chain, matched (`NR`).
    NoRouteFound = "NR",
    /// A fault delayed the request (`DI`).
    DelayInjected = "DI",
    /// A fault aborted the request (`FI`).
    FaultInjected = "FI",
    /// An external authorizer refused (`UAEX`).
    UnauthorizedExternalService = "UAEX",
    /// The client, or the codec on its behalf, reset the stream (`DR`).
    DownstreamRemoteReset = "DR",
    /// The client went away (`DC`).
    DownstreamConnectionTermination = "DC",
    /// All retries were used up (`URX`).
    UpstreamRetryLimitExceeded = "URX",
    /// A stream was silent for too long (`SI`).
    StreamIdleTimeout = "SI",
    /// The client broke the protocol (`DPE`).
    DownstreamProtocolError = "DPE",
    /// A TCP connection reached its longest duration (`DT`).
    DurationTimeout = "DT",
    /// The endpoint broke the protocol (`UPE`).
    UpstreamProtocolError = "UPE",
    /// The route's cluster does not exist (`NC`).
    NoClusterFound = "NC",
}

/// The set of flags of one request or connection.
///
/// It is a response extension of every answer that a stack gives.
///
/// ```
/// use meshwork_tower::{Flag, ResponseFlags};
/// let flags = ResponseFlags::from(Flag::UpstreamConnectionFailure)
///     | Flag::UpstreamRetryLimitExceeded;
/// assert_eq!(flags.to_string(), "UF,URX");
/// assert_eq!(ResponseFlags::NONE.to_string(), "-");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ResponseFlags(u32);

impl ResponseFlags {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// Whether `flag` is among them.
    pub const fn contains(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u32) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds `flag`.
    pub const fn insert(&mut self, flag: Flag) {
        self.0 |= 1 << flag as u32;
    }

    /// The flags in Envoy's order.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.iter().copied().filter(move |flag| self.contains(*flag))
    }
}

impl From<Flag> for ResponseFlags {
    fn from(flag: Flag) -> Self {
        Self(1 << flag as u32)
    }
}

impl std::ops::BitOr<Flag> for ResponseFlags {
    type Output = Self;

    fn bitor(mut self, flag: Flag) -> Self {
        self.insert(flag);
        self
    }
}

impl std::ops::BitOr for ResponseFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for ResponseFlags {
    /// `URX,UF`, or `-` for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-");
        }
        for (index, flag) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(flag.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ResponseFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
