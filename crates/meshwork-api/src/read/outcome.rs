//! Reads whole texts.

use super::document::{Document, Text};
use super::located::{Located, join};
use super::object::Read;
use super::yaml::{Composed, SyntaxError};
use super::{Diagnostic, Limits, Source, json, object, split, yaml};
use crate::proto::{Problem, ProblemKind};
use crate::{AnyObject, Layer, Severity, coverage};
use meshwork_core::ResourceRef;
use serde_json::Value;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

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
        sink.outcome
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
        sink.outcome
    }
}

/// Collects what a text holds.
struct Sink {
    reader: Reader,
    text: Arc<Text>,
    outcome: ReadOutcome,
    documents: usize,
    /// The object before this one, whose kind and namespace are often the same.
    previous: Option<ResourceRef>,
}

impl Sink {
    fn new(reader: Reader, source: Source) -> Self {
        let text = Arc::new(Text { source, limits: reader.limits });
        Self { reader, text, outcome: ReadOutcome::default(), documents: 0, previous: None }
    }

    /// Makes room for so many objects, as far as the text can hold them: a list that grows by
    /// doubling would take twice what it needs.
    fn expect(&mut self, documents: usize) {
        let most = self.text.source.text().len() / USUAL_BYTES;
        self.outcome.objects.reserve_exact(documents.min(most));
    }

    fn has_room(&self) -> bool {
        self.documents < self.reader.limits.max_documents
            && self.outcome.diagnostics.len() < self.reader.limits.max_diagnostics
    }

    /// Reads the documents of one piece of the text.
    fn chunk(&mut self, chunk: &str, range: Range<usize>) {
        let limits = self.reader.limits;
        let body = body(chunk);
        let mut json_error = None;
        if looks_like_json(body) {
            let skipped = chunk.len() - body.len();
            match json::compose(body, limits.max_documents) {
                Ok(documents) => {
                    for (place, composed) in documents {
                        let start = range.start + skipped;
                        self.document(composed, start + place.start..start + place.end, 0);
                    }
                    return;
                }
                Err(error) => json_error = Some((error, skipped)),
            }
        }
        // What begins like JSON may still be YAML in its flow style.
        let (documents, error) = yaml::compose(chunk, &limits);
        if let (Some(_), Some((json_error, skipped))) = (&error, json_error) {
            let at = skipped + offset(body, json_error.line(), json_error.column());
            let at = range.start + at;
            return self.error(format!("malformed JSON: {json_error}"), at..at);
        }
        for (index, composed) in documents.into_iter().enumerate() {
            self.document(composed, range.clone(), index);
        }
        if let Some(SyntaxError { message, span }) = error {
            let message = if message.is_empty() { "malformed YAML".to_owned() } else { message };
            self.error(message, range.start + span.start..range.start + span.end);
        }
    }

    /// Takes one document: an object or a list of them.
    fn document(&mut self, composed: Composed, range: Range<usize>, index: usize) {
        let Composed { value, duplicates } = composed;
        if value.is_null() {
            return;
        }
        self.documents += 1;
        let document = Arc::new(Document::new(self.text.clone(), range, index));
        let duplicates: Vec<Problem> = duplicates
            .into_iter()
            .map(|(path, _)| Problem { path, kind: ProblemKind::DuplicateKey })
            .collect();
        self.value(value, &document, String::new(), &duplicates);
    }

    fn value(
        &mut self,
        value: Value,
        document: &Arc<Document>,
        prefix: String,
        duplicates: &[Problem],
    ) {
        match list_items(value) {
            Ok(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    if !self.has_room() {
                        return;
                    }
                    self.documents += 1;
                    let prefix = join(&prefix, &format!("items[{index}]"));
                    self.value(item, document, prefix, duplicates);
                }
            }
            Err(value) => self.object(value, document, prefix, duplicates),
        }
    }

    fn object(
        &mut self,
        value: Value,
        document: &Arc<Document>,
        prefix: String,
        duplicates: &[Problem],
    ) {
        let admission = self.reader.admission;
        let mut read = object::read(&value, admission);
        let own = duplicates.iter().filter_map(|problem| {
            let path = problem.path.strip_prefix(prefix.as_str())?;
            let path = path.strip_prefix('.').unwrap_or(path).to_owned();
            admission.judge(Problem { path, kind: problem.kind.clone() })
        });
        read.report.extend(own);
        if self.reader.validate {
            object::validate(&value, &mut read, admission);
        }
        let Read { object, report, .. } = read;
        let resource = object.as_ref().map(|object| self.reference(object));
        let rejected = report.is_rejected();
        let unenforced = object.as_ref().map(|object| coverage::find(object, &value));
        let located = Located::new(object, report, document.clone(), prefix, resource)
            .with_unenforced(unenforced.unwrap_or_default());
        for violation in located.report() {
            if self.outcome.diagnostics.len() >= self.reader.limits.max_diagnostics {
                break;
            }
            self.outcome.diagnostics.push(located.diagnostic(violation));
        }
        let refused = rejected || located.object.is_none();
        if let Some(located) = located.transpose() {
            let list = if refused { &mut self.outcome.refused } else { &mut self.outcome.objects };
            list.push(located);
        }
    }

    /// Which object this is, sharing texts with the object before it.
    fn reference(&mut self, object: &AnyObject) -> ResourceRef {
        let mut reference = object.reference();
        if let Some(previous) = self.previous.take() {
            if previous.kind == reference.kind {
                reference.kind = previous.kind;
            }
            if previous.namespace == reference.namespace {
                reference.namespace = previous.namespace;
            }
        }
        self.previous = Some(reference.clone());
        reference
    }

    fn error(&mut self, message: impl Into<String>, span: Range<usize>) {
        self.outcome.diagnostics.push(Diagnostic {
            severity: Severity::Error,
            layer: Layer::Reading,
            resource: None,
            path: String::new(),
            message: message.into(),
            source: self.text.source.clone(),
            span,
        });
    }
}

/// A text without what may stand before JSON.
pub(super) fn body(text: &str) -> &str {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
}

/// Whether a text is JSON rather than one of YAML's flow mappings or a template.
pub(super) fn looks_like_json(text: &str) -> bool {
    let mut tokens = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'));
    match tokens.next() {
        Some('[') => true,
        Some('{') => matches!(tokens.next(), Some('"' | '}')),
        _ => false,
    }
}

/// The objects of a `List`, or the value itself when it is none.
fn list_items(mut value: Value) -> Result<Vec<Value>, Value> {
    let is_list =
        value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"))
            && value.get("items").is_some_and(Value::is_array);
    match value.get_mut("items").filter(|_| is_list).map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(value),
    }
}

/// The byte at a line and column of serde_json, both counted from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A document is seldom shorter than this.
const USUAL_BYTES: usize = 256;
