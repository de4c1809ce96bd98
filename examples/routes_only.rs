//! Routing rules alone: YAML in, a decision and its reasons out.
//!
//! `meshwork-routing` with what it is built on, and nothing else: no runtime, no socket, no clock.
//! This is how a proxy that has all of these already asks where a request goes. Ask yourself:
//! `cargo run --example routes_only -- http://reviews:9080/reviews/7 end-user=jason`.

use std::{error::Error, sync::Arc};

use http::{HeaderMap, HeaderName, Uri};
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
  - name: testers
    match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - name: canary
    match: [{uri: {prefix: /reviews/}}]
    route:
    - {destination: {host: reviews, subset: v1}, weight: 90}
    - {destination: {host: reviews, subset: v3}, weight: 10}
";

/// The routes that a workload of the namespace `default` sees.
fn compile(yaml: &str) -> Result<RouteTable, Box<dyn Error>> {
    let read = read::documents("reviews.yaml", yaml);
    if let Some(error) = read.errors().next() {
        return Err(error.to_string().into());
    }
    let (mut resources, mut virtual_services) = (Vec::new(), Vec::new());
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
    Ok(RouteTable::compile(&inputs, None).table)
}

/// Where one request goes, and why. Equal draws give equal decisions.
fn decide(
    table: &RouteTable,
    url: &Uri,
    headers: &HeaderMap,
    draws: &SeededDraws,
) -> (Option<String>, String) {
    let routes = table.client(url.host().unwrap_or_default(), url.port_u16().unwrap_or(80));
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let connection = Attributes::default();
    let head = RequestHead::new("GET", "http", authority, path, headers);
    let input = RouteInput::new(head, &connection, draws);
    let cluster = routes.route(&input).cluster().map(str::to_owned);
    (cluster, routes.explain(&input).to_string())
}

fn main() -> Result<(), Box<dyn Error>> {
    let table = compile(YAML)?;
    let mut arguments = std::env::args().skip(1);
    if let Some(url) = arguments.next() {
        let mut headers = HeaderMap::new();
        for argument in arguments {
            let (name, value) = argument.split_once('=').ok_or("a header is NAME=VALUE")?;
            headers.insert(name.parse::<HeaderName>()?, value.parse()?);
        }
        let (cluster, why) = decide(&table, &url.parse()?, &headers, &SeededDraws::new(0));
        println!("{}\n{why}", cluster.as_deref().unwrap_or("no cluster"));
        return Ok(());
    }

    let url = Uri::from_static("http://reviews:9080/reviews/0");
    let mut jason = HeaderMap::new();
    jason.insert("end-user", "jason".parse()?);
    let (cluster, why) = decide(&table, &url, &jason, &SeededDraws::new(0));
    println!("jason goes to {}\n{why}\n", cluster.as_deref().unwrap_or("nowhere"));
    assert_eq!(cluster.as_deref(), Some("outbound|9080|v2|reviews.default.svc.cluster.local"));

    let everybody = HeaderMap::new();
    let canary = (0..1_000)
        .filter_map(|seed| decide(&table, &url, &everybody, &SeededDraws::new(seed)).0)
        .filter(|cluster| cluster.contains("|v3|"))
        .count();
    println!("of 1000 others {canary} go to v3");
    assert!((50..200).contains(&canary), "about one in ten");

    let elsewhere = Uri::from_static("http://reviews:9080/health");
    let (cluster, why) = decide(&table, &elsewhere, &everybody, &SeededDraws::new(0));
    println!("\n/health\n{why}");
    assert_eq!(cluster, None, "no rule takes it: 404, as from a sidecar");
    Ok(())
}
