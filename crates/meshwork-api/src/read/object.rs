//! From a value to a typed object and a report.

use super::Admission;
use crate::proto::{Problem, ProblemKind, Reading};
use crate::{AnyObject, Layer, Report, Severity, Violation, schema, validation};
use serde_json::Value;

/// Reads an object from a value that was parsed elsewhere.
///
/// The object is there whenever its kind could be told; where the report
/// [refuses](Report::is_rejected) it, fields are missing from it and it must not take part. Nothing
/// is validated: see [`crate::schema::check`] and [`AnyObject::validate`].
pub fn value(value: &Value, admission: Admission) -> (Option<AnyObject>, Report) {
    let mut reading = Reading::default();
    let object = AnyObject::read(value, &mut reading);
    let mut report = Report::new();
    report.extend(reading.finish().into_iter().filter_map(|problem| admission.judge(problem)));
    (object, report)
}

/// What the schema (where the policy asks for it) and the webhook say of an object.
pub(crate) fn validate(value: &Value, admission: Admission) -> Report {
    let mut report = Report::new();
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if !validation::is_of_istio(version) {
        return report;
    }
    if admission == Admission::Strict {
        report.extend(schema::check(value).report);
    }
    let (_, webhook) = validation::verdict(value);
    // What cannot be read was noted when it was.
    report.extend(webhook.into_iter().filter(|violation| violation.layer != Layer::Reading));
    report
}

impl Admission {
    /// What a problem means under this policy; `None` where it means nothing.
    pub(crate) fn judge(self, problem: Problem) -> Option<Violation> {
        let severity = match (&problem.kind, self) {
            (ProblemKind::WrongType { .. } | ProblemKind::InvalidValue { .. }, _) => {
                Severity::Error
            }
            (ProblemKind::UnknownField { .. } | ProblemKind::DuplicateKey, Self::Strict) => {
                Severity::Error
            }
            (ProblemKind::DuplicateKey, Self::Webhook) => Severity::Warning,
            (ProblemKind::SnakeCase { .. } | ProblemKind::SeveralOfOneof { .. }, Self::Strict) => {
                Severity::Warning
            }
            (_, Self::Webhook) => return None,
        };
        let message = problem.kind.to_string();
        Some(Violation { path: problem.path, layer: Layer::Reading, severity, message })
    }
}
