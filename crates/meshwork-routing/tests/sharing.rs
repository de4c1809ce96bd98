//! What did not change is shared with the table before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod support;

use std::sync::Arc;

use meshwork_registry::Proxy;
use meshwork_routing::{HttpRoutes, MergedVirtualServices, RouteInputs, RouteTable};
use support::{World, with_rules};

fn compile(world: &World, previous: Option<&RouteTable>) -> RouteTable {
    let proxy = Proxy::sidecar("ns1");
    let scope = meshwork_registry::EgressScope::compute(
        &world.registry,
        &proxy,
        &world.sidecars,
        world.merged.objects(),
        &world.mesh,
    );
    let mut inputs = RouteInputs::new(&proxy, &world.mesh, &world.registry, &scope);
    inputs.merged = Some(&world.merged);
    RouteTable::compile(&inputs, previous).table
}

fn route<'a>(routes: &'a HttpRoutes, name: &str) -> &'a Arc<meshwork_routing::Route> {
    routes.routes().find(|route| &*route.rule.resource.name == name).unwrap()
}

#[test]
fn one_changed_rule_leaves_the_others_alone() {
    let rule = |status: u16| {
        format!(
            "{{hosts: [web], http: [{{match: [{{uri: {{regex: '/a.*'}}}}], directResponse: {{status: {status}}}}}]}}"
        )
    };
    let other =
        "{hosts: [api], http: [{match: [{uri: {regex: '/b.*'}}], directResponse: {status: 203}}]}";
    let first = with_rules(&[("changed", &rule(201)), ("other", other)]);
    let before = compile(&first, None);
    let unchanged = compile(&first, Some(&before));
    assert!(Arc::ptr_eq(before.port(80).unwrap(), unchanged.port(80).unwrap()));

    // The same world, but for one object.
    let second = with_rules(&[("changed", &rule(202)), ("other", other)]);
    let mut objects = first.merged.objects().cloned().collect::<Vec<_>>();
    let changed = second.merged.objects().find(|object| object.metadata.name == "changed");
    *objects.iter_mut().find(|object| object.metadata.name == "changed").unwrap() =
        Arc::clone(changed.unwrap());
    let mesh = Arc::clone(&first.mesh);
    let merged = MergedVirtualServices::new(&objects, &mesh, "cluster.local");
    let after = compile(&World { merged, ..first }, Some(&before));
    let (before, after) = (before.port(80).unwrap(), after.port(80).unwrap());
    assert!(!Arc::ptr_eq(before, after));
    for same in ["other", "db"] {
        assert!(Arc::ptr_eq(route(before, same), route(after, same)), "{same}");
    }
    assert!(!Arc::ptr_eq(route(before, "changed"), route(after, "changed")));
    support::check(after, &[("GET web/a", "202"), ("GET api/b", "203")]);
}

#[test]
fn another_service_behind_a_destination_is_noticed() {
    let rule = "{hosts: [web], http: [{route: [{destination: {host: alias}}]}]}";
    let world = with_rules(&[("vs", rule)]);
    let before = compile(&world, None);
    support::check(before.port(80).unwrap(), &[("GET web/", "outbound|80||alias")]);
    let mut yaml = support::SERVICES.to_owned();
    yaml.push_str(
        "apiVersion: v1\nkind: Service\nmetadata: {name: alias}\n\
         spec: {type: ExternalName, externalName: api.ns1.svc.cluster.local, ports: [{name: http, port: 80}]}\n---\n",
    );
    let registry = World::new(&yaml).registry;
    let after = compile(&World { registry, ..world }, Some(&before));
    support::check(after.port(80).unwrap(), &[("GET web/", "outbound|80||api")]);
}
