//! Values that know where they were written.

use super::place::Node;
use super::{Diagnostic, Limits, Position, Source, yaml};
use crate::{Layer, Report, Severity, Violation};
use meshwork_core::ResourceRef;
use serde_json::Value;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Something that was read, with the way back to its text.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// What was read.
    pub object: T,
    value: Value,
    report: Report,
    document: Arc<Document>,
    /// Where the object stands in its document: empty, or `items[3]` in a list.
    prefix: String,
    resource: Option<ResourceRef>,
}

/// A document of a text.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) source: Source,
    /// The bytes of the text that hold it, and perhaps others of its kind.
    pub(crate) range: Range<usize>,
    /// Which of them it is.
    pub(crate) index: usize,
    pub(crate) limits: Limits,
    /// The places of its values; made when the first one is asked for.
    places: OnceLock<Option<Node>>,
}

impl Document {
    pub(crate) fn new(source: Source, range: Range<usize>, index: usize, limits: Limits) -> Self {
        Self { source, range, index, limits, places: OnceLock::new() }
    }

    /// The bytes of a field in the whole text.
    pub(crate) fn span(&self, path: &str) -> Range<usize> {
        let places = self.places.get_or_init(|| {
            let text = self.source.text().get(self.range.clone())?;
            yaml::places(text, self.index, &self.limits)
        });
        match places {
            Some(node) => self.absolute(&node.find(path)),
            None => self.range.start..self.range.start,
        }
    }

    /// Turns bytes of the document into bytes of the text.
    pub(crate) fn absolute(&self, span: &Range<usize>) -> Range<usize> {
        self.range.start + span.start..self.range.start + span.end
    }
}

impl<T> Located<T> {
    pub(crate) fn new(
        object: T,
        value: Value,
        report: Report,
        document: Arc<Document>,
        prefix: String,
        resource: Option<ResourceRef>,
    ) -> Self {
        Self { object, value, report, document, prefix, resource }
    }

    /// The object as it is written, before it got its type.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What reading noticed.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The text that it was read from.
    pub fn source(&self) -> &Source {
        &self.document.source
    }

    /// Where a field is written, or what should hold it; a path such as
    /// `spec.http[2].match[0].uri.regex`, empty for the object.
    pub fn locate(&self, path: &str) -> Option<Position> {
        Some(self.source().position(self.span(path).start))
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
        let Self { object, value, report, document, prefix, resource } = self;
        Located { object: change(object), value, report, document, prefix, resource }
    }
}

impl<T> Located<Option<T>> {
    pub(crate) fn transpose(self) -> Option<Located<T>> {
        let Self { object, value, report, document, prefix, resource } = self;
        object.map(|object| Located { object, value, report, document, prefix, resource })
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
