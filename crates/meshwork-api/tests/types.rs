//! Reading and writing typed objects through serde.

use meshwork_api::networking::{HttpBodySpecifier, RedirectPort, StringMatchType, VirtualService};
use meshwork_api::{AnyObject, Object};
use serde_json::json;

#[test]
fn proto3_json_is_read_as_istiod_reads_it() {
    let object: AnyObject = serde_json::from_value(json!({
        "apiVersion": "networking.istio.io/v1alpha3", "kind": "VirtualService",
        "metadata": {"name": "a", "creationTimestamp": null, "labels": {"x": "y"}},
        "spec": {
            "hosts": ["a"], "gateways": null, "export_to": ["."], "whatever": 1,
            "http": [
                {
                    "match": [{"uri": {"exact": "/", "regex": "/.*"}, "headers": {"x": null}, "port": "80"}],
                    "timeout": "1.5s",
                    "redirect": {"derivePort": 1, "port": 8080},
                },
                null,
            ],
        },
    }))
    .unwrap();
    let AnyObject::VirtualService(Object { spec, .. }) = &object else { panic!() };
    assert_eq!(spec.export_to, ["."]);
    let route = &spec.http[0];
    let matched = &route.match_[0];
    let uri = matched.uri.as_ref().unwrap().match_type.as_ref().unwrap();
    assert_eq!(*uri, StringMatchType::Regex("/.*".into()), "the last declared member wins");
    assert_eq!(matched.headers["x"].match_type, None, "presence");
    assert_eq!(matched.port, 80);
    assert_eq!(route.timeout.unwrap().as_nanos(), 1_500_000_000);
    let port = route.redirect.as_ref().unwrap().redirect_port.as_ref().unwrap();
    assert!(matches!(port, RedirectPort::DerivePort(p) if p.name() == Some("FROM_REQUEST_PORT")));
    assert_eq!(spec.http.len(), 2);

    let written = serde_json::to_value(&object).unwrap();
    let again: AnyObject = serde_json::from_value(written).unwrap();
    assert_eq!(object, again);
}

#[test]
fn wrong_types_are_errors_with_a_path() {
    let error =
        serde_json::from_value::<VirtualService>(json!({"http": [{"match": [{"port": {}}]}]}))
            .unwrap_err();
    assert_eq!(error.to_string(), "`http[0].match[0].port`: expected an integer, found a mapping");
}

/// istiod takes the quotes off a number and reads what is left as JSON; an API server makes whole
/// numbers integers before that.
#[test]
fn numbers_are_read_however_they_are_written() {
    let weight = |value: serde_json::Value| {
        let spec = json!({"http": [{"route": [{"weight": value}]}]});
        let spec: Result<VirtualService, _> = serde_json::from_value(spec);
        spec.ok().map(|spec| spec.http[0].route[0].weight)
    };
    for (value, expected) in [
        (json!(80), Some(80)),
        (json!(80.0), Some(80)),
        (json!(1e3), Some(1000)),
        (json!("80"), Some(80)),
        (json!(" 80 "), Some(80)),
        (json!("-1"), Some(-1)),
        (json!("null"), Some(0)),
        (json!(80.5), None),
        (json!("80.0"), None),
        (json!("\t80"), None),
        (json!("+80"), None),
        (json!("080"), None),
        (json!(""), None),
        (json!(2_147_483_648_u32), None),
        (json!(true), None),
    ] {
        assert_eq!(weight(value.clone()), expected, "{value}");
    }
    let percentage = |value: &str| {
        let spec = json!({"http": [{"mirrorPercentage": {"value": value}}]});
        let spec: Result<VirtualService, _> = serde_json::from_value(spec);
        spec.ok().map(|spec| spec.http[0].mirror_percentage.as_ref().unwrap().value)
    };
    for (text, expected) in [
        (" 1.5 ", Some(1.5)),
        ("1e2", Some(100.0)),
        ("null", Some(0.0)),
        ("-Infinity", Some(f64::NEG_INFINITY)),
        ("1.5\t", None),
        (".5", None),
        ("1e400", None),
    ] {
        assert_eq!(percentage(text), expected, "{text:?}");
    }
}

#[test]
fn bytes_are_read_as_go_reads_them() {
    let body = |text: &str| {
        let spec = json!({"http": [{"directResponse": {"body": {"bytes": text}}}]});
        let spec: Result<VirtualService, _> = serde_json::from_value(spec);
        spec.ok().map(|spec| {
            let body = spec.http[0].direct_response.as_ref().unwrap().body.clone().unwrap();
            let Some(HttpBodySpecifier::Bytes(bytes)) = body.specifier else { panic!() };
            bytes.0
        })
    };
    for (text, expected) in [
        ("AQ==", Some(vec![1])),
        ("AR==", Some(vec![1])),
        ("AQ\r\nI=", Some(vec![1, 2])),
        ("", Some(vec![])),
        ("AQ", None),
        ("-_8=", None),
    ] {
        assert_eq!(body(text), expected, "{text:?}");
    }
}
