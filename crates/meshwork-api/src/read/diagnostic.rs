//! Findings with their place, as a compiler shows them.

use super::{Position, Source};
use crate::{Layer, Severity};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};
use meshwork_core::ResourceRef;
use std::fmt;
use std::ops::Range;

/// Something to tell whoever wrote a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is: an error refuses the object.
    pub severity: Severity,
    /// Who finds it.
    pub layer: Layer,
    /// The object, as far as it could be identified.
    pub resource: Option<ResourceRef>,
    /// The field, from the object's root; empty for the whole object or document.
    pub path: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The text that it is about.
    pub source: Source,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
}

impl Diagnostic {
    /// Where it is: line and column.
    pub fn position(&self) -> Position {
        self.source.position(self.span.start)
    }

    /// Shows the place in the text, several lines, as compilers do.
    ///
    /// `styled` adds the escape sequences that colour a terminal.
    pub fn render(&self, styled: bool) -> String {
        let Some((lines, first)) = self.excerpt() else {
            return self.to_string();
        };
        let text = self.source.text().get(lines.clone()).unwrap_or_default();
        let start = self.span.start.saturating_sub(lines.start).min(text.len());
        let end = self.span.end.saturating_sub(lines.start).clamp(start, text.len());
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let snippet = Snippet::source(text)
            .fold(false)
            .path(self.source.name())
            .line_start(first)
            .annotation(
                AnnotationKind::Primary
                    .span(start..end)
                    .label(normalize_untrusted_str(&self.message)),
            );
        let title = normalize_untrusted_str(&self.subject());
        let group = level.primary_title(title).element(snippet);
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }

    /// What it is about, without the place.
    fn subject(&self) -> String {
        let mut subject = match &self.resource {
            Some(resource) => resource.to_string(),
            None => "document".to_owned(),
        };
        if !self.path.is_empty() {
            subject.push(' ');
            subject.push_str(&self.path);
        }
        subject
    }

    /// The line of the place with one before and after it, and the number of the first; `None`
    /// where the lines are too long to be shown.
    fn excerpt(&self) -> Option<(Range<usize>, usize)> {
        let Position { line, .. } = self.position();
        let first = line.saturating_sub(1).max(1);
        let lines = self.source.line(first).start..self.source.line(line + 1).end;
        (lines.len() <= MAX_EXCERPT).then_some((lines, first))
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `file:line:column: error: resource: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: ", self.source.name(), self.position(), self.severity)?;
        if let Some(resource) = &self.resource {
            write!(f, "{resource}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

const MAX_EXCERPT: usize = 4096;
