//! What an API server asks of `metadata`, whatever the kind.

use super::walk::{Walk, shorten};
use crate::Timestamp;
use crate::proto::type_name;
use serde_json::{Map, Value};

impl<'v> Walk<'v, '_> {
    /// Reports what is wrong with an object's `metadata`.
    pub(super) fn metadata(&mut self, metadata: Option<&'v Value>) {
        self.path.key("metadata");
        match metadata {
            Some(Value::Object(fields)) => self.meta_fields(fields),
            None | Some(Value::Null) => self.no_name(),
            Some(other) => self.error(format!("expected a mapping, found {}", type_name(other))),
        }
        self.path.up();
    }

    fn meta_fields(&mut self, fields: &'v Map<String, Value>) {
        let generate = self.meta_text(fields, "generateName");
        match self.meta_text(fields, "name") {
            "" if generate.is_empty() => self.no_name(),
            "" => {}
            name => self.name("name", name),
        }
        if !generate.is_empty() {
            let nameless =
                fields.get("name").and_then(Value::as_str).unwrap_or_default().is_empty();
            let (start, _) = generate.split_at_checked(PREFIX).unwrap_or((generate, ""));
            let judged = as_name(generate);
            // The name that is made of the prefix has to be one too.
            let judged = match is_dns_subdomain(&judged) && nameless {
                true => format!("{start}abcde"),
                false => judged,
            };
            self.name("generateName", &judged);
        }
        let namespace = self.meta_text(fields, "namespace");
        if !namespace.is_empty() && !is_dns_label(namespace) {
            self.meta_error("namespace", format!("`{}` is not a namespace: at most 63 lower-case letters, digits and inner hyphens", shorten(namespace)));
        }
        for key in ["uid", "resourceVersion", "selfLink"] {
            self.meta_text(fields, key);
        }
        self.labels(fields.get("labels"));
        self.annotations(fields.get("annotations"));
        self.finalizers(fields.get("finalizers"));
        self.owners(fields.get("ownerReferences"));
        for key in ["creationTimestamp", "deletionTimestamp"] {
            let text = self.meta_text(fields, key);
            let given = fields.get(key).is_some_and(Value::is_string);
            if given && text.parse::<Timestamp>().is_err() {
                self.meta_error(
                    key,
                    format!("`{}` is not a time such as `2026-01-31T12:00:00Z`", shorten(text)),
                );
            }
        }
        for key in ["generation", "deletionGracePeriodSeconds"] {
            if fields.get(key).is_some_and(|v| !v.is_null() && v.as_i64().is_none()) {
                self.meta_error(key, "expected an integer".to_owned());
            }
        }
    }

    fn no_name(&mut self) {
        self.meta_error("name", "is required (or `generateName`)".to_owned());
    }

    fn name(&mut self, field: &'static str, name: &str) {
        if !is_dns_subdomain(name) {
            self.meta_error(
                field,
                format!(
                    "`{}` is not a name: at most 253 lower-case letters, digits, inner hyphens \
                     and dots",
                    shorten(name)
                ),
            );
        }
    }

    fn labels(&mut self, labels: Option<&'v Value>) {
        self.texts("labels", labels, |walk, key, value| {
            if !is_qualified_name(key) {
                walk.error("the key is not a label key: `name` or `prefix.example/name`");
            }
            if !is_label_value(value) {
                walk.error(format!(
                    "`{}` is not a label value: at most 63 letters, digits and inner `-`, `_`, `.`",
                    shorten(value)
                ));
            }
        });
    }

    fn annotations(&mut self, annotations: Option<&'v Value>) {
        let mut size = 0;
        self.texts("annotations", annotations, |walk, key, value| {
            size += key.len() + value.len();
            if !is_qualified_name(&key.to_ascii_lowercase()) {
                walk.error("the key is not an annotation key: `name` or `prefix.example/name`");
            }
        });
        if size > MAX_ANNOTATIONS {
            self.meta_error("annotations", "must not be larger than 256 KiB".to_owned());
        }
    }

    fn finalizers(&mut self, finalizers: Option<&'v Value>) {
        self.path.key("finalizers");
        match finalizers {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.index(index);
                    match item {
                        Value::String(name) if is_qualified_name(name) => {}
                        _ => self.error("is not a finalizer: `name` or `prefix.example/name`"),
                    }
                    self.path.up();
                }
                let has = |name: &str| items.iter().any(|item| item == name);
                if has("orphan") && has("foregroundDeletion") {
                    self.error("`orphan` and `foregroundDeletion` exclude each other");
                }
            }
            Some(other) => self.error(format!("expected a list, found {}", type_name(other))),
        }
        self.path.up();
    }

    fn owners(&mut self, owners: Option<&'v Value>) {
        self.path.key("ownerReferences");
        match owners {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                let mut controllers = 0;
                for (index, owner) in items.iter().enumerate() {
                    self.path.index(index);
                    for key in ["apiVersion", "kind", "name", "uid"] {
                        let text = owner.get(key).and_then(Value::as_str).unwrap_or_default();
                        let version = text.split_once('/').map_or(text, |(_, version)| version);
                        if text.is_empty() || (key == "apiVersion" && version.is_empty()) {
                            self.meta_error(key, "is required".to_owned());
                        }
                    }
                    if owner.get("controller").and_then(Value::as_bool) == Some(true) {
                        controllers += 1;
                    }
                    self.path.up();
                }
                if controllers > 1 {
                    self.error("only one owner can be the controller");
                }
            }
            Some(other) => self.error(format!("expected a list, found {}", type_name(other))),
        }
        self.path.up();
    }

    /// Visits a map of strings; entries of another type are reported.
    fn texts(
        &mut self,
        field: &'static str,
        value: Option<&'v Value>,
        mut visit: impl FnMut(&mut Self, &str, &str),
    ) {
        self.path.key(field);
        match value {
            None | Some(Value::Null) => {}
            Some(Value::Object(entries)) => {
                for (key, value) in entries {
                    self.path.key(key);
                    match value {
                        Value::String(text) => visit(self, key, text),
                        Value::Null => visit(self, key, ""),
                        other => {
                            self.error(format!("expected a string, found {}", type_name(other)));
                        }
                    }
                    self.path.up();
                }
            }
            Some(other) => self.error(format!("expected a mapping, found {}", type_name(other))),
        }
        self.path.up();
    }

    fn meta_text(&mut self, fields: &'v Map<String, Value>, key: &'static str) -> &'v str {
        match fields.get(key) {
            None | Some(Value::Null) => "",
            Some(Value::String(text)) => text,
            Some(other) => {
                self.meta_error(key, format!("expected a string, found {}", type_name(other)));
                ""
            }
        }
    }

    fn meta_error(&mut self, key: &'static str, message: String) {
        self.path.key(key);
        self.error(message);
        self.path.up();
    }
}

/// The name that a prefix is judged as: where it ends with a hyphen, the character before it does
/// not matter either.
fn as_name(prefix: &str) -> String {
    let mut chars = prefix.chars();
    match (chars.next_back(), chars.next_back()) {
        (Some('-'), Some(c)) if c.is_ascii() => format!("{}a", chars.as_str()),
        _ => prefix.to_owned(),
    }
}

/// A name by RFC 1123: lower-case labels with dots between them, at most 253 characters.
fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_lower_label)
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_lower_label(text)
}

fn is_lower_label(text: &str) -> bool {
    let allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(allowed)
        && bytes.last().is_some_and(allowed)
        && bytes.iter().all(|b| allowed(b) || *b == b'-')
}

/// `name` or `prefix/name`; the prefix is a DNS name.
fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_dns_subdomain) && !name.is_empty() && is_label_value(name)
}

fn is_label_value(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    text.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

const MAX_ANNOTATIONS: usize = 256 * 1024;
/// How much of a prefix goes into a name, in bytes; five characters follow it.
const PREFIX: usize = 58;
