//! Reading and writing typed objects through serde.

use meshwork_api::networking::{RedirectPort, StringMatchType, VirtualService};
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
