//! Events to places.

use super::{bytes, parser};
use crate::read::Limits;
use crate::read::place::{Children, Entry, Node};
use serde_saphyr::granit_parser::Event;
use std::ops::Range;

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
