//! Resources: reading texts, what admission says of them, and writing what was read.

use meshwork_api::{
    AnyObject,
    read::{self, Admission, Reader},
    schema,
    validation::{self, Verdict},
};
use serde_json::Value;

/// A text of YAML documents.
pub fn parse_yaml(data: &[u8]) {
    let strict = read::bytes("fuzz", data);
    let webhook = Reader::new(Admission::Webhook).bytes("fuzz", data);
    assert!(
        strict.objects.len() <= webhook.objects.len(),
        "what is taken strictly is taken as a cluster takes it"
    );
    for diagnostic in strict.diagnostics.iter().chain(&webhook.diagnostics) {
        assert!(!diagnostic.to_string().is_empty());
    }
}

/// JSON reads the same whether it is read as JSON or as the text of a file.
pub fn parse_json(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return parse_yaml(data) };
    if value.get("items").is_some() || has_duplicates(data) {
        return;
    }
    let (object, report) = read::value(&value, Admission::Webhook);
    let outcome = Reader::new(Admission::Webhook).bytes("fuzz", data);
    if let (Some(object), false, [located]) = (object, report.is_rejected(), &*outcome.objects) {
        assert_eq!(object.reference(), located.object.reference());
    }
}

/// Whether a key may stand twice; a value keeps one of them, a text reports both.
fn has_duplicates(data: &[u8]) -> bool {
    let outcome = read::bytes("fuzz", data);
    outcome.diagnostics.iter().any(|diagnostic| diagnostic.message.contains("twice"))
}

/// The webhook and the schema about any JSON.
pub fn validate(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let (verdict, report) = validation::verdict(&value);
    assert_eq!(report.is_rejected(), !verdict.is_accepted(), "a refusal has a reason");
    let _checked = schema::check(&value);
    if verdict == Verdict::Unparsable {
        return;
    }
    let (object, _) = read::value(&value, Admission::Webhook);
    assert!(object.is_some(), "what has a verdict can be read");
}

/// What was read is written and read again.
pub fn roundtrip(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(object) = serde_json::from_value::<AnyObject>(value) else { return };
    let Ok(written) = serde_json::to_value(&object) else {
        unreachable!("what was read can be written");
    };
    let again: AnyObject = match serde_json::from_value(written) {
        Ok(again) => again,
        Err(error) => unreachable!("what was written can be read: {error}"),
    };
    assert_eq!(object, again, "writing and reading changes nothing");
}
