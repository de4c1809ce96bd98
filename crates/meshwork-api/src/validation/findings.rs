//! Where checks put what they find.

use super::place::Place;
use crate::{Layer, Report, Severity, Violation};

/// Collects what admission says of one object.
#[derive(Debug)]
pub(super) struct Findings<'r> {
    report: &'r mut Report,
    mute: bool,
    errors: usize,
    warnings: usize,
}

impl<'r> Findings<'r> {
    pub(super) fn new(report: &'r mut Report) -> Self {
        Self { report, mute: false, errors: 0, warnings: 0 }
    }

    /// Something that refuses the object.
    pub(super) fn error(&mut self, place: &Place<'_>, message: impl Into<String>) {
        self.push(Severity::Error, place, message.into());
    }

    /// Something that the client is told, no more.
    pub(super) fn warn(&mut self, place: &Place<'_>, message: impl Into<String>) {
        if !self.mute {
            self.push(Severity::Warning, place, message.into());
        }
    }

    /// Runs a check whose warnings istiod drops on their way to the client.
    pub(super) fn without_warnings(&mut self, check: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.mute, true);
        check(self);
        self.mute = before;
    }

    fn push(&mut self, severity: Severity, place: &Place<'_>, message: String) {
        // A hostile object can break rules millions of times; nobody reads that many. Warnings must
        // not crowd out what refuses the object.
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if *count < MAX_VIOLATIONS {
            *count += 1;
            let path = place.to_string();
            self.report.push(Violation { path, layer: Layer::Admission, severity, message });
        }
    }
}

/// The beginning of what the user wrote, for messages.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

const MAX_VIOLATIONS: usize = 1_000;
