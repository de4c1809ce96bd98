//! Finds the fields that are set and not enforced.

use super::{Coverage, of};
use crate::mesh::MeshConfig;
use crate::proto::{Descriptor, Reading, Shape, Step};
use crate::{AnyObject, Body, Layer, Report};
use serde_json::Value;

/// Finds the fields of a MeshConfig.
pub(crate) fn find_in_mesh_config(value: &Value) -> Report {
    let mut walk = Walk { kind: "MeshConfig", reading: Reading::default(), report: Report::new() };
    walk.message(MeshConfig::descriptor(), value);
    walk.report
}

/// A warning for every field of an object that is set and has no effect here.
pub(crate) fn find(object: &AnyObject, value: &Value) -> Report {
    let mut report = Report::new();
    match object {
        AnyObject::NotEnforced(_) => {
            report.warn(Layer::Coverage, "", "objects of this kind have no effect here");
        }
        AnyObject::Unsupported(_) => {
            report.warn(Layer::Coverage, "", "the Kubernetes Gateway API is not supported yet");
        }
        AnyObject::Unknown(_) => {
            report.warn(Layer::Coverage, "", "this kind is not known and has no effect");
        }
        _ => {}
    }
    let Some(descriptor) = object.descriptor() else { return report };
    let mut walk = Walk { kind: object.kind(), reading: Reading::default(), report };
    let body = match object.body() {
        Some(Body::Root) => Some(value),
        _ => value.get("spec"),
    };
    if let Some(body) = body {
        if object.body() == Some(Body::Root) {
            walk.message(descriptor, body);
        } else {
            walk.at(Step::Key("spec"), |walk| walk.message(descriptor, body));
        }
    }
    walk.report
}

struct Walk<'v> {
    kind: &'v str,
    reading: Reading<'v>,
    report: Report,
}

impl<'v> Walk<'v> {
    fn at(&mut self, step: Step<'v>, visit: impl FnOnce(&mut Self)) {
        self.reading.push(step);
        visit(self);
        self.reading.pop();
    }

    fn message(&mut self, descriptor: &'static Descriptor, value: &'v Value) {
        let Value::Object(map) = value else { return };
        for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            let name = descriptor.json_name(key).unwrap_or(key);
            let Some((json, shape)) = descriptor.fields().find(|(json, _)| *json == name) else {
                continue;
            };
            self.at(Step::Key(key), |walk| match of(walk.kind, short_name(descriptor), json) {
                Some(Coverage::Advisory { note }) => walk.warn(note),
                _ => walk.value(shape, value),
            });
        }
    }

    fn value(&mut self, shape: Shape, value: &'v Value) {
        match (shape, value) {
            (Shape::Message(descriptor), value) => self.message(descriptor, value),
            (Shape::List(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.at(Step::Index(index), |walk| walk.value(item(), value));
                }
            }
            (Shape::Map(item), Value::Object(entries)) => {
                for (key, value) in entries {
                    self.at(Step::Key(key), |walk| walk.value(item(), value));
                }
            }
            _ => {}
        }
    }

    fn warn(&mut self, note: &str) {
        let mut message = "this field has no effect here".to_owned();
        if !note.is_empty() {
            message.push_str(": ");
            message.push_str(note);
        }
        self.report.warn(Layer::Coverage, self.reading.path(), message);
    }
}

/// The name of a message without its package: `MeshConfig.CA`.
pub(super) fn short_name(descriptor: &Descriptor) -> &'static str {
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut rest = descriptor.name;
    while let Some((part, after)) = rest.split_once('.') {
        rest = after;
        if is_version(part) {
            return rest;
        }
    }
    descriptor.name
}

/// The messages that can occur inside one, itself among them, each once.
#[cfg(test)]
pub(super) fn reachable(descriptor: &'static Descriptor) -> Vec<&'static Descriptor> {
    fn message_of(shape: Shape) -> Option<&'static Descriptor> {
        match shape {
            Shape::Message(descriptor) => Some(descriptor),
            Shape::List(item) | Shape::Map(item) => message_of(item()),
            Shape::Scalar(_) | Shape::Enum(_) | Shape::Any => None,
        }
    }
    let mut found = vec![descriptor];
    let mut next = 0;
    while let Some(current) = found.get(next) {
        for (_, shape) in current.fields() {
            if let Some(inner) = message_of(shape)
                && found.iter().all(|known| known.name != inner.name)
            {
                found.push(inner);
            }
        }
        next += 1;
    }
    found
}
