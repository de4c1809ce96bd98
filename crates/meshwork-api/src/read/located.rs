//! Values that know where they were written.

use super::document::Document;
use super::{Diagnostic, Position, Source};
use crate::{Layer, Report, Severity, Violation};
use meshwork_core::ResourceRef;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// Something that was read, with the way back to its text.
///
/// It keeps the text, what the text says as a typed value, and what was noticed. Everything else
/// (the places of fields, the untyped value) is found in the text again when it is asked for,
/// because most objects are never asked.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// What was read.
    pub object: T,
    report: Report,
    unenforced: Report,
    document: Arc<Document>,
    /// Where the object stands in its document: empty, or `items[3]` in a list.
    prefix: String,
    resource: Option<ResourceRef>,
    /// The byte of the text at which it begins, where that is known without reading it again.
    start: Option<usize>,
}

impl<T> Located<T> {
    pub(crate) fn new(
        object: T,
        report: Report,
        document: Arc<Document>,
        prefix: String,
        resource: Option<ResourceRef>,
    ) -> Self {
        Self { object, report, unenforced: Report::new(), document, prefix, resource, start: None }
    }

    /// The object as it is written, without a type; null where the text has no such place.
    ///
    /// The text is read again for it when it is asked for the first time.
    pub fn value(&self) -> &Value {
        self.document.value(&self.prefix)
    }

    /// What reading noticed.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// A warning for every field that is set and has no effect here, by the
    /// [table](crate::coverage).
    ///
    /// ```
    /// let outcome = meshwork_api::read::documents("t.yaml", "\
    /// apiVersion: telemetry.istio.io/v1
    /// kind: Telemetry
    /// metadata: {name: quiet}
    /// spec: {accessLogging: [{disabled: true}]}
    /// ");
    /// let report = outcome.objects[0].unenforced();
    /// assert_eq!(report.violations[0].path, "spec.accessLogging");
    /// ```
    pub fn unenforced(&self) -> &Report {
        &self.unenforced
    }

    pub(crate) fn with_start(mut self, start: Option<usize>) -> Self {
        self.start = start;
        self
    }

    pub(crate) fn with_unenforced(mut self, unenforced: Report) -> Self {
        self.unenforced = unenforced;
        self
    }

    /// The text that it was read from.
    pub fn source(&self) -> &Source {
        self.document.source()
    }

    /// Where a field is written, or what should hold it; a path such as
    /// `spec.http[2].match[0].uri.regex`, empty for the object.
    pub fn locate(&self, path: &str) -> Option<Position> {
        let known = self.start.filter(|_| path.is_empty());
        let start = known.unwrap_or_else(|| self.span(path).start);
        Some(self.source().position(start))
    }

    /// The bytes of the text where a field is written.
    pub fn span(&self, path: &str) -> Range<usize> {
        self.document.span(&join(&self.prefix, path))
    }

    /// A violation with its place.
    pub fn diagnostic(&self, violation: &Violation) -> Diagnostic {
        self.at(violation.layer, violation.severity, &violation.path, &violation.message)
    }

    /// A finding of whoever reads the object, with its place.
    pub fn at(
        &self,
        layer: Layer,
        severity: Severity,
        path: &str,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            severity,
            layer,
            resource: self.resource.clone(),
            path: path.to_owned(),
            message: message.into(),
            source: self.source().clone(),
            span: self.span(path),
        }
    }

    /// The same place for something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        let Self { object, report, unenforced, document, prefix, resource, start } = self;
        Located { object: change(object), report, unenforced, document, prefix, resource, start }
    }
}

impl<T> Located<Option<T>> {
    pub(crate) fn transpose(self) -> Option<Located<T>> {
        let Self { object, report, unenforced, document, prefix, resource, start } = self;
        object.map(|object| Located {
            object,
            report,
            unenforced,
            document,
            prefix,
            resource,
            start,
        })
    }
}

/// A path below another one.
pub(crate) fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        (prefix, "") => prefix.to_owned(),
        ("", path) => path.to_owned(),
        (prefix, path) if path.starts_with('[') => format!("{prefix}{path}"),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}
