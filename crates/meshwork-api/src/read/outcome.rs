//! Reads whole texts.

use super::sink::Sink;
use super::{Diagnostic, Limits, Located, Source, split};
use crate::{AnyObject, Severity};
use std::borrow::Cow;

/// Who has to accept an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Admission {
    /// For texts that a person writes: what would vanish in a cluster is an error.
    ///
    /// An unknown or misspelt field and a key that stands twice refuse the object; a field in
    /// snake case is read, with a warning. Then both the [schema](crate::schema) of an API server
    /// and istiod's [webhook](crate::validation) have to accept it, so that a file means what a
    /// cluster means.
    #[default]
    Strict,
    /// For objects that a cluster holds: as istiod's webhook reads them.
    ///
    /// Unknown fields are ignored, snake case is read, and what has no meaning (a wrong type, an
    /// unknown name of an enumeration) or breaks a rule of the webhook refuses the object.
    Webhook,
}

/// What a text holds.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOutcome {
    /// The objects, in the order of the text.
    pub objects: Vec<Located<AnyObject>>,
    /// Objects that could be told apart but not accepted: they must not take part, and may not be
    /// complete. Whoever keeps an earlier version of one goes on with it.
    pub refused: Vec<Located<AnyObject>>,
    /// Everything that was noticed, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl ReadOutcome {
    /// The diagnostics that refuse an object or document.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether every document was read and every object accepted.
    pub fn is_clean(&self) -> bool {
        self.errors().next().is_none()
    }

    /// Adds what another text holds.
    pub fn extend(&mut self, other: Self) {
        self.objects.extend(other.objects);
        self.refused.extend(other.refused);
        self.diagnostics.extend(other.diagnostics);
    }
}

/// Reads texts by one policy, within limits.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// What refuses an object.
    pub admission: Admission,
    /// Whether objects that can be read are validated too; true unless turned off.
    pub validate: bool,
    /// What a text may cost.
    pub limits: Limits,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(Admission::default())
    }
}

impl Reader {
    /// A reader with this policy.
    pub fn new(admission: Admission) -> Self {
        Self { admission, validate: true, limits: Limits::default() }
    }

    /// Reads bytes; documents that are not UTF-8 are errors, and the others are read.
    pub fn bytes(&self, source_name: &str, bytes: &[u8]) -> ReadOutcome {
        if bytes.len() > self.limits.max_bytes {
            return self.too_long(source_name);
        }
        match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => self.text(Source::new(source_name, text), false),
            Cow::Owned(text) => self.text(Source::new(source_name, text), true),
        }
    }

    /// Reads a text of YAML or JSON documents.
    pub fn documents(&self, source_name: &str, text: &str) -> ReadOutcome {
        if text.len() > self.limits.max_bytes {
            return self.too_long(source_name);
        }
        self.text(Source::new(source_name, text), false)
    }

    fn too_long(&self, source_name: &str) -> ReadOutcome {
        let mut sink = Sink::new(*self, Source::new(source_name, ""));
        sink.error(format!("the text is longer than {} bytes", self.limits.max_bytes), 0..0);
        sink.finish()
    }

    /// Reads a text; `repaired` says that bytes in it were not UTF-8 and were replaced.
    fn text(&self, source: Source, repaired: bool) -> ReadOutcome {
        let text = source.clone();
        let mut sink = Sink::new(*self, source);
        sink.expect(split::documents(text.text()).count());
        for range in split::documents(text.text()) {
            if !sink.has_room() {
                sink.error("the text has too many documents or problems", range);
                break;
            }
            let chunk = text.text().get(range.clone()).unwrap_or_default();
            let broken = repaired.then(|| chunk.find(char::REPLACEMENT_CHARACTER)).flatten();
            if let Some(at) = broken {
                let at = range.start + at;
                sink.error("the document is not UTF-8", at..at + 3);
            } else if range.len() > self.limits.max_document_bytes {
                let limit = self.limits.max_document_bytes;
                sink.error(
                    format!("the document is longer than {limit} bytes"),
                    range.start..range.start,
                );
            } else {
                sink.chunk(chunk, range);
            }
        }
        sink.finish()
    }
}
