//! Points in time as Kubernetes writes them.

use crate::proto::{Field, Reading, Shape};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A point in time (RFC 3339); earlier is less.
///
/// ```
/// use meshwork_api::Timestamp;
/// let created: Timestamp = "2026-01-01T00:00:10Z".parse().unwrap();
/// assert_eq!(created.unix_seconds(), 1_767_225_610);
/// assert_eq!(created.to_string(), "2026-01-01T00:00:10Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The point so many seconds after 1970-01-01T00:00:00Z; `None` beyond the year 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(Self)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub fn unix_nanos(self) -> i128 {
        self.0.unix_timestamp_nanos()
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self(OffsetDateTime::UNIX_EPOCH)
    }
}

/// A text is not a [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time such as `2026-01-01T00:00:00Z`")]
pub struct ParseTimestampError(String);

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        canonical(text)
            .and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok())
            .and_then(|time| time.checked_to_offset(UtcOffset::UTC))
            // Years of more than four digits cannot be written again.
            .filter(|time| (0..=9999).contains(&time.year()))
            .map(Self)
            .ok_or_else(|| ParseTimestampError(text.chars().take(64).collect()))
    }
}

/// The strict form of a time as Go takes it: an hour may lack its zero and a fraction may follow a
/// comma, but `T` and `Z` are capital and no minute has a second 60.
fn canonical(text: &str) -> Option<String> {
    let (date, clock) = text.split_once('T')?;
    let (hour, rest) = clock.split_once(':')?;
    let (time, tail) = rest.split_at_checked("00:00".len())?;
    let fits = matches!(hour.len(), 1 | 2)
        && hour.bytes().all(|b| b.is_ascii_digit())
        && !time.ends_with("60")
        && !tail.ends_with('z');
    let tail = tail.replacen(',', ".", 1);
    fits.then(|| format!("{date}T{hour:0>2}:{time}{tail}"))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.format(&Rfc3339).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl Field for Timestamp {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        let Value::String(text) = value else {
            return reading.wrong_type("a time such as `2026-01-01T00:00:00Z`", value);
        };
        match text.parse() {
            Ok(time) => Some(time),
            Err(error) => {
                let error: ParseTimestampError = error;
                reading.invalid(error.to_string())
            }
        }
    }

    fn is_unset(&self) -> bool {
        false
    }

    fn shape() -> Shape {
        Shape::Scalar("Timestamp")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::proto::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, expected) in [
            ("2026-01-01T00:00:10Z", Some("2026-01-01T00:00:10Z")),
            ("2026-01-01T1:00:00.25+01:00", Some("2026-01-01T00:00:00.25Z")),
            ("2026-01-01T00:00:00,5Z", Some("2026-01-01T00:00:00.5Z")),
            ("2024-02-29T23:59:59Z", Some("2024-02-29T23:59:59Z")),
            ("0000-01-01T00:00:00Z", Some("0000-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59-01:00", None),
            ("0000-01-01T00:00:00+01:00", None),
            ("2026-02-29T00:00:00Z", None),
            ("2026-01-01 00:00:00Z", None),
            ("2026-01-01t00:00:00Z", None),
            ("2026-01-01T00:00:00z", None),
            ("2026-01-01T23:59:60Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T00:00Z", None),
            ("2026-01-01T00:00:00", None),
            ("2026-1-1T00:00:00Z", None),
            ("2026-01-01", None),
            ("", None),
        ] {
            let read = text.parse::<Timestamp>().ok().map(|time| time.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
