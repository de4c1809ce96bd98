//! Collects what a text holds, document by document.

use super::document::{Document, Text};
use super::located::{Located, join};
use super::object::Read;
use super::piece::{Composed, Piece, Take};
use super::yaml::SyntaxError;
use super::{Diagnostic, ReadOutcome, Reader, Source, json, object, yaml};
use crate::proto::{Problem, ProblemKind};
use crate::{AnyObject, Layer, Severity, Violation, coverage};
use meshwork_core::ResourceRef;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// Collects what a text holds.
pub(super) struct Sink {
    reader: Reader,
    text: Arc<Text>,
    outcome: ReadOutcome,
    documents: usize,
    /// The object before this one, whose kind and namespace are often the same.
    previous: Option<ResourceRef>,
}

/// Where a value stands.
struct Place {
    document: Arc<Document>,
    prefix: String,
    start: Option<usize>,
}

/// What became of the pieces of a text.
enum Taken<E> {
    /// They were taken, up to an error.
    All(Result<(), E>),
    /// What was taken as the items of a list is something else.
    TooMuch,
}

#[derive(Clone, Copy)]
struct Mark {
    objects: usize,
    refused: usize,
    diagnostics: usize,
    documents: usize,
}

impl Sink {
    pub(super) fn new(reader: Reader, source: Source) -> Self {
        let text = Arc::new(Text { source, limits: reader.limits });
        Self { reader, text, outcome: ReadOutcome::default(), documents: 0, previous: None }
    }

    /// Makes room for so many objects, as far as the text can hold them: a list that grows by
    /// doubling would take twice what it needs.
    pub(super) fn expect(&mut self, documents: usize) {
        let most = self.text.source.text().len() / USUAL_BYTES;
        self.outcome.objects.reserve_exact(documents.min(most));
    }

    pub(super) fn finish(self) -> ReadOutcome {
        self.outcome
    }

    pub(super) fn has_room(&self) -> bool {
        self.documents < self.reader.limits.max_documents
            && self.outcome.diagnostics.len() < self.reader.limits.max_diagnostics
    }

    /// Reads the documents of one piece of the text.
    pub(super) fn chunk(&mut self, chunk: &str, range: Range<usize>) {
        let limits = self.reader.limits;
        let body = body(chunk);
        let mut json_error = None;
        if looks_like_json(body) {
            let start = self.mark();
            let skipped = range.start + chunk.len() - body.len();
            match self.json(body, skipped) {
                Ok(()) => return,
                Err(error) => {
                    self.rewind(start);
                    json_error = Some(error);
                }
            }
        }
        // What begins like JSON may still be YAML in its flow style.
        let start = self.mark();
        let result = self
            .documents(&range, &mut |by_item, take| yaml::pieces(chunk, &limits, by_item, take));
        let Err(SyntaxError { message, span }) = result else { return };
        if let Some((json_error, at)) = json_error {
            self.rewind(start);
            return self.error(format!("malformed JSON: {json_error}"), at..at);
        }
        let message = if message.is_empty() { "malformed YAML".to_owned() } else { message };
        self.error(message, range.start + span.start..range.start + span.end);
    }

    /// Reads JSON that stands at this byte of the text; an error comes with its own byte.
    fn json(&mut self, body: &str, begin: usize) -> Result<(), (serde_json::Error, usize)> {
        let place = |error: serde_json::Error, part: &str, start: usize| {
            let at = begin + start + offset(part, error.line(), error.column());
            (error, at)
        };
        let ranges = json::documents(body, self.reader.limits.max_documents)
            .map_err(|error| place(error, body, 0))?;
        for Range { start, end } in ranges {
            let part = body.get(start..end).unwrap_or_default();
            let range = begin + start..begin + end;
            self.documents(&range, &mut |by_item, take| json::pieces(part, by_item, take))
                .map_err(|error| place(error, part, start))?;
        }
        Ok(())
    }

    /// Takes the documents that `read` hands over, item by item at first; what was taken is given
    /// back where that turns out to be wrong.
    fn documents<E>(
        &mut self,
        range: &Range<usize>,
        read: &mut impl FnMut(bool, &mut Take<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.mark();
        match self.pieces(range, |take| read(true, take)) {
            Taken::All(result) => result,
            Taken::TooMuch => {
                self.rewind(start);
                match self.pieces(range, |take| read(false, take)) {
                    Taken::All(result) => result,
                    Taken::TooMuch => Ok(()),
                }
            }
        }
    }

    fn pieces<E>(
        &mut self,
        range: &Range<usize>,
        read: impl FnOnce(&mut Take<'_>) -> Result<(), E>,
    ) -> Taken<E> {
        let (mut begin, mut index) = (self.mark(), 0);
        let mut document = None;
        let mut too_much = false;
        let result = read(&mut |piece| {
            let at = document.get_or_insert_with(|| self.at(range.clone(), index)).clone();
            match piece {
                _ if too_much => {}
                Piece::Item(index, composed) => self.item(index, composed, &at),
                Piece::Document(composed) if composed.items_were_objects() => {
                    self.document(composed, &at);
                    document = None;
                    index += 1;
                    begin = self.mark();
                }
                Piece::Document(_) => too_much = true,
            }
        });
        if too_much {
            return Taken::TooMuch;
        }
        if result.is_err() {
            // The items of a document that is malformed further down.
            self.rewind(begin);
        }
        Taken::All(result)
    }

    fn at(&self, range: Range<usize>, index: usize) -> Arc<Document> {
        Arc::new(Document::new(self.text.clone(), range, index))
    }

    /// Takes one document: an object or a list of them.
    fn document(&mut self, composed: Composed, document: &Arc<Document>) {
        if composed.value.is_null() {
            return;
        }
        self.documents += 1;
        self.composed(composed, document, String::new());
    }

    /// Takes an item of a list.
    fn item(&mut self, index: usize, composed: Composed, document: &Arc<Document>) {
        if self.has_room() {
            self.documents += 1;
            self.composed(composed, document, format!("items[{index}]"));
        }
    }

    fn composed(&mut self, composed: Composed, document: &Arc<Document>, prefix: String) {
        let Composed { value, duplicates, start, .. } = composed;
        let start = start.map(|start| document.absolute(start));
        let place = Place { document: document.clone(), prefix, start };
        self.value(value, place, &problems(duplicates));
    }

    fn value(&mut self, value: Value, place: Place, duplicates: &[Problem]) {
        match list_items(value) {
            Ok(items) => {
                let Place { document, prefix, .. } = &place;
                self.list(document, prefix, duplicates);
                for (index, item) in items.into_iter().enumerate() {
                    if !self.has_room() {
                        return;
                    }
                    self.documents += 1;
                    let prefix = join(prefix, &format!("items[{index}]"));
                    let place = Place { document: document.clone(), prefix, start: None };
                    self.value(item, place, duplicates);
                }
            }
            Err(value) => self.object(&value, place, duplicates),
        }
    }

    /// Says what is wrong with a list beside its items.
    fn list(&mut self, document: &Arc<Document>, prefix: &str, duplicates: &[Problem]) {
        let items = join(prefix, "items[");
        let own = |path: &str| path.starts_with(prefix) && !path.starts_with(&items);
        for problem in duplicates.iter().filter(|problem| own(&problem.path)) {
            let Some(violation) = self.reader.admission.judge(problem.clone()) else { continue };
            let Violation { path, layer, severity, message } = violation;
            let source = self.text.source.clone();
            let span = document.span(&path);
            self.outcome.diagnostics.push(Diagnostic {
                severity,
                layer,
                resource: None,
                path,
                message,
                source,
                span,
            });
        }
    }

    fn object(&mut self, value: &Value, place: Place, duplicates: &[Problem]) {
        let admission = self.reader.admission;
        let mut read = object::read(value, admission);
        let own = duplicates.iter().filter_map(|problem| {
            let path = problem.path.strip_prefix(place.prefix.as_str())?;
            let path = path.strip_prefix('.').unwrap_or(path).to_owned();
            admission.judge(Problem { path, kind: problem.kind.clone() })
        });
        read.report.extend(own);
        if self.reader.validate {
            object::validate(value, &mut read, admission);
        }
        let Read { object, report, .. } = read;
        let resource = object.as_ref().map(|object| self.reference(object));
        let rejected = report.is_rejected();
        let unenforced = object.as_ref().map(|object| coverage::find(object, value));
        let Place { document, prefix, start } = place;
        let located = Located::new(object, report, document, prefix, resource)
            .with_start(start)
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
            if list.len() == list.capacity() {
                list.reserve_exact(list.len() / 8 + 1);
            }
            list.push(located);
        }
    }

    /// How much was taken so far.
    fn mark(&self) -> Mark {
        let ReadOutcome { objects, refused, diagnostics } = &self.outcome;
        Mark {
            objects: objects.len(),
            refused: refused.len(),
            diagnostics: diagnostics.len(),
            documents: self.documents,
        }
    }

    /// Gives back what was taken since.
    fn rewind(&mut self, mark: Mark) {
        self.outcome.objects.truncate(mark.objects);
        self.outcome.refused.truncate(mark.refused);
        self.outcome.diagnostics.truncate(mark.diagnostics);
        self.documents = mark.documents;
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

    pub(super) fn error(&mut self, message: impl Into<String>, span: Range<usize>) {
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

fn problems(duplicates: Vec<String>) -> Vec<Problem> {
    let problem = |path| Problem { path, kind: ProblemKind::DuplicateKey };
    duplicates.into_iter().map(problem).collect()
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
const USUAL_BYTES: usize = 128;
