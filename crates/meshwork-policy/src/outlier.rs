//! Outlier detection, as written in a rule.

use std::time::Duration;

use meshwork_api::networking as api;

/// Istio's `outlierDetection` with the fields as they were set, so that what was left out can be
/// told from what was set to a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct OutlierDetection {
    /// Errors in a row; 0 turns this off, 5 where unset.
    pub consecutive_5xx_errors: Option<u32>,
    /// Gateway errors in a row; off where unset or 0.
    pub consecutive_gateway_errors: Option<u32>,
    /// Whether trouble with connections is counted by itself.
    pub split_external_local_origin_errors: bool,
    /// Connection failures in a row, where split; 5 where unset.
    pub consecutive_local_origin_failures: Option<u32>,
    /// Between decisions about returns; 10 s where unset.
    pub interval: Option<Duration>,
    /// The first ejection; 30 s where unset.
    pub base_ejection_time: Option<Duration>,
    /// At most so many percent are out; 10 where unset.
    pub max_ejection_percent: Option<u32>,
    /// Below this percentage of healthy endpoints all are used; never where 0.
    pub min_health_percent: u8,
    /// The statuses that are errors; 500 and above where empty.
    pub http_error_codes: Box<[u16]>,
}

impl OutlierDetection {
    pub(crate) fn new(settings: &api::OutlierDetection) -> Self {
        let codes = settings.outlier_detection_http_error_codes.iter();
        Self {
            consecutive_5xx_errors: settings.consecutive_5xx_errors,
            consecutive_gateway_errors: settings.consecutive_gateway_errors,
            split_external_local_origin_errors: settings.split_external_local_origin_errors,
            consecutive_local_origin_failures: settings
                .consecutive_local_origin_failures
                .filter(|failures| *failures > 0),
            interval: settings.interval.map(meshwork_api::Duration::as_std),
            base_ejection_time: settings.base_ejection_time.map(meshwork_api::Duration::as_std),
            max_ejection_percent: u32::try_from(settings.max_ejection_percent)
                .ok()
                .filter(|percent| *percent > 0),
            min_health_percent: u8::try_from(settings.min_health_percent.clamp(0, 100))
                .unwrap_or(0),
            http_error_codes: codes.filter_map(|code| u16::try_from(*code).ok()).collect(),
        }
    }

    /// The detector, with Envoy's defaults for what was left out.
    pub fn detector(&self) -> meshwork_balance::OutlierDetection {
        let default = meshwork_balance::OutlierDetection::default();
        let base_ejection_time = self.base_ejection_time.unwrap_or(default.base_ejection_time);
        let threshold = |value: Option<u32>| value.filter(|value| *value > 0);
        meshwork_balance::OutlierDetection {
            consecutive_5xx: match self.consecutive_5xx_errors {
                None => default.consecutive_5xx,
                set => threshold(set),
            },
            consecutive_gateway_failure: threshold(self.consecutive_gateway_errors),
            split_external_local_origin_errors: self.split_external_local_origin_errors,
            consecutive_local_origin_failure: self
                .consecutive_local_origin_failures
                .unwrap_or(default.consecutive_local_origin_failure),
            interval: self.interval.unwrap_or(default.interval),
            base_ejection_time,
            max_ejection_time: default.max_ejection_time.max(base_ejection_time),
            max_ejection_percent: self.max_ejection_percent.unwrap_or(default.max_ejection_percent),
            http_error_codes: self.http_error_codes.clone(),
        }
    }
}
