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
    let Read { object, report, .. } = read(value, admission);
    (object, report)
}

/// An object that was read.
pub(crate) struct Read {
    pub(crate) object: Option<AnyObject>,
    pub(crate) report: Report,
    /// Whether istiod could read it too.
    readable: bool,
}

pub(crate) fn read(value: &Value, admission: Admission) -> Read {
    let mut reading = Reading::default();
    let object = AnyObject::read(value, &mut reading);
    let problems = reading.finish();
    let readable = !problems.iter().any(|problem| problem.kind.is_unreadable());
    let mut report = Report::new();
    report.extend(problems.into_iter().filter_map(|problem| admission.judge(problem)));
    Read { object, report, readable }
}

/// Adds what the schema (where the policy asks for it) and the webhook say of an object.
pub(crate) fn validate(value: &Value, read: &mut Read, admission: Admission) {
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if !validation::is_of_istio(version) {
        return;
    }
    if admission == Admission::Strict {
        let known: Vec<String> = read.report.iter().map(|v| v.path.clone()).collect();
        // What reading says of a field, the schema would say again.
        let further = schema::check(value).report.into_iter();
        read.report.extend(further.filter(|violation| !known.contains(&violation.path)));
    }
    if let Some(object) = read.object.as_ref().filter(|_| read.readable) {
        read.report.extend(object.validate());
    }
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
