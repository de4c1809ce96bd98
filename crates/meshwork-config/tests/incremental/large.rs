//! One change among ten thousand VirtualServices.

use std::sync::Arc;

use meshwork_api::{
    Object,
    networking::{
        Delegate, Destination, HttpDirectResponse, HttpMatchRequest, HttpRoute,
        HttpRouteDestination, StringMatch, StringMatchType, VirtualService,
    },
    read::Reader,
};
use meshwork_config::{ConfigStore, Event, Snapshot, events_of};
use meshwork_core::{Attributes, SeededDraws};
use meshwork_registry::Proxy;
use meshwork_routing::{FirstBytes, HttpRoutes, Route};

const COUNT: usize = 10_000;

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: more, port: 8080, appProtocol: http}]}
";

fn host(number: usize) -> String {
    format!("h{number}.example.com")
}

/// Three routes for a host of its own; the last leads to another path for each version.
fn rule(number: usize, version: u32) -> Object<VirtualService> {
    let prefix = |path: String| HttpMatchRequest {
        uri: Some(StringMatch { match_type: Some(StringMatchType::Prefix(path)) }),
        ..Default::default()
    };
    let to = Destination { host: "web".into(), ..Default::default() };
    let route = |match_: Vec<HttpMatchRequest>| HttpRoute {
        match_,
        route: vec![HttpRouteDestination { destination: Some(to.clone()), ..Default::default() }],
        ..Default::default()
    };
    let http = vec![
        route(vec![prefix("/api/".into())]),
        route(vec![prefix(format!("/version/{version}/"))]),
        route(Vec::new()),
    ];
    let spec = VirtualService { hosts: vec![host(number)], http, ..Default::default() };
    Object::new("default", format!("h{number}"), spec)
}

fn root_and_leaf(status: u32) -> [Object<VirtualService>; 2] {
    let delegate = Delegate { name: "leaf".into(), ..Default::default() };
    let entry = HttpRoute { delegate: Some(delegate), ..Default::default() };
    let root = VirtualService {
        hosts: vec!["root.example.com".into()],
        http: vec![entry],
        ..Default::default()
    };
    let answer = HttpDirectResponse { status, ..Default::default() };
    let entry = HttpRoute { direct_response: Some(answer), ..Default::default() };
    let leaf = VirtualService { http: vec![entry], ..Default::default() };
    [Object::new("default", "root", root), Object::new("default", "leaf", leaf)]
}

fn mesh() -> ConfigStore {
    let mut store = ConfigStore::default();
    store.apply_all(events_of(&Reader::default(), "mesh.yaml", SERVICES.as_bytes()));
    store.apply_all((0..COUNT).map(|number| Event::apply(rule(number, 1))));
    store.apply_all(root_and_leaf(201).map(Event::apply));
    store
}

const GATEWAY: &str = "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec: {selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
";

fn port(snapshot: &Snapshot) -> &Arc<HttpRoutes> {
    snapshot.routes.port(80).unwrap()
}

/// Everything but HTTP rules is the very same in both.
fn shares_the_rest(before: &Snapshot, after: &Snapshot) {
    assert!(after.has_clusters_of(before));
    for (a, b) in before.clusters().zip(after.clusters()) {
        assert!(Arc::ptr_eq(a, b));
    }
    assert!(Arc::ptr_eq(&before.policies, &after.policies));
    assert!(Arc::ptr_eq(&before.security, &after.security));
    assert!(Arc::ptr_eq(&before.credentials, &after.credentials));
    assert!(Arc::ptr_eq(&before.scope.services, &after.scope.services));
    assert!(Arc::ptr_eq(before.routes.catch_all(), after.routes.catch_all()));
    assert!(before.routes.port(8080).is_some());
    assert!(Arc::ptr_eq(before.routes.port(8080).unwrap(), after.routes.port(8080).unwrap()));
}

/// The hosts whose virtual hosts are not the very same, and how many routes are not.
fn changed(before: &Snapshot, after: &Snapshot) -> (Vec<String>, usize) {
    let (before, after) = (port(before), port(after));
    let mut hosts: Vec<String> = (0..COUNT).map(host).collect();
    hosts.push("root.example.com".into());
    hosts.push("web".into());
    hosts.retain(|host| !before.shares_virtual_host(after, host));
    let routes = |table: &HttpRoutes| table.routes().map(Arc::as_ptr).collect::<Vec<_>>();
    let known: std::collections::HashSet<*const Route> = routes(before).into_iter().collect();
    let new = routes(after).into_iter().filter(|route| !known.contains(route)).count();
    (hosts, new)
}

#[test]
fn one_change_among_ten_thousand_leaves_the_others_alone() {
    let proxy = Proxy::sidecar("default");
    let mut store = mesh();
    let (first, _) = Snapshot::compile(&store, &proxy, None);
    assert!(first.routes.port(80).unwrap().routes().count() > 3 * COUNT);

    // Changed, gone, back again.
    let number = COUNT / 2;
    store.apply(Event::apply(rule(number, 2)));
    let (second, _) = Snapshot::compile(&store, &proxy, Some(&first));
    shares_the_rest(&first, &second);
    assert_eq!(changed(&first, &second), (vec![host(number)], 3));
    store.apply(Event::delete(rule(number, 2).reference()));
    let (third, _) = Snapshot::compile(&store, &proxy, Some(&second));
    shares_the_rest(&first, &third);
    assert_eq!(changed(&second, &third), (vec![host(number)], 0));
    store.apply(Event::apply(rule(number, 2)));
    let (fourth, _) = Snapshot::compile(&store, &proxy, Some(&third));
    assert_eq!(changed(&third, &fourth), (vec![host(number)], 3));
    assert_eq!(port(&second), port(&fourth));

    // A delegate: its root alone depends on it.
    let [_, leaf] = root_and_leaf(202);
    store.apply(Event::apply(leaf));
    let (fifth, _) = Snapshot::compile(&store, &proxy, Some(&fourth));
    shares_the_rest(&first, &fifth);
    assert_eq!(changed(&fourth, &fifth), (vec!["root.example.com".to_owned()], 1));

    // Nothing: everything is shared, tables as a whole.
    let (sixth, _) = Snapshot::compile(&store, &proxy, Some(&fifth));
    shares_the_rest(&first, &sixth);
    assert!(Arc::ptr_eq(port(&fifth), port(&sixth)));
    assert!(Arc::ptr_eq(&fifth.scope, &sixth.scope));

    // And all of it is what compiling anew gives.
    let (anew, _) = Snapshot::compile(&store, &proxy, None);
    assert_eq!(port(&sixth), port(&anew));
}

#[test]
fn so_it_does_at_a_gateway() {
    let mut proxy = Proxy::gateway("istio-system");
    proxy.labels = [("istio", "ingress")].into_iter().collect();
    let bound = |number: usize, version: u32| {
        let mut rule = rule(number, version);
        rule.spec.gateways = vec!["istio-system/gw".into()];
        rule
    };
    let mut store = ConfigStore::default();
    for text in [SERVICES, GATEWAY] {
        store.apply_all(events_of(&Reader::default(), "mesh.yaml", text.as_bytes()));
    }
    store.apply_all((0..COUNT).map(|number| Event::apply(bound(number, 1))));
    let routes = |snapshot: &Snapshot| {
        let connection = Attributes::default();
        let draws = SeededDraws::new(1);
        let decision = snapshot.routes.gateway(80, &connection, FirstBytes::Http1, &draws);
        Arc::clone(decision.http().unwrap())
    };
    let changed = |before: &HttpRoutes, after: &HttpRoutes| {
        let mut hosts: Vec<String> = (0..COUNT).map(host).collect();
        hosts.retain(|host| !before.shares_virtual_host(after, host));
        hosts
    };
    let (first, _) = Snapshot::compile(&store, &proxy, None);
    let number = COUNT / 3;
    store.apply(Event::apply(bound(number, 2)));
    let (second, _) = Snapshot::compile(&store, &proxy, Some(&first));
    assert!(second.has_clusters_of(&first));
    assert_eq!(changed(&routes(&first), &routes(&second)), [host(number)]);

    // A second VirtualService for a host: its rules stand beside those of the first.
    let mut beside = bound(number, 3);
    beside.metadata.name = "beside".into();
    store.apply(Event::apply(beside));
    let (third, _) = Snapshot::compile(&store, &proxy, Some(&second));
    assert_eq!(changed(&routes(&second), &routes(&third)), [host(number)]);
    assert_eq!(routes(&third).routes_of(&host(number)).count(), 5);
    let (anew, _) = Snapshot::compile(&store, &proxy, None);
    assert_eq!(routes(&third), routes(&anew));
}
