//! What parsers hand over while they read a text.
//!
//! A list is handed over item by item, so that its untyped form never stands in memory as a whole.
//! Only at its end it is known that the document is a `List`, and sound.

use serde_json::Value;

/// Who takes the pieces.
pub(crate) type Take<'t> = dyn FnMut(Piece) + 't;

/// What one document says, or an item of it.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    pub(crate) value: Value,
    /// Paths, from the document's root, of keys that stand twice in one mapping.
    pub(crate) duplicates: Vec<String>,
    /// How many lists called `items` were handed over item by item; they are empty in `value`.
    pub(crate) lists: usize,
    /// The byte at which it begins, where the parser says so.
    pub(crate) start: Option<usize>,
}

/// A piece of a text, as soon as it is read.
#[derive(Debug)]
pub(crate) enum Piece {
    /// An item of the list that the document at hand has under `items`, and its index. The rest
    /// of the document may be malformed, or no `List`.
    Item(usize, Composed),
    /// A document.
    Document(Composed),
}

impl Composed {
    /// Whether what was handed over item by item should have been: the document is a list by its
    /// kind, and has one list of items.
    pub(crate) fn items_were_objects(&self) -> bool {
        let kind = || self.value.get("kind").and_then(Value::as_str);
        match self.lists {
            0 => true,
            1 => kind().is_some_and(|kind| kind.ends_with("List")),
            _ => false,
        }
    }
}
