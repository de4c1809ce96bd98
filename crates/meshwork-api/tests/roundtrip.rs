//! Whatever is read is written so that it reads the same.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use meshwork_api::mesh::MeshConfig;
use meshwork_api::read::{self, Admission, Reader};
use meshwork_api::{AnyObject, Body, Descriptor, Member, Resource, Shape};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Makes values for messages from their descriptors.
struct Maker {
    seed: u64,
    /// Sets every field, so that only the members of oneofs are left to chance.
    full: bool,
}

impl Maker {
    fn below(&mut self, limit: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) as usize % limit
    }

    fn message(&mut self, descriptor: &Descriptor) -> Value {
        let mut map = Map::new();
        for member in descriptor.members {
            if !self.full && self.below(3) == 0 {
                continue;
            }
            let fields = match member {
                Member::Field { .. } => std::slice::from_ref(member),
                Member::Oneof { members, .. } => members(),
            };
            let chosen = self.below(fields.len());
            if let Member::Field { json, shape, .. } = &fields[chosen] {
                let oneof = matches!(member, Member::Oneof { .. });
                map.insert((*json).to_owned(), self.value(shape(), oneof));
            }
        }
        Value::Object(map)
    }

    fn value(&mut self, shape: Shape, keep_zero: bool) -> Value {
        let zero = !keep_zero && !self.full && self.below(4) == 0;
        match shape {
            Shape::Scalar("string") => {
                let texts = ["x", "a b", "é", "1", "true", "null", " ", "a: b", "#", "- x", "~"];
                if zero { json!("") } else { json!(texts[self.below(texts.len())]) }
            }
            Shape::Scalar("bool") => json!(!zero),
            Shape::Scalar("double") => json!(1.5 + self.below(9) as f64),
            Shape::Scalar("Duration") => json!(format!("{}s", 1 + self.below(99))),
            Shape::Scalar("Timestamp") => json!("2026-01-01T00:00:00Z"),
            Shape::Scalar("bytes") => json!("AAEC"),
            Shape::Scalar(_) => json!(if zero { 0 } else { 1 + self.below(65_535) }),
            Shape::Enum(names) => {
                let first = usize::from(self.full && !keep_zero && names.len() > 1);
                json!(names[first + self.below(names.len() - first)])
            }
            Shape::Message(descriptor) => self.message(descriptor),
            Shape::List(item) => (0..1 + self.below(2)).map(|_| self.value(item(), true)).collect(),
            Shape::Map(item) => {
                let keys = (0..1 + self.below(2)).map(|i| i.to_string());
                Value::Object(keys.map(|key| (key, self.value(item(), true))).collect())
            }
            Shape::Any => json!({"a": [1, {"b": null}]}),
        }
    }

    fn object(&mut self, kind: &str, descriptor: &Descriptor) -> Value {
        let (group, _) = AnyObject::KINDS.iter().find(|(_, k)| *k == kind).unwrap();
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let mut body = self.message(descriptor);
        let mut object = json!({
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": "n", "labels": {"a": "b"}, "generation": 3},
        });
        let fields = object.as_object_mut().unwrap();
        match body_of(kind) {
            Body::Spec => {
                fields.insert("spec".to_owned(), body);
                fields.insert("status".to_owned(), json!({"any": ["thing"]}));
            }
            Body::SpecAndStatus => {
                if let Some(status) = body.as_object_mut().unwrap().remove("status") {
                    fields.insert("status".to_owned(), status);
                }
                fields.insert("spec".to_owned(), body);
            }
            Body::Root => fields.extend(body.as_object().unwrap().clone()),
        }
        object
    }
}

fn body_of(kind: &str) -> Body {
    use meshwork_api::kubernetes as k8s;
    match kind {
        k8s::EndpointSlice::KIND | k8s::ServiceAccount::KIND | k8s::Secret::KIND | "ConfigMap" => {
            Body::Root
        }
        "Service" | "Pod" | "Node" | "Namespace" | "Deployment" => Body::SpecAndStatus,
        _ => Body::Spec,
    }
}

#[test]
fn every_field_of_every_kind_is_read_and_written_under_its_name() {
    for (kind, descriptor) in AnyObject::descriptors() {
        for seed in 1..40u64 {
            let value = Maker { seed: u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15), full: true }
                .object(kind, descriptor);
            let (object, report) = read::value(&value, Admission::Strict);
            assert!(report.is_empty(), "{kind}\n{report}\n{value:#}");
            let written = serde_json::to_value(object.unwrap()).unwrap();
            assert_eq!(written, value, "{kind}");
        }
    }
}

#[test]
fn every_field_of_mesh_config_is_read_and_written_under_its_name() {
    for seed in 1..40u64 {
        let maker = &mut Maker { seed: u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15), full: true };
        let value = maker.message(MeshConfig::descriptor());
        let text = value.to_string();
        let config = read::mesh_config("m", &text, Admission::Strict).unwrap();
        assert!(config.report().is_empty(), "{}", config.report());
        assert_eq!(serde_json::to_value(config.object).unwrap(), value);
    }
}

proptest! {
    #[test]
    fn reading_what_was_written_changes_nothing(seed in 1u64.., kind in 0..AnyObject::KINDS.len()) {
        let (kind, descriptor) = AnyObject::descriptors().nth(kind).unwrap();
        let value = Maker { seed, full: false }.object(kind, descriptor);
        let (object, report) = read::value(&value, Admission::Strict);
        prop_assert!(report.is_empty(), "{}", report);
        let object = object.unwrap();
        let json = serde_json::to_string(&object).unwrap();
        let yaml = meshwork_api::to_yaml(&object).unwrap();
        for text in [json, yaml] {
            let reader = Reader { validate: false, ..Reader::default() };
            let outcome = reader.documents("t", &text);
            prop_assert_eq!(&outcome.diagnostics, &[], "{}", text);
            prop_assert_eq!(&outcome.objects[0].object, &object, "{}", text);
        }
    }
}
