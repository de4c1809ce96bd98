//! What holds for every object: changes that mean nothing change no verdict, and no change of any
//! kind makes validation fail to answer.

use super::vectors::objects;
use meshwork_api::{AnyObject, schema, validation};
use serde_json::{Value, json};

/// A row of pseudo-random numbers (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// The values inside `value` that `wanted` picks, `value` itself among them.
fn count(value: &Value, wanted: &impl Fn(&Value) -> bool) -> usize {
    let within: usize = match value {
        Value::Object(map) => map.values().map(|value| count(value, wanted)).sum(),
        Value::Array(items) => items.iter().map(|value| count(value, wanted)).sum(),
        _ => 0,
    };
    within + usize::from(wanted(value))
}

/// The value with this number among those that `wanted` picks.
fn nth<'v>(
    value: &'v mut Value,
    wanted: &impl Fn(&Value) -> bool,
    n: &mut usize,
) -> Option<&'v mut Value> {
    if wanted(value) {
        if *n == 0 {
            return Some(value);
        }
        *n -= 1;
    }
    match value {
        Value::Object(map) => map.values_mut().find_map(|value| nth(value, wanted, n)),
        Value::Array(items) => items.iter_mut().find_map(|value| nth(value, wanted, n)),
        _ => None,
    }
}

#[test]
fn an_unknown_field_changes_no_verdict_and_is_reported() {
    for object in objects("validation") {
        let (verdict, report) = validation::verdict(&object);
        let before = schema::check(&object);
        let mut changed = object.clone();
        if !changed["spec"].is_object() {
            continue;
        }
        changed["spec"]["x-nothing"] = json!({ "a": [1, null] });
        assert_eq!(validation::verdict(&changed), (verdict, report), "{changed}");
        let after = schema::check(&changed);
        assert_eq!(after.report, before.report, "{changed}");
        assert_eq!(after.unknown_fields.len(), before.unknown_fields.len() + 1, "{changed}");
        assert!(after.unknown_fields.contains(&"spec.x-nothing".to_owned()), "{changed}");
    }
}

#[test]
fn writing_and_reading_again_changes_no_report() {
    for object in objects("validation") {
        let Ok(read) = serde_json::from_value::<AnyObject>(object.clone()) else { continue };
        let again: AnyObject =
            serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
        assert_eq!(again.validate(), read.validate(), "{object}");
    }
}

#[test]
fn mutilated_objects_get_an_answer() {
    let mut numbers = Numbers(0x5eed_1234_5678_9abc);
    let texts = [
        "",
        "*",
        "%",
        "a/b/c",
        "unix://",
        "[",
        "\u{0}\u{ffff}",
        "-1s",
        "http://[",
        "9".repeat(40).as_str(),
    ]
    .map(str::to_owned);
    for object in objects("validation") {
        for _ in 0..6 {
            let mut changed = object.clone();
            for _ in 0..=numbers.below(3) {
                let any = |_: &Value| true;
                let mut n = numbers.below(count(&changed["spec"], &any));
                let replacement = match numbers.below(8) {
                    0 => Value::Null,
                    1 => json!({}),
                    2 => json!([]),
                    3 => json!([null]),
                    4 => json!(-1),
                    5 => json!(1.5e300),
                    6 => json!({ "": null, "a": { "b": [] } }),
                    _ => texts[numbers.below(texts.len())].clone().into(),
                };
                if let Some(place) = nth(&mut changed["spec"], &any, &mut n) {
                    *place = replacement;
                }
            }
            let (verdict, report) = validation::verdict(&changed);
            assert_eq!(verdict.is_accepted(), !report.is_rejected(), "{changed}");
            schema::check(&changed);
        }
    }
}

/// Lists that are compared with themselves or with each other, long enough that comparing each
/// entry with each other one would take minutes.
#[test]
fn long_lists_are_judged_in_time() {
    const MANY: usize = 20_000;
    let names = |prefix: &str| -> Vec<String> {
        (0..MANY).map(|i| format!("{prefix}{i}.example")).collect()
    };
    let wildcards: Vec<String> = (0..MANY).map(|i| format!("*.w{i}.example")).collect();
    let objects = |make: &dyn Fn(usize) -> Value| -> Vec<Value> { (0..MANY).map(make).collect() };
    let destination = json!([{ "destination": { "host": "a" } }]);
    let specs = [
        ("VirtualService", json!({ "hosts": names("h"), "http": [{ "route": destination }] })),
        (
            "VirtualService",
            json!({ "hosts": wildcards, "exportTo": names("n"), "tls": [{ "match": [{ "sniHosts": names("s") }], "route": destination }] }),
        ),
        (
            "VirtualService",
            json!({ "hosts": ["a"], "http": objects(&|i| json!({ "match": [{ "headers": { format!("h{i}"): {} } }], "route": destination })) }),
        ),
        (
            "VirtualService",
            json!({ "hosts": ["a"], "http": [{ "match": objects(&|i| json!({ "uri": { "prefix": format!("/{i}/") } })), "route": destination }] }),
        ),
        (
            "DestinationRule",
            json!({ "host": "a", "subsets": objects(&|i| json!({ "name": format!("s{i}") })) }),
        ),
        (
            "ServiceEntry",
            json!({ "hosts": ["a"], "ports": objects(&|i| json!({ "number": i, "name": format!("p{i}") })) }),
        ),
        ("Sidecar", json!({ "egress": [{ "hosts": names("ns/h") }] })),
        ("Telemetry", json!({ "metrics": objects(&|i| json!({ format!("x{i}"): 1 })) })),
    ];
    for (kind, spec) in specs {
        let mut object = super::support::object(kind, "{}");
        object["spec"] = spec;
        validation::verdict(&object);
        schema::check(&object);
    }
}
