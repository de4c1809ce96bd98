//! Reading texts: positions, policies, several documents, and what is refused.

use meshwork_api::read::{self, Admission, Reader};
use meshwork_api::{AnyObject, Layer, Severity};
use serde_json::json;

/// A reader that does not validate.
fn reader(admission: Admission) -> Reader {
    Reader { validate: false, ..Reader::new(admission) }
}

/// The objects, the refused ones and the diagnostics of a text, as lines.
fn lines(admission: Admission, text: &str) -> Vec<String> {
    let outcome = reader(admission).documents("t.yaml", text);
    let objects = outcome.objects.iter().map(|o| format!("+ {}", o.object.reference()));
    let refused = outcome.refused.iter().map(|o| format!("- {}", o.object.reference()));
    objects.chain(refused).chain(outcome.diagnostics.iter().map(ToString::to_string)).collect()
}

fn check(admission: Admission, text: &str, expected: &[&str]) {
    assert_eq!(lines(admission, text), expected, "{text}");
}

const HEAD: &str =
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: n}\n";

#[test]
fn a_malformed_document_hides_no_other() {
    let text =
        format!("{HEAD}---\na: [\n---\n- 1\n---\nkind: X\n---\n{HEAD}spec: {{hosts: [\"*\"]}}\n");
    let found = lines(Admission::Strict, &text);
    assert_eq!(found[..2], ["+ VirtualService n/a", "+ VirtualService n/a"]);
    assert!(found[2].starts_with("t.yaml:"), "{found:?}");
    assert!(found[2].contains(": error: "), "{found:?}");
    assert_eq!(found[3], "t.yaml:7:1: error: expected an object, found a list");
    assert_eq!(found[4], "t.yaml:9:1: error: an object needs an `apiVersion`");
    assert_eq!(found.len(), 5);
}

#[test]
fn the_policies_differ_in_what_they_forgive() {
    let text = format!(
        "{HEAD}spec:\n  hosts: [a]\n  export_to: [.]\n  http:\n  - rout: []\n    match:\n    - port: \"80\"\n"
    );
    check(
        Admission::Strict,
        &text,
        &[
            "- VirtualService n/a",
            "t.yaml:6:3: warning: VirtualService n/a: `spec.export_to`: the field is called \
             `exportTo`; an API server would drop this spelling",
            "t.yaml:8:5: error: VirtualService n/a: `spec.http[0].rout`: unknown field, did you \
             mean `route`?",
        ],
    );
    check(Admission::Webhook, &text, &["+ VirtualService n/a"]);
}

#[test]
fn wrong_types_are_refused_by_both() {
    let text = format!(
        "{HEAD}spec:\n  hosts: a\n  http:\n  - timeout: 5\n  - timeout: 1d\n  - match: [{{port: x}}]\n"
    );
    let expected = [
        "- VirtualService n/a",
        "t.yaml:5:3: error: VirtualService n/a: `spec.hosts`: expected a list, found a string",
        "t.yaml:7:5: error: VirtualService n/a: `spec.http[0].timeout`: expected a duration such \
         as `5s`, found a number",
        "t.yaml:8:5: error: VirtualService n/a: `spec.http[1].timeout`: `1d` is not a duration \
         such as `5s`, `100ms` or `1h30m`",
        "t.yaml:9:14: error: VirtualService n/a: `spec.http[2].match[0].port`: expected an \
         integer from 0 to 4294967295, found `x`",
    ];
    let mut sorted = lines(Admission::Strict, &text);
    sorted[1..].sort();
    assert_eq!(sorted, expected);
    let mut sorted = lines(Admission::Webhook, &text);
    sorted[1..].sort();
    assert_eq!(sorted, expected);
}

#[test]
fn duplicate_keys_are_found_in_yaml_and_json() {
    check(
        Admission::Strict,
        &format!("{HEAD}spec:\n  hosts: [a]\n  http:\n  - name: x\n    name: y\n"),
        &[
            "- VirtualService n/a",
            "t.yaml:8:5: error: VirtualService n/a: `spec.http[0].name`: the key stands twice in \
             this mapping",
        ],
    );
    let json = r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "name": "b"}}"#;
    let found = lines(Admission::Strict, json);
    assert_eq!(found[0], "- Service b");
    assert!(found[1].contains("`metadata.name`: the key stands twice"), "{found:?}");
}

#[test]
fn lists_hold_objects_of_their_own() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n- apiVersion: security.istio.io/v1\n  kind: AuthorizationPolicy\n  metadata: {name: b}\n  spec:\n    rule: []\n";
    check(
        Admission::Strict,
        text,
        &[
            "+ Namespace a",
            "- AuthorizationPolicy b",
            "t.yaml:9:5: error: AuthorizationPolicy b: `spec.rule`: unknown field, did you mean \
             `rules`?",
        ],
    );
}

#[test]
fn a_list_counts_once_all_of_it_is_read() {
    let item = "- {apiVersion: v1, kind: Namespace, metadata: {name: a, name: b}}\n";
    let list = "kind: NamespaceList\napiVersion: v1\n";
    let twice =
        "t.yaml:2:57: error: Namespace b: `metadata.name`: the key stands twice in this mapping";
    check(Admission::Strict, &format!("items:\n{item}{list}"), &["- Namespace b", twice]);
    let json = format!("{{\"items\":\n[{}],\"kind\":\"List\"}}", item.trim_start_matches("- "))
        .replace(
            "{apiVersion: v1, kind: Namespace, metadata: {name: a, name: b}}",
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a", "name":"b"}}"#,
        );
    let twice =
        "t.yaml:2:64: error: Namespace b: `metadata.name`: the key stands twice in this mapping";
    check(Admission::Strict, &json, &["- Namespace b", twice]);

    // What is malformed further down is no list, and hides no document before it.
    let good = item.replace("name: a, ", "");
    let found =
        lines(Admission::Strict, &format!("{list}items:\n{good}...\n{list}items:\n{good}x: [\n"));
    assert_eq!(found[0], "+ Namespace b");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[1].contains(": error: "), "{found:?}");

    // The same in a document of another kind is a field of it.
    let other = format!("items:\n{good}apiVersion: v1\nkind: Things\n");
    let outcome = reader(Admission::Strict).documents("t.yaml", &other);
    let AnyObject::Unknown(object) = &outcome.objects[0].object else { panic!() };
    assert_eq!(object.value["items"][0]["metadata"]["name"], "b");
    assert_eq!((outcome.objects.len(), outcome.diagnostics.len()), (1, 0));

    // Beside its items a list can be wrong as well.
    check(
        Admission::Strict,
        &format!("{list}items:\n{good}items:\n{}", good.replace('b', "c")),
        &["+ Namespace c", "t.yaml:5:1: error: `items`: the key stands twice in this mapping"],
    );
}

#[test]
fn what_was_read_leads_back_to_its_text() {
    for text in [
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n",
        "\n{\"kind\": \"List\", \"items\": [\n\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}},\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\"}}]}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b}}\n",
    ] {
        let outcome = reader(Admission::Strict).documents("t.yaml", text);
        assert_eq!(outcome.diagnostics, []);
        let last = outcome.objects.last().unwrap();
        assert_eq!(last.value()["metadata"]["name"], "b");
        assert_eq!(last.locate("metadata.name").unwrap().line, 5);
        let begin = last.source().position(last.span("").start);
        assert_eq!(last.locate(""), Some(begin));
        assert_eq!(text.get(last.span("metadata.name")).unwrap().trim_matches('"'), "name");
    }
}

#[test]
fn a_colon_ends_a_text_only_before_a_blank() {
    for (flow, expected) in [
        ("[1.2.3.4, 001:db8::]", json!(["1.2.3.4", "001:db8::"])),
        ("[001:db8::, '::']", json!(["001:db8::", "::"])),
        ("[::1, ::]", json!(["::1", "::"])),
        ("[a: b, c: , d]", json!([{"a": "b"}, {"c": null}, "d"])),
        ("[80:, {b: 1}]", json!(["80:", {"b": 1}])),
        ("[\"a\":]", json!([{"a": null}])),
        ("{a: 1, b:}", json!({"a": 1, "b:": null})),
        ("[{a:}]", json!([{"a:": null}])),
        ("\n  - a:\n  - b: 1", json!([{"a": null}, {"b": 1}])),
    ] {
        let text = format!("apiVersion: v1\nkind: Thing\nvalue: {flow}\n");
        let outcome = reader(Admission::Strict).documents("t.yaml", &text);
        let errors: Vec<_> = outcome.errors().map(ToString::to_string).collect();
        assert_eq!(errors, [""; 0], "{flow}");
        assert_eq!(outcome.objects[0].value()["value"], expected, "{flow}");
    }
}

#[test]
fn anchors_and_merge_keys_are_resolved() {
    let text = format!(
        "{HEAD}spec:\n  hosts: &h [a, b]\n  gateways: *h\n  http:\n  - &r {{name: x, timeout: 1s}}\n  - <<: *r\n    name: y\n"
    );
    let outcome = reader(Admission::Strict).documents("t.yaml", &text);
    assert_eq!(outcome.diagnostics, []);
    let AnyObject::VirtualService(object) = &outcome.objects[0].object else { panic!() };
    assert_eq!(object.spec.gateways, ["a", "b"]);
    assert_eq!(object.spec.http[1].name, "y");
    assert_eq!(object.spec.http[1].timeout, object.spec.http[0].timeout);
}

#[test]
fn later_findings_have_places() {
    let text = format!(
        "# é\n{HEAD}spec:\n  hosts: [a]\n  http:\n  - match:\n    - headers:\n        x-user: {{exact: é}}\n        \"a.b\": {{}}\n      uri: {{regex: \"[\"}}\n"
    );
    let outcome = reader(Admission::Strict).documents("t.yaml", &text);
    let object = &outcome.objects[0];
    for (path, place) in [
        ("spec.http[0].match[0].uri.regex", "12:13"),
        ("spec.http[0].match[0].headers[\"x-user\"].exact", "10:18"),
        ("spec.http[0].match[0].headers.x-user", "10:9"),
        ("spec.http[0].match[0].headers[\"a.b\"]", "11:9"),
        ("spec.http[0].match[0].headers[a.b]", "11:9"),
        ("spec.http[0].match[7]", "8:5"),
        ("spec.http[0].route", "8:5"),
        ("", "2:1"),
    ] {
        assert_eq!(object.locate(path).unwrap().to_string(), place, "{path}");
    }
}

#[test]
fn diagnostics_show_the_line() {
    let text = format!("{HEAD}spec:\n  hosts: [a]\n  htp: []\n");
    let outcome = reader(Admission::Strict).documents("t.yaml", &text);
    assert_eq!(
        outcome.diagnostics[0].render(false),
        "error: VirtualService n/a spec.htp\n \
          --> t.yaml:6:3\n  \
           |\n\
         5 |   hosts: [a]\n\
         6 |   htp: []\n  \
           |   ^^^ unknown field, did you mean `http`?"
    );
    assert_eq!(outcome.diagnostics[0].severity, Severity::Error);
}

#[test]
fn json_has_places_too() {
    let text = "{\n\t\"apiVersion\": \"networking.istio.io/v1\", \"kind\": \"Gateway\",\n\t\"metadata\": {\"name\": \"g\"},\n\t\"spec\": {\"servers\": [{\"hosts\": 5}]}\n}\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}";
    check(
        Admission::Strict,
        text,
        &[
            "+ Pod p",
            "- Gateway g",
            "t.yaml:4:24: error: Gateway g: `spec.servers[0].hosts`: expected a list, found a number",
        ],
    );
}

#[test]
fn kinds_without_effect_are_recognised() {
    for (version, kind, expected) in [
        ("networking.istio.io/v1alpha3", "EnvoyFilter", "not enforced"),
        ("extensions.istio.io/v1alpha1", "WasmPlugin", "not enforced"),
        ("extensions.istio.io/v1alpha1", "TrafficExtension", "not enforced"),
        ("gateway.networking.k8s.io/v1", "Gateway", "unsupported"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", "unsupported"),
        ("batch/v1", "Job", "unknown"),
        ("networking.istio.io/v1beta1", "Gateway", "typed"),
        ("networking.istio.io/v7", "Gateway", "typed"),
    ] {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\n");
        let outcome = reader(Admission::Strict).documents("t.yaml", &text);
        let found = match &outcome.objects[0].object {
            AnyObject::NotEnforced(_) => "not enforced",
            AnyObject::Unsupported(_) => "unsupported",
            AnyObject::Unknown(_) => "unknown",
            _ => "typed",
        };
        assert_eq!(found, expected, "{version} {kind}");
        assert_eq!(outcome.objects[0].object.metadata().name, "x");
    }
}

#[test]
fn mesh_config_is_read_alone_or_in_its_config_map() {
    let plain = "trustDomain: td\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\ndata:\n  mesh: |\n    trustDomain: td\n";
    for text in [plain, map] {
        let config = read::mesh_config("m.yaml", text, Admission::Strict).unwrap();
        assert_eq!(config.object.trust_domain, "td");
    }
    let text = "trustDomain: td\n\ndisableEnvoyListenerLog: true\n";
    let config = read::mesh_config("m.yaml", text, Admission::Strict).unwrap();
    let found: Vec<_> =
        config.unenforced().iter().map(|v| config.diagnostic(v).to_string()).collect();
    let expected = "m.yaml:3:1: warning: `disableEnvoyListenerLog`: this field has no effect here";
    assert!(found.iter().any(|found| found.starts_with(expected)), "{found:?}");
    let refused = read::mesh_config("m.yaml", "trustDomian: td\n", Admission::Strict).unwrap_err();
    assert_eq!(
        refused[0].to_string(),
        "m.yaml:1:1: error: `trustDomian`: unknown field, did you mean `trustDomain`?"
    );
}

#[test]
fn both_layers_have_to_accept_an_object() {
    let text = format!(
        "{HEAD}spec:\n  hosts: [a]\n  http:\n  - route: [{{destination: {{host: b}}}}]\n    timeout: 1us\n"
    );
    let strict = Reader::default().documents("t.yaml", &text);
    let layers: Vec<_> = strict.diagnostics.iter().map(|d| (d.layer, d.position().line)).collect();
    assert_eq!(layers, [(Layer::Schema, 8), (Layer::Admission, 8)]);
    assert_eq!((strict.objects.len(), strict.refused.len()), (0, 1));

    let webhook = Reader::new(Admission::Webhook).documents("t.yaml", &text);
    let layers: Vec<_> = webhook.diagnostics.iter().map(|d| d.layer).collect();
    assert_eq!(layers, [Layer::Admission]);

    let fine =
        format!("{HEAD}spec:\n  hosts: [a]\n  http:\n  - route: [{{destination: {{host: b}}}}]\n");
    for admission in [Admission::Strict, Admission::Webhook] {
        assert!(Reader::new(admission).documents("t.yaml", &fine).is_clean());
    }
}
