//! When hosts are ejected.

use std::time::Duration;

/// Rules for taking hosts out (Istio's `trafficPolicy.outlierDetection`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OutlierDetection {
    /// Ejects after that many errors (500 and above) in a row; `None` never.
    pub consecutive_5xx: Option<u32>,
    /// Ejects after that many 502, 503 or 504 in a row; `None` never.
    pub consecutive_gateway_failure: Option<u32>,
    /// Trouble with connections has a count of its own and is no 5xx then.
    pub split_external_local_origin_errors: bool,
    /// Ejects after that many connection failures in a row, where they are split off.
    pub consecutive_local_origin_failure: u32,
    /// How often it is decided who comes back.
    pub interval: Duration,
    /// The time of the first ejection; the n-th of a row lasts n times as long.
    pub base_ejection_time: Duration,
    /// No ejection lasts longer.
    pub max_ejection_time: Duration,
    /// At most this percentage of all hosts is out. There is no "at least one".
    pub max_ejection_percent: u32,
    /// Where not empty, exactly these statuses of responses are errors.
    pub http_error_codes: Box<[u16]>,
}

impl Default for OutlierDetection {
    /// What an empty `outlierDetection: {}` means in Istio.
    fn default() -> Self {
        Self {
            consecutive_5xx: Some(5),
            consecutive_gateway_failure: None,
            split_external_local_origin_errors: false,
            consecutive_local_origin_failure: 5,
            interval: Duration::from_secs(10),
            base_ejection_time: Duration::from_secs(30),
            max_ejection_time: Duration::from_secs(300),
            max_ejection_percent: 10,
            http_error_codes: Box::default(),
        }
    }
}

impl OutlierDetection {
    /// What a response with this status counts as.
    pub(super) fn status(&self, status: u16) -> u16 {
        if self.http_error_codes.is_empty() {
            status
        } else if self.http_error_codes.contains(&status) {
            status.max(500)
        } else {
            200
        }
    }
}
