//! Fields that no schema names: an API server drops them without a word.

use super::kinds::STATUS;
use super::node::{Node, Shape};
use super::path::Path;
use serde_json::Value;

/// The paths of all fields of an object that its schema does not name, sorted.
pub(super) fn unknown_fields(object: &Value, spec: &'static Node) -> Vec<String> {
    let mut search = Search { path: Path::default(), found: Vec::new(), length: 0 };
    for (key, value) in object.as_object().into_iter().flatten() {
        search.path.key(key);
        match key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => search.metadata(value),
            "spec" => search.visit(Some(spec), value),
            "status" => search.visit(Some(&STATUS), value),
            _ => search.found(),
        }
        search.path.up();
    }
    search.found.sort();
    search.found
}

struct Search<'v> {
    path: Path<'v>,
    found: Vec<String>,
    /// How long the paths are together.
    length: usize,
}

impl<'v> Search<'v> {
    fn found(&mut self) {
        // A hostile object can have millions of them, under keys of any length.
        if self.length < MAX_LENGTH {
            let path = self.path.dotted();
            self.length += path.len() + 1;
            self.found.push(path);
        }
    }

    fn visit(&mut self, node: Option<&'static Node>, value: &'v Value) {
        let shape = node.map(|node| node.shape);
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.path.key(key);
                    match shape {
                        Some(Shape::Map { value: inner, .. }) => self.visit(Some(inner), value),
                        Some(Shape::Object(object)) => match object.field(key) {
                            Some(node) => self.visit(Some(node), value),
                            None if object.open => {}
                            None => self.found(),
                        },
                        _ => self.found(),
                    }
                    self.path.up();
                }
            }
            Value::Array(items) => {
                let item = match shape {
                    Some(Shape::List { item, .. }) => Some(item),
                    _ => None,
                };
                for (index, value) in items.iter().enumerate() {
                    self.path.index(index);
                    self.visit(item, value);
                    self.path.up();
                }
            }
            _ => {}
        }
    }

    fn metadata(&mut self, value: &'v Value) {
        for (key, _) in value.as_object().into_iter().flatten() {
            if !METADATA.contains(&key.as_str()) {
                self.path.key(key);
                self.found();
                self.path.up();
            }
        }
    }
}

const MAX_LENGTH: usize = 1 << 20;

/// The fields of Kubernetes' ObjectMeta.
const METADATA: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];
