//! Events to values.

use super::SyntaxError;
use crate::proto::{Step, render};
use crate::read::Limits;
use crate::read::piece::{Composed, Piece, Take};
use crate::read::scalar::resolve;
use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, ScalarStyle, Tag};
use std::collections::HashMap;
use std::ops::Range;

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
    /// A list that is handed over item by item: how many were, how many keys stood twice before
    /// it, and where the item at hand begins.
    Items {
        index: usize,
        before: usize,
        start: Option<usize>,
    },
    Map {
        map: Map<String, Value>,
        key: Option<String>,
        merged: Vec<Value>,
        flow: Flow,
    },
}

/// How a mapping is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// With braces, or as a block.
    Mapping,
    /// Without either: a pair in a list, `[a: b]`.
    Pair,
    /// What looks like such a pair to this parser and is text to Go's.
    Text,
}

pub(super) struct Composer<'l> {
    text: &'l str,
    limits: &'l Limits,
    /// Whether the items of lists are handed over.
    by_item: bool,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Built>,
    alias_nodes: usize,
    alias_bytes: usize,
    document: Composed,
}

impl<'l> Composer<'l> {
    pub(super) fn new(text: &'l str, limits: &'l Limits, by_item: bool) -> Self {
        Self {
            text,
            limits,
            by_item,
            stack: Vec::new(),
            anchors: HashMap::new(),
            alias_nodes: 0,
            alias_bytes: 0,
            document: Composed::default(),
        }
    }

    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        span: Range<usize>,
        take: &mut Take<'_>,
    ) -> Result<(), SyntaxError> {
        if matches!(
            event,
            Event::Scalar(..)
                | Event::Alias(_)
                | Event::SequenceStart(..)
                | Event::MappingStart(..)
        ) {
            self.begin(span.start);
        }
        match event {
            Event::DocumentStart(..) => *self = Self::new(self.text, self.limits, self.by_item),
            Event::DocumentEnd => take(Piece::Document(std::mem::take(&mut self.document))),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                // `<<` without quotes merges; the parser cannot say so later.
                if plain && text == "<<" && self.expects_key() {
                    self.set_key(MERGE.to_owned(), span)?;
                    return Ok(());
                }
                if plain && self.expects_key() && self.ends_in_colon(&span) {
                    if let Some(Frame { collection: Collection::Map { flow, .. }, .. }) =
                        self.stack.last_mut()
                        && *flow == Flow::Pair
                    {
                        *flow = Flow::Text;
                    }
                    return self.set_key(format!("{text}:"), span);
                }
                let bytes = text.len();
                let value = scalar(&text, plain, tag.as_deref());
                self.place(Built { value, nodes: 1, bytes }, anchor, span, take)?;
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
                self.place(built, 0, span, take)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                let collection = if self.begins_items() && anchor == 0 {
                    self.document.lists += 1;
                    Collection::Items {
                        index: 0,
                        before: self.document.duplicates.len(),
                        start: None,
                    }
                } else {
                    Collection::List(Vec::new())
                };
                self.open(anchor, collection, span)?;
            }
            Event::MappingStart(_, anchor, _) => {
                let pair = matches!(
                    self.stack.last(),
                    Some(Frame { collection: Collection::List(_) | Collection::Items { .. }, .. })
                ) && self.is_flow_pair(&span);
                let flow = if pair { Flow::Pair } else { Flow::Mapping };
                let (map, merged) = (Map::new(), Vec::new());
                let collection = Collection::Map { map, key: None, merged, flow };
                self.open(anchor, collection, span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Frame { anchor, nodes, bytes, collection }) = self.stack.pop() else {
                    return Err(SyntaxError::new("a collection ends that did not begin", span));
                };
                let value = match collection {
                    Collection::List(items) => Value::Array(items),
                    Collection::Items { .. } => Value::Array(Vec::new()),
                    Collection::Map { map, flow: Flow::Text, .. } => {
                        map.into_iter().next().map_or(Value::Null, |(key, _)| Value::String(key))
                    }
                    Collection::Map { mut map, merged, .. } => {
                        merge(&mut map, merged);
                        Value::Object(map)
                    }
                };
                self.place(Built { value, nodes, bytes }, anchor, span, take)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes where the document or the item at hand begins.
    fn begin(&mut self, at: usize) {
        let start = match self.stack.last_mut() {
            None => &mut self.document.start,
            Some(Frame { collection: Collection::Items { start, .. }, .. }) => start,
            Some(_) => return,
        };
        start.get_or_insert(at);
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

    /// Whether a list that comes next is the document's `items`.
    fn begins_items(&self) -> bool {
        self.by_item
            && matches!(
                self.stack.as_slice(),
                [Frame { collection: Collection::Map { key: Some(key), .. }, .. }] if key == "items"
            )
    }

    /// Whether a colon that belongs to the text follows it: for Go's parser, which kubectl and API
    /// servers read with, a colon ends a text only before a blank, so that `[001:db8::]` holds an
    /// address. By the letter of YAML 1.2 a bracket after it would do as well.
    fn ends_in_colon(&self, span: &Range<usize>) -> bool {
        let after = self.text.get(span.end..).and_then(|rest| rest.strip_prefix(':'));
        after.is_some_and(|rest| rest.starts_with([',', ']', '}', '[', '{']))
    }

    /// Whether a mapping that begins here has no braces.
    fn is_flow_pair(&self, span: &Range<usize>) -> bool {
        self.text.get(span.start..).is_some_and(|rest| !rest.starts_with('{'))
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
        take: &mut Take<'_>,
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
            Collection::Items { index, before, start } => {
                let duplicates = self.document.duplicates.split_off(*before);
                take(Piece::Item(
                    *index,
                    Composed { value: built.value, duplicates, lists: 0, start: start.take() },
                ));
                *index += 1;
            }
            Collection::Map { map, key, merged, .. } => match key.take() {
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
            self.document.duplicates.push(path);
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
                Collection::Items { index, .. } => Some(Step::Index(*index)),
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
