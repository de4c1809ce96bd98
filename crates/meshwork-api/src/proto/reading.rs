//! What is noticed while a message is read, and where.

use serde_json::Value;
use std::fmt;

/// Something that reading a resource noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, from the object's root: `spec.http[2].match[0].uri`.
    pub path: String,
    /// What it is.
    pub kind: ProblemKind,
}

/// What is wrong with a field as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The message has no such field; a cluster would drop it.
    UnknownField {
        /// The field that was probably meant.
        suggestion: Option<String>,
    },
    /// The proto name of a field (`direct_response`): istiod reads it, an API server drops it.
    SnakeCase {
        /// The JSON name, `directResponse`.
        json: &'static str,
        /// The JSON name is present too and counts.
        overridden: bool,
    },
    /// A value of another type.
    WrongType {
        /// What the field takes.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A value of the right type that the field does not take.
    InvalidValue {
        /// Why.
        reason: String,
    },
    /// More than one member of a oneof is set; the last declared one counts.
    SeveralOfOneof {
        /// The member that lost.
        ignored: &'static str,
    },
    /// A key stands twice in one mapping.
    DuplicateKey,
}

impl ProblemKind {
    /// Whether the value cannot be represented, so that istiod could not read the object either.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::WrongType { .. } | Self::InvalidValue { .. })
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { suggestion: Some(meant) } => {
                write!(f, "unknown field, did you mean `{meant}`?")
            }
            Self::UnknownField { suggestion: None } => f.write_str("unknown field"),
            Self::SnakeCase { json, overridden: false } => {
                write!(f, "the field is called `{json}`; an API server would drop this spelling")
            }
            Self::SnakeCase { json, overridden: true } => {
                write!(f, "the field is called `{json}`, which is present too and counts")
            }
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::InvalidValue { reason } => f.write_str(reason),
            Self::SeveralOfOneof { ignored } => {
                write!(f, "`{ignored}` and another field that excludes it are both set")
            }
            Self::DuplicateKey => f.write_str("the key stands twice in this mapping"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "`{}`: {}", self.path, self.kind)
        }
    }
}

/// One step down into a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

/// The place in the value that is being read, and what was noticed so far.
#[derive(Debug, Default)]
pub(crate) struct Reading<'v> {
    path: Vec<Step<'v>>,
    problems: Vec<Problem>,
    /// How many of them say that the object cannot be read.
    unreadable: usize,
}

impl<'v> Reading<'v> {
    /// Goes one step further down.
    pub(crate) fn push(&mut self, step: Step<'v>) {
        self.path.push(step);
    }

    /// Comes back up from there.
    pub(crate) fn pop(&mut self) {
        self.path.pop();
    }

    /// The place at hand.
    pub(crate) fn path(&self) -> String {
        render(&self.path)
    }

    /// Runs `read` one step further down.
    pub(crate) fn at<T>(&mut self, step: Step<'v>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = read(self);
        self.path.pop();
        result
    }

    /// Notes a problem with the value at hand.
    pub(crate) fn report(&mut self, kind: ProblemKind) {
        // A hostile document can hold millions of problems; nobody reads that many. Unknown fields
        // must not crowd out what makes the object unreadable.
        let known = match kind.is_unreadable() {
            true => self.unreadable,
            false => self.problems.len() - self.unreadable,
        };
        if known < MAX_PROBLEMS {
            self.unreadable += usize::from(kind.is_unreadable());
            let path = render(&self.path);
            self.problems.push(Problem { path, kind });
        }
    }

    /// Notes that `value` has the wrong type; `None`, for the caller to return.
    pub(crate) fn wrong_type<T>(&mut self, expected: &'static str, value: &Value) -> Option<T> {
        self.report(ProblemKind::WrongType { expected, found: type_name(value) });
        None
    }

    /// Notes that a value is not acceptable; `None`, for the caller to return.
    pub(crate) fn invalid<T>(&mut self, reason: impl Into<String>) -> Option<T> {
        self.report(ProblemKind::InvalidValue { reason: reason.into() });
        None
    }

    /// What was noticed.
    pub(crate) fn finish(self) -> Vec<Problem> {
        self.problems
    }
}

/// Writes a path as violations do: `spec.http[2].headers["x-user"].exact`.
pub(crate) fn render(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(index) => {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
            Step::Key(key) if is_plain(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Key(key) => {
                text.push_str("[\"");
                text.extend(key.chars().take(MAX_KEY).flat_map(|c| {
                    let escape = matches!(c, '"' | '\\');
                    escape.then_some('\\').into_iter().chain([c])
                }));
                text.push_str("\"]");
            }
        }
    }
    text
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= MAX_KEY
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The JSON type of a value, in words.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

const MAX_PROBLEMS: usize = 1_000;
const MAX_KEY: usize = 256;
