//! Meshes of any size.

use meshwork_api::{
    AnyObject, Object,
    kubernetes::{self as k8s},
    networking::{
        Destination, Gateway, HttpMatchRequest, HttpRoute, HttpRouteDestination, ServiceEntry,
        ServicePort, StringMatch, StringMatchType, VirtualService, WorkloadEntry,
    },
};
use meshwork_config::Event;

/// A Kubernetes Service `s{number}` in `default` with an HTTP port 80.
pub fn service(number: usize) -> Object<k8s::Service> {
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"s{number}","namespace":"default"}},
        "spec":{{"clusterIP":"10.{}.{}.{}","ports":[{{"name":"http","port":80}}],"selector":{{"app":"s{number}"}}}}}}"#,
        96 + (number >> 16 & 0xf),
        number >> 8 & 0xff,
        number & 0xff
    );
    read(&text)
}

/// `count` endpoints of the service of this number.
pub fn endpoint_slice(number: usize, count: usize) -> Object<k8s::EndpointSlice> {
    let endpoints: Vec<_> = (0..count)
        .map(|n| {
            let (high, low) = (number >> 6 & 0xff, number & 0x3f);
            format!(
                r#"{{"addresses":["10.{}.{low}.{n}"],"conditions":{{"ready":true}}}}"#,
                high.max(1)
            )
        })
        .collect();
    let text = format!(
        r#"{{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{{"name":"s{number}-1",
        "namespace":"default","labels":{{"kubernetes.io/service-name":"s{number}"}}}},"addressType":"IPv4",
        "ports":[{{"name":"http","port":80}}],"endpoints":[{}]}}"#,
        endpoints.join(",")
    );
    read(&text)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    match serde_json::from_str(text) {
        Ok(object) => object,
        Err(error) => unreachable!("a generated object is sound: {error}"),
    }
}

/// Services with their endpoints, as events.
pub fn services(count: usize, endpoints: usize) -> Vec<Event> {
    (0..count)
        .flat_map(|number| {
            let slice = endpoint_slice(number, endpoints);
            [AnyObject::from(service(number)), AnyObject::from(slice)]
        })
        .map(Event::apply)
        .collect()
}

/// VirtualServices with three routes each, one for each of the first `count` services.
pub fn virtual_services(count: usize) -> Vec<Object<VirtualService>> {
    (0..count)
        .map(|number| {
            let host = format!("s{number}");
            let matching = |path: &str| HttpMatchRequest {
                uri: Some(StringMatch { match_type: Some(StringMatchType::Prefix(path.into())) }),
                ..Default::default()
            };
            let route = |matches: Vec<HttpMatchRequest>| HttpRoute {
                match_: matches,
                route: vec![HttpRouteDestination {
                    destination: Some(Destination { host: host.clone(), ..Default::default() }),
                    ..Default::default()
                }],
                ..Default::default()
            };
            let http = vec![
                route(vec![matching("/api/")]),
                route(vec![matching("/static/")]),
                route(vec![]),
            ];
            let spec = VirtualService { hosts: vec![host.clone()], http, ..Default::default() };
            Object::new("default", host.clone(), spec)
        })
        .collect()
}

/// The Gateway `istio-system/gw`, which every gateway proxy serves: all hosts on port 80.
pub fn gateway() -> Object<Gateway> {
    read(
        r#"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"gw","namespace":"istio-system"},
        "spec":{"servers":[{"port":{"number":80,"name":"http","protocol":"HTTP"},"hosts":["*"]}]}}"#,
    )
}

/// The same as a text of YAML documents.
pub fn yaml(count: usize) -> String {
    (0..count)
        .map(|number| {
            format!(
                "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: s{number}
  namespace: default
spec:
  hosts:
  - s{number}
  http:
  - name: api
    match:
    - uri:
        prefix: /api/
      headers:
        end-user:
          exact: jason
    route:
    - destination:
        host: s{number}
        subset: v2
      weight: 80
    - destination:
        host: s{number}
        subset: v1
      weight: 20
    timeout: 5s
    retries:
      attempts: 3
      retryOn: 5xx
  - route:
    - destination:
        host: s{number}
        subset: v1
---
"
            )
        })
        .collect()
}

/// A ServiceEntry with one endpoint.
pub fn service_entry(host: &str, address: &str, port: u32) -> Object<ServiceEntry> {
    let spec = ServiceEntry {
        hosts: vec![host.into()],
        ports: vec![ServicePort {
            number: 80,
            name: "http".into(),
            protocol: "HTTP".into(),
            target_port: port,
        }],
        resolution: meshwork_api::networking::Resolution::Static,
        endpoints: vec![WorkloadEntry { address: address.into(), ..Default::default() }],
        ..Default::default()
    };
    Object::new("default", "entry", spec)
}
