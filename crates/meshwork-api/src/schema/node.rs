//! The vocabulary in which the schemas are written: types, bounds, patterns, required fields.

use super::rules::Rule;

/// What a CustomResourceDefinition says of one value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) shape: Shape,
    /// An explicit null stays (elsewhere nulls are dropped before anything is checked).
    pub(super) nullable: bool,
    /// Groups of fields of which at most one may be there.
    pub(super) exclusive: [&'static [&'static str]; 3],
    /// What the schema says in CEL.
    pub(super) rules: &'static [Rule],
}

/// The type of a value, with its bounds. Lengths are in characters, sizes in entries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text { min: usize, max: usize, pattern: Option<Pattern> },
    Choice(&'static [&'static str]),
    Boolean,
    Integer { min: i64, max: i64 },
    Number { min: f64, max: f64 },
    IntOrText,
    List { item: &'static Node, min: usize, max: usize, key: Option<&'static str> },
    Map { value: &'static Node, min: usize, max: usize },
    Object(Object),
}

/// A mapping with named fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    pub(super) fields: &'static [(&'static str, Node)],
    pub(super) required: &'static [&'static str],
    /// Fields without a name here are kept.
    pub(super) open: bool,
}

/// The regular expressions of the schemas, by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Dot-separated lower-case labels, or nothing.
    GroupOrEmpty,
    /// A letter, then letters, digits and inner hyphens.
    Kind,
    /// Letters, digits, `-` and `_`, at least one.
    HeaderName,
    /// Padded base64.
    Base64,
}

impl Object {
    pub(super) fn field(&self, name: &str) -> Option<&'static Node> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, node)| node)
    }
}

impl Node {
    const fn new(shape: Shape) -> Self {
        Self { shape, nullable: false, exclusive: [&[]; 3], rules: &[] }
    }

    pub(super) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    pub(super) const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }

    /// At least `bound` characters or entries.
    pub(super) const fn min(mut self, bound: usize) -> Self {
        self.shape = match self.shape {
            Shape::Text { max, pattern, .. } => Shape::Text { min: bound, max, pattern },
            Shape::List { item, max, key, .. } => Shape::List { item, min: bound, max, key },
            Shape::Map { value, max, .. } => Shape::Map { value, min: bound, max },
            other => other,
        };
        self
    }

    /// At most `bound` characters or entries.
    pub(super) const fn max(mut self, bound: usize) -> Self {
        self.shape = match self.shape {
            Shape::Text { min, pattern, .. } => Shape::Text { min, max: bound, pattern },
            Shape::List { item, min, key, .. } => Shape::List { item, min, max: bound, key },
            Shape::Map { value, min, .. } => Shape::Map { value, min, max: bound },
            other => other,
        };
        self
    }

    pub(super) const fn pattern(mut self, pattern: Pattern) -> Self {
        if let Shape::Text { min, max, .. } = self.shape {
            self.shape = Shape::Text { min, max, pattern: Some(pattern) };
        }
        self
    }

    /// No two items of the list have the same value in the field `key`.
    pub(super) const fn keyed_by(mut self, key: &'static str) -> Self {
        if let Shape::List { item, min, max, .. } = self.shape {
            self.shape = Shape::List { item, min, max, key: Some(key) };
        }
        self
    }

    pub(super) const fn required(mut self, required: &'static [&'static str]) -> Self {
        if let Shape::Object(Object { fields, open, .. }) = self.shape {
            self.shape = Shape::Object(Object { fields, required, open });
        }
        self
    }

    /// Fields that the schema does not name are kept.
    pub(super) const fn open(mut self) -> Self {
        if let Shape::Object(Object { fields, required, .. }) = self.shape {
            self.shape = Shape::Object(Object { fields, required, open: true });
        }
        self
    }

    /// Adds a group of fields of which at most one may be there.
    pub(super) const fn at_most_one(mut self, fields: &'static [&'static str]) -> Self {
        let [first, second, third] = self.exclusive;
        self.exclusive = match (first.is_empty(), second.is_empty()) {
            (true, _) => [fields, second, third],
            (false, true) => [first, fields, third],
            (false, false) => {
                assert!(third.is_empty(), "a node has at most three exclusive groups");
                [first, second, fields]
            }
        };
        self
    }
}

pub(super) const fn object(fields: &'static [(&'static str, Node)]) -> Node {
    Node::new(Shape::Object(Object { fields, required: &[], open: false }))
}

pub(super) const fn list(item: &'static Node) -> Node {
    Node::new(Shape::List { item, min: 0, max: usize::MAX, key: None })
}

pub(super) const fn map(value: &'static Node) -> Node {
    Node::new(Shape::Map { value, min: 0, max: usize::MAX })
}

pub(super) const fn choice(names: &'static [&'static str]) -> Node {
    Node::new(Shape::Choice(names))
}

pub(super) const fn integer(min: i64, max: i64) -> Node {
    Node::new(Shape::Integer { min, max })
}

pub(super) const fn number(min: f64, max: f64) -> Node {
    Node::new(Shape::Number { min, max })
}

pub(super) const TEXT: Node = Node::new(Shape::Text { min: 0, max: usize::MAX, pattern: None });
pub(super) const TEXTS: Node = list(&TEXT);
pub(super) const TEXT_MAP: Node = map(&TEXT);
pub(super) const BOOLEAN: Node = Node::new(Shape::Boolean);
pub(super) const INT32: Node = integer(i32::MIN as i64, i32::MAX as i64);
pub(super) const UINT32: Node = integer(0, u32::MAX as i64);
pub(super) const NUMBER: Node = number(f64::MIN, f64::MAX);
pub(super) const INT_OR_TEXT: Node = Node::new(Shape::IntOrText);
pub(super) const DURATION: Node = TEXT.rules(&[super::rules::MIN_DURATION]);
pub(super) const PORT: Node = UINT32.rules(&[super::rules::PORT_RANGE]);
