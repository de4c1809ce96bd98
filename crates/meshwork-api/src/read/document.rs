//! The document of a text that something was read from.

use super::place::{Node, PathStep, steps};
use super::{Limits, Source, json, sink, yaml};
use serde_json::Value;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A document of a text.
///
/// What is found by reading it again is kept, so that many questions about many objects of one
/// list cost one reading.
#[derive(Debug)]
pub(crate) struct Document {
    text: Arc<Text>,
    /// The bytes of the text that hold it, and perhaps others of its kind.
    range: Range<usize>,
    /// Which of them it is.
    index: usize,
    /// The places of its values.
    places: OnceLock<Option<Box<Node>>>,
    value: OnceLock<Box<Value>>,
}

/// What all documents of one text have in common.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) source: Source,
    pub(crate) limits: Limits,
}

impl Document {
    pub(crate) fn new(text: Arc<Text>, range: Range<usize>, index: usize) -> Self {
        Self { text, range, index, places: OnceLock::new(), value: OnceLock::new() }
    }

    pub(crate) fn source(&self) -> &Source {
        &self.text.source
    }

    /// The bytes of a field in the whole text.
    pub(crate) fn span(&self, path: &str) -> Range<usize> {
        let places = self
            .places
            .get_or_init(|| yaml::places(self.text(), self.index, &self.text.limits).map(Box::new));
        let start = self.range.start;
        match places {
            Some(node) => {
                let span = node.find(path);
                start + span.start..start + span.end
            }
            None => start..start,
        }
    }

    /// What stands at a path.
    pub(crate) fn value(&self, path: &str) -> &Value {
        let root = self.value.get_or_init(|| Box::new(self.read()));
        steps(path).iter().fold(root.as_ref(), |value, step| {
            let next = match step {
                PathStep::Key(key) => value.get(key),
                PathStep::Index(index) => value.get(index),
            };
            next.unwrap_or(&Value::Null)
        })
    }

    /// Turns a byte of the document into one of the text.
    pub(crate) fn absolute(&self, at: usize) -> usize {
        self.range.start + at
    }

    fn text(&self) -> &str {
        self.source().text().get(self.range.clone()).unwrap_or_default()
    }

    fn read(&self) -> Value {
        let text = self.text();
        let body = sink::body(text);
        if sink::looks_like_json(body)
            && let Ok(composed) = json::compose(body)
        {
            return composed.value;
        }
        let (mut documents, _) = yaml::compose(text, &self.text.limits);
        if self.index < documents.len() {
            documents.swap_remove(self.index).value
        } else {
            Value::Null
        }
    }
}
