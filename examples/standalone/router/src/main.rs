//! Routing rules alone: YAML in, a decision and its reasons out. There is no tokio in this tree.

use std::sync::Arc;

use meshwork_api::{AnyObject, mesh::MeshConfig, read};
use meshwork_core::{Attributes, RequestHead, SeededDraws};
use meshwork_registry::{EgressScope, Proxy, Registry, Resource, Settings};
use meshwork_routing::{MergedVirtualServices, RouteInput, RouteInputs, RouteTable};

const YAML: &str = "
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: default}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]
";

fn main() {
    let read = read::documents("reviews.yaml", YAML);
    assert!(read.is_clean(), "{:?}", read.diagnostics);
    let mut resources = Vec::new();
    let mut virtual_services = Vec::new();
    for located in read.objects {
        match located.object {
            AnyObject::VirtualService(object) => virtual_services.push(Arc::new(object)),
            other => resources.extend(Resource::of(&other)),
        }
    }
    let mesh = Arc::new(MeshConfig::default());
    let registry = Registry::build(Arc::new(Settings::new(Arc::clone(&mesh))), resources);
    let proxy = Proxy::sidecar("default");
    let merged = MergedVirtualServices::new(&virtual_services, &mesh, "cluster.local");
    let scope = EgressScope::compute(&registry, &proxy, &[], merged.objects(), &mesh);
    let mut inputs = RouteInputs::new(&proxy, &mesh, &registry, &scope);
    inputs.merged = Some(&merged);
    let table = RouteTable::compile(&inputs, None).table;
    let routes = table.port(9080).expect("the service's port has routes");

    let connection = Attributes::default();
    for (user, subset) in [("jason", "v2"), ("mary", "v1")] {
        let mut headers = http::HeaderMap::new();
        headers.insert("end-user", user.parse().expect("a header value"));
        let head = RequestHead::new("GET", "http", "reviews:9080", "/reviews/0", &headers);
        let draws = SeededDraws::new(0);
        let input = RouteInput::new(head, &connection, &draws);
        let decision = routes.route(&input);
        let cluster = decision.cluster().expect("a route was found");
        println!("{user} goes to {cluster}\n{}\n", routes.explain(&input));
        assert_eq!(cluster, format!("outbound|9080|{subset}|reviews.default.svc.cluster.local"));
    }
}
