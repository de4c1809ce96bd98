//! Holds a value against a schema and reports every difference.

use super::node::{Node, Object, Pattern, Shape};
use super::path::Path;
use super::rules::whole_number;
use crate::proto::type_name;
use crate::{Layer, Report};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Holds values against schemas.
#[derive(Debug)]
pub(super) struct Walk<'v, 'r> {
    pub(super) path: Path<'v>,
    pub(super) report: &'r mut Report,
}

impl<'v> Walk<'v, '_> {
    /// Reports what is wrong with the value at the current path.
    pub(super) fn check(&mut self, node: &'static Node, value: &'v Value) {
        if value.is_null() && node.nullable {
            return;
        }
        let typed = match node.shape {
            Shape::Text { min, max, pattern } => self.text(value, min, max, pattern),
            Shape::Choice(names) => self.choice(value, names),
            Shape::Boolean => self.expect(value.is_boolean(), "true or false", value),
            Shape::Integer { min, max } => self.integer(value, min, max),
            Shape::Number { min, max } => self.number(value, min, max),
            Shape::IntOrText => {
                let fits = value.is_string() || whole_number(value).is_some();
                self.expect(fits, "an integer or a string", value)
            }
            Shape::List { item, min, max, key } => self.list(value, item, (min, max), key),
            Shape::Map { value: inner, min, max } => self.map(value, inner, min, max),
            Shape::Object(object) => self.object(value, &object),
        };
        if !typed {
            return;
        }
        if let Value::Object(fields) = value {
            for group in node.exclusive {
                self.at_most_one(fields, group);
            }
        }
        for rule in node.rules {
            if !(rule.holds)(value) {
                self.error(rule.says);
            }
        }
    }

    fn text(&mut self, value: &Value, min: usize, max: usize, pattern: Option<Pattern>) -> bool {
        let Value::String(text) = value else {
            return self.expect(false, "a string", value);
        };
        if min > 0 && text.is_empty() {
            self.error("must not be empty");
        }
        if text.len() > max && text.chars().count() > max {
            self.error(format!("must not be longer than {max} characters"));
        }
        if let Some(pattern) = pattern
            && !pattern.matches(text)
        {
            self.error(format!("`{}` is not {}", shorten(text), pattern.meaning()));
        }
        true
    }

    fn choice(&mut self, value: &Value, names: &[&str]) -> bool {
        let Value::String(text) = value else {
            return self.expect(false, "a string", value);
        };
        if !names.contains(&text.as_str()) {
            let names = names.join("`, `");
            self.error(format!("`{}` is none of `{names}`", shorten(text)));
        }
        true
    }

    fn integer(&mut self, value: &Value, min: i64, max: i64) -> bool {
        let Some(number) = whole_number(value) else {
            if value.as_u64().is_some() {
                self.error(format!("must be at most {max}"));
                return true;
            }
            return self.expect(false, "an integer", value);
        };
        if number < min {
            self.error(format!("must be at least {min}"));
        }
        if number > max {
            self.error(format!("must be at most {max}"));
        }
        true
    }

    fn number(&mut self, value: &Value, min: f64, max: f64) -> bool {
        let Some(number) = value.as_f64() else {
            return self.expect(false, "a number", value);
        };
        if number < min {
            self.error(format!("must be at least {min}"));
        }
        if number > max {
            self.error(format!("must be at most {max}"));
        }
        true
    }

    fn list(
        &mut self,
        value: &'v Value,
        item: &'static Node,
        (min, max): (usize, usize),
        key: Option<&'static str>,
    ) -> bool {
        let Value::Array(items) = value else {
            return self.expect(false, "a list", value);
        };
        self.size(items.len(), min, max, "entries");
        let mut names = HashSet::new();
        for (index, value) in items.iter().enumerate() {
            self.path.index(index);
            self.check(item, value);
            let name = key.and_then(|key| value.get(key)).and_then(Value::as_str);
            if let (Some(key), Some(name)) = (key, name)
                && !names.insert(name)
            {
                let name = shorten(name);
                self.error(format!("another entry has the same `{key}`, `{name}`"));
            }
            self.path.up();
        }
        true
    }

    fn map(&mut self, value: &'v Value, inner: &'static Node, min: usize, max: usize) -> bool {
        let Value::Object(entries) = value else {
            return self.expect(false, "a mapping", value);
        };
        let present = entries.iter().filter(|(_, value)| !is_dropped(inner, value));
        let mut count = 0;
        for (key, value) in present {
            count += 1;
            self.path.key(key);
            self.check(inner, value);
            self.path.up();
        }
        self.size(count, min, max, "entries");
        true
    }

    fn object(&mut self, value: &'v Value, object: &Object) -> bool {
        let Value::Object(fields) = value else {
            return self.expect(false, "a mapping", value);
        };
        for name in object.required {
            if fields.get(*name).is_none_or(Value::is_null) {
                self.path.key(name);
                self.error("is required");
                self.path.up();
            }
        }
        for (key, value) in fields {
            if let Some(node) = object.field(key)
                && !is_dropped(node, value)
            {
                self.path.key(key);
                self.check(node, value);
                self.path.up();
            }
        }
        true
    }

    fn at_most_one(&mut self, fields: &Map<String, Value>, group: &[&str]) {
        let present = |name: &&&str| fields.get(**name).is_some_and(|value| !value.is_null());
        if group.iter().filter(present).count() > 1 {
            let names: Vec<_> = group.iter().filter(present).copied().collect();
            self.error(format!("only one of `{}` can be set", names.join("`, `")));
        }
    }

    fn size(&mut self, count: usize, min: usize, max: usize, what: &str) {
        if count < min {
            self.error(format!("must have at least {min} {what}"));
        }
        if count > max {
            self.error(format!("must have at most {max} {what}, not {count}"));
        }
    }

    fn expect(&mut self, fits: bool, expected: &str, value: &Value) -> bool {
        if !fits {
            self.error(format!("expected {expected}, found {}", type_name(value)));
        }
        fits
    }

    pub(super) fn error(&mut self, message: impl Into<String>) {
        // A hostile object can break rules millions of times; nobody reads that many.
        if self.report.violations.len() < MAX_VIOLATIONS {
            self.report.error(Layer::Schema, self.path.quoted(), message);
        }
    }
}

/// A null stands for an absent value where the schema does not say otherwise.
fn is_dropped(node: &Node, value: &Value) -> bool {
    value.is_null() && !node.nullable
}

impl Pattern {
    fn matches(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let alphanumeric = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        match self {
            Self::GroupOrEmpty => {
                let lower = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                let label = |label: &str| {
                    let label = label.as_bytes();
                    label.first().is_some_and(lower)
                        && label.last().is_some_and(lower)
                        && label.iter().all(|b| lower(b) || *b == b'-')
                };
                text.is_empty() || text.split('.').all(label)
            }
            Self::Kind => {
                bytes.first().is_some_and(u8::is_ascii_alphabetic)
                    && alphanumeric(bytes.last())
                    && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
            }
            Self::HeaderName => {
                let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
                !bytes.is_empty() && bytes.iter().all(allowed)
            }
            Self::Base64 => {
                let digits = text.trim_end_matches('=').as_bytes();
                let digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
                !bytes.is_empty()
                    && bytes.len().is_multiple_of(4)
                    && bytes.len() - digits.len() <= 2
                    && digits.iter().all(digit)
            }
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::GroupOrEmpty => "an API group: lower-case labels with dots between them",
            Self::Kind => "a kind: letters, digits and inner hyphens after a letter",
            Self::HeaderName => "a header name of letters, digits, `-` and `_`",
            Self::Base64 => "base64 with its padding",
        }
    }
}

const MAX_VIOLATIONS: usize = 1_000;

/// The beginning of a text, for messages.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
