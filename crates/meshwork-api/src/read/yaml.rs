//! YAML to JSON values, and to places. The YAML parser is known to this module alone.

use super::Limits;
use super::place::{Children, Entry, Node};
use super::scalar::resolve;
use crate::proto::{Step, render};
use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput, Tag};
use std::collections::HashMap;
use std::ops::Range;

/// What one YAML document says.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    pub(crate) value: Value,
    /// Keys that stand twice in one mapping: the path and the second place.
    pub(crate) duplicates: Vec<(String, Range<usize>)>,
}

/// Why a text is no YAML that can be read here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
}

impl SyntaxError {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span }
    }
}

/// Reads a text that holds one document, or several parted by `...`.
///
/// What was read before an error is kept.
pub(crate) fn compose(text: &str, limits: &Limits) -> (Vec<Composed>, Option<SyntaxError>) {
    let mut composer = Composer::new(limits);
    let mut documents = Vec::new();
    for event in parser(text, limits) {
        let result = match event {
            Ok((event, span)) => composer.event(event, bytes(&span, text), &mut documents),
            Err(error) => {
                let at = offset(error.marker(), text);
                Err(SyntaxError::new(error.info(), at..at))
            }
        };
        if let Err(error) = result {
            return (documents, Some(error));
        }
    }
    (documents, None)
}

/// The places of the `index`th document in a text that could be composed.
pub(crate) fn places(text: &str, index: usize, limits: &Limits) -> Option<Node> {
    let mut placer = Placer::default();
    let mut seen = 0;
    for event in parser(text, limits) {
        let (event, span) = event.ok()?;
        if matches!(event, Event::DocumentEnd) {
            if seen == index {
                return placer.root;
            }
            seen += 1;
            placer = Placer::default();
        }
        placer.event(event, bytes(&span, text));
    }
    None
}

fn parser<'t>(text: &'t str, limits: &Limits) -> Parser<'t, StrInput<'t>> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = limits.max_depth;
    options.block_nesting_limit = limits.max_depth;
    Parser::new_from_str_with_options(text, options)
}

fn bytes(span: &Span, text: &str) -> Range<usize> {
    let start = offset(&span.start, text);
    start..offset(&span.end, text).max(start)
}

fn offset(marker: &serde_saphyr::granit_parser::Marker, text: &str) -> usize {
    marker.byte_offset().unwrap_or_else(|| {
        text.char_indices().nth(marker.index()).map_or(text.len(), |(offset, _)| offset)
    })
}

/// A value under construction, with what it would cost to repeat it.
#[derive(Clone, Default)]
struct Built {
    value: Value,
    nodes: usize,
    bytes: usize,
}

struct Frame {
    anchor: usize,
    nodes: usize,
    bytes: usize,
    collection: Collection,
}

enum Collection {
    List(Vec<Value>),
    Map { map: Map<String, Value>, key: Option<String>, merged: Vec<Value> },
}

struct Composer<'l> {
    limits: &'l Limits,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Built>,
    alias_nodes: usize,
    alias_bytes: usize,
    document: Composed,
}

impl<'l> Composer<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            stack: Vec::new(),
            anchors: HashMap::new(),
            alias_nodes: 0,
            alias_bytes: 0,
            document: Composed::default(),
        }
    }

    fn event(
        &mut self,
        event: Event<'_>,
        span: Range<usize>,
        documents: &mut Vec<Composed>,
    ) -> Result<(), SyntaxError> {
        match event {
            Event::DocumentStart(..) => *self = Self::new(self.limits),
            Event::DocumentEnd => documents.push(std::mem::take(&mut self.document)),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                // `<<` without quotes merges; the parser cannot say so later.
                if plain && text == "<<" && self.expects_key() {
                    self.set_key(MERGE.to_owned(), span)?;
                    return Ok(());
                }
                let bytes = text.len();
                let value = scalar(&text, plain, tag.as_deref());
                self.place(Built { value, nodes: 1, bytes }, anchor, span)?;
            }
            Event::Alias(id) => {
                let Some(built) = self.anchors.get(&id) else {
                    return Err(SyntaxError::new("an alias inside its own anchor", span));
                };
                self.alias_nodes = self.alias_nodes.saturating_add(built.nodes);
                self.alias_bytes = self.alias_bytes.saturating_add(built.bytes);
                if self.alias_nodes > self.limits.max_alias_nodes
                    || self.alias_bytes > self.limits.max_alias_bytes
                {
                    return Err(SyntaxError::new("the aliases stand for too much", span));
                }
                let built = built.clone();
                self.place(built, 0, span)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(anchor, Collection::List(Vec::new()), span)?;
            }
            Event::MappingStart(_, anchor, _) => {
                let collection = Collection::Map { map: Map::new(), key: None, merged: Vec::new() };
                self.open(anchor, collection, span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Frame { anchor, nodes, bytes, collection }) = self.stack.pop() else {
                    return Err(SyntaxError::new("a collection ends that did not begin", span));
                };
                let value = match collection {
                    Collection::List(items) => Value::Array(items),
                    Collection::Map { mut map, merged, .. } => {
                        merge(&mut map, merged);
                        Value::Object(map)
                    }
                };
                self.place(Built { value, nodes, bytes }, anchor, span)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn open(
        &mut self,
        anchor: usize,
        collection: Collection,
        span: Range<usize>,
    ) -> Result<(), SyntaxError> {
        if self.stack.len() >= self.limits.max_depth {
            return Err(SyntaxError::new("lists and mappings are nested too deeply", span));
        }
        if self.expects_key() {
            return Err(SyntaxError::new("a key has to be text, not a list or mapping", span));
        }
        self.stack.push(Frame { anchor, nodes: 1, bytes: 0, collection });
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame { collection: Collection::Map { key: None, .. }, .. })
        )
    }

    /// Puts a finished value where it belongs.
    fn place(
        &mut self,
        built: Built,
        anchor: usize,
        span: Range<usize>,
    ) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        if self.expects_key() {
            let key = match built.value {
                Value::String(text) => text,
                Value::Null => "null".to_owned(),
                Value::Bool(_) | Value::Number(_) => built.value.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    let message = "a key has to be text, not a list or mapping";
                    return Err(SyntaxError::new(message, span));
                }
            };
            return self.set_key(key, span);
        }
        let Some(frame) = self.stack.last_mut() else {
            self.document.value = built.value;
            return Ok(());
        };
        frame.nodes = frame.nodes.saturating_add(built.nodes);
        frame.bytes = frame.bytes.saturating_add(built.bytes);
        match &mut frame.collection {
            Collection::List(items) => items.push(built.value),
            Collection::Map { map, key, merged } => match key.take() {
                Some(key) if key == MERGE => merged.push(built.value),
                Some(key) => {
                    map.insert(key, built.value);
                }
                None => {}
            },
        }
        Ok(())
    }

    fn set_key(&mut self, text: String, span: Range<usize>) -> Result<(), SyntaxError> {
        let Some(Frame { collection: Collection::Map { map, key, .. }, bytes, .. }) =
            self.stack.last_mut()
        else {
            return Err(SyntaxError::new("a key outside of a mapping", span));
        };
        *bytes = bytes.saturating_add(text.len());
        let duplicate = map.contains_key(&text);
        *key = Some(text);
        if duplicate && self.document.duplicates.len() < MAX_DUPLICATES {
            let path = self.path();
            self.document.duplicates.push((path, span));
        }
        Ok(())
    }

    /// The path of the value that comes next.
    fn path(&self) -> String {
        let steps: Vec<Step<'_>> = self
            .stack
            .iter()
            .filter_map(|frame| match &frame.collection {
                Collection::List(items) => Some(Step::Index(items.len())),
                Collection::Map { key, .. } => key.as_deref().map(Step::Key),
            })
            .collect();
        render(&steps)
    }
}

fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Value {
    match tag.map(|tag| tag.core_suffix()) {
        Some(Some("str")) => Value::String(text.to_owned()),
        Some(Some("int" | "float" | "bool" | "null")) => resolve(text),
        _ if plain => resolve(text),
        _ => Value::String(text.to_owned()),
    }
}

/// Adds what `<<` names, without touching what the mapping says itself.
fn merge(map: &mut Map<String, Value>, merged: Vec<Value>) {
    for value in merged {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    map.entry(key).or_insert(value);
                }
            }
            Value::Array(items) => merge(map, items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// A key that no text can hold, for `<<`.
const MERGE: &str = "\0<<";
const MAX_DUPLICATES: usize = 100;

/// Builds the tree of places.
#[derive(Default)]
struct Placer {
    stack: Vec<Node>,
    keys: Vec<Option<(String, Range<usize>)>>,
    root: Option<Node>,
}

impl Placer {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Scalar(text, ..) => {
                if let (Some(Node { children: Children::Map(_), .. }), Some(key @ None)) =
                    (self.stack.last(), self.keys.last_mut())
                {
                    *key = Some((text.into_owned(), span));
                } else {
                    self.place(Node { span, children: Children::None });
                }
            }
            Event::Alias(_) => {
                if let (Some(Node { children: Children::Map(_), .. }), Some(key @ None)) =
                    (self.stack.last(), self.keys.last_mut())
                {
                    *key = Some((String::new(), span));
                } else {
                    self.place(Node { span, children: Children::None });
                }
            }
            Event::SequenceStart(..) => self.open(span, Children::List(Vec::new())),
            Event::MappingStart(..) => self.open(span, Children::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                self.keys.pop();
                if let Some(node) = self.stack.pop() {
                    self.place(node);
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, span: Range<usize>, children: Children) {
        self.stack.push(Node { span, children });
        self.keys.push(None);
    }

    fn place(&mut self, node: Node) {
        match self.stack.last_mut().map(|parent| &mut parent.children) {
            None => self.root = Some(node),
            Some(Children::List(items)) => items.push(node),
            Some(Children::Map(entries)) => {
                if let Some((key, key_span)) = self.keys.last_mut().and_then(Option::take) {
                    entries.push(Entry { key, key_span, value: node });
                }
            }
            Some(Children::None) => {}
        }
    }
}
