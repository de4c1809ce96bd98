//! Durations in Go's notation.

use crate::proto::{Field, Reading, Shape};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use std::time::Duration as StdDuration;

/// A length of time as Istio's resources write it: `5s`, `1h30m`, `.5s`, `-1ms`.
///
/// It is what Go's `time.ParseDuration` reads: signed, at most 292 years, resolved to the
/// nanosecond. Reading accepts negative values, as istiod does; validation refuses them.
///
/// ```
/// use meshwork_api::Duration;
/// let timeout: Duration = "1m30s".parse().unwrap();
/// assert_eq!(timeout.as_std(), std::time::Duration::from_secs(90));
/// assert_eq!(timeout.to_string(), "90s");
/// assert!("1d".parse::<Duration>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration(i64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A duration of so many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A duration of so many milliseconds; saturates at 292 years.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A duration of so many seconds; saturates at 292 years.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The duration in nanoseconds, with its sign.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The duration as the standard library has it; a negative one is zero.
    pub fn as_std(self) -> StdDuration {
        StdDuration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// Whether it is less than zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl From<StdDuration> for Duration {
    /// Saturates at 292 years.
    fn from(duration: StdDuration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Duration {
    /// Seconds with a decimal fraction, as proto3 JSON writes durations: `90s`, `0.005s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let (seconds, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        if fraction == 0 {
            return write!(f, "{sign}{seconds}s");
        }
        let fraction = format!("{fraction:09}");
        write!(f, "{sign}{seconds}.{}s", fraction.trim_end_matches('0'))
    }
}

/// Why a text is not a [`Duration`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseDurationError {
    /// It is not a number with a unit, or several of them.
    #[error("`{0}` is not a duration such as `5s`, `100ms` or `1h30m`")]
    Malformed(String),
    /// A number without a unit.
    #[error("`{0}` lacks a unit, as in `5s` or `100ms`")]
    NoUnit(String),
    /// It is longer than 292 years.
    #[error("`{0}` is too long for a duration")]
    TooLong(String),
}

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let quoted = || text.chars().take(64).collect::<String>();
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(ParseDurationError::Malformed(quoted()));
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (whole, after) = digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(ParseDurationError::Malformed(quoted()));
            }
            let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            if unit.is_empty() {
                return Err(ParseDurationError::NoUnit(quoted()));
            }
            let unit = unit_nanos(unit).ok_or_else(|| ParseDurationError::Malformed(quoted()))?;
            let part = part_nanos(whole, fraction, unit)
                .ok_or_else(|| ParseDurationError::TooLong(quoted()))?;
            total = total
                .checked_add(part)
                .filter(|total| *total <= LIMIT)
                .ok_or_else(|| ParseDurationError::TooLong(quoted()))?;
            rest = after;
        }
        // The least value has no positive counterpart.
        if negative {
            return Ok(Self(0i64.checked_sub_unsigned(total).unwrap_or(i64::MIN)));
        }
        let nanos = i64::try_from(total).map_err(|_| ParseDurationError::TooLong(quoted()))?;
        Ok(Self(nanos))
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// One number with its unit; digits below a nanosecond are cut off.
fn part_nanos(whole: &str, fraction: &str, unit: u64) -> Option<u64> {
    let whole = whole.bytes().try_fold(0u64, |sum, digit| {
        sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|sum| *sum <= LIMIT)
    })?;
    let nanos = whole.checked_mul(unit).filter(|nanos| *nanos <= LIMIT)?;
    let mut scale = u128::from(unit);
    let mut below = 0u128;
    let mut places = 1u128;
    for digit in fraction.bytes().take(18) {
        below = below * 10 + u128::from(digit - b'0');
        places *= 10;
    }
    scale = scale * below / places;
    nanos.checked_add(u64::try_from(scale).ok()?)
}

const LIMIT: u64 = 1 << 63;

impl Field for Duration {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        let Value::String(text) = value else {
            return reading.wrong_type("a duration such as `5s`", value);
        };
        match text.parse() {
            Ok(duration) => Some(duration),
            Err(error) => {
                let error: ParseDurationError = error;
                reading.invalid(error.to_string())
            }
        }
    }

    fn is_unset(&self) -> bool {
        false
    }

    fn shape() -> Shape {
        Shape::Scalar("Duration")
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::proto::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, nanos) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("5s", Some(5_000_000_000)),
            ("+5s", Some(5_000_000_000)),
            ("1h30m", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            ("-1ms", Some(-1_000_000)),
            ("1us", Some(1_000)),
            ("1\u{b5}s", Some(1_000)),
            ("1ns1ns", Some(2)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("9223372036854775808ns", None),
            ("3000000h", None),
            ("", None),
            ("+", None),
            (".", None),
            ("1", None),
            ("1d", None),
            ("1e3s", None),
            ("1 s", None),
            ("s", None),
            ("--1s", None),
            ("\u{661}s", None),
        ] {
            let read = text.parse::<Duration>().ok().map(Duration::as_nanos);
            assert_eq!(read, nanos, "{text}");
        }
    }
}
