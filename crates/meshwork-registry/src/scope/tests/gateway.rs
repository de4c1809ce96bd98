//! What gateways see.

use super::hosts;
use crate::{Proxy, fixture::world};

#[test]
fn everything_that_is_exported_to_the_pods_namespace() {
    let world = world(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: apps}
spec: {hosts: [private.com], exportTo: ['.'], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: apps}
spec: {hosts: [public.com], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: c, namespace: edge}
spec: {hosts: [public.com], resolution: STATIC}
",
    );
    let scope = world.scope(&Proxy::gateway("edge"));
    assert_eq!(hosts(&scope), ["public.com"]);
    // A gateway does not prefer its own namespace.
    assert_eq!(scope.service("public.com").unwrap().namespace.as_str(), "apps");
}

#[test]
fn virtual_services_by_the_name_of_the_gateway() {
    let check = |namespace: &str, gateways: &str, gateway: &str, want: bool| {
        let world = world(&format!(
            "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: v, namespace: {namespace}}}
spec: {{hosts: [a.com], gateways: [{gateways}]}}
"
        ));
        let scope = world.scope(&Proxy::gateway("edge"));
        let found = scope.virtual_services_of(gateway).count() == 1;
        assert_eq!(found, want, "{namespace}: {gateways} as {gateway}");
    };
    check("apps", "gw", "apps/gw", true);
    check("apps", "gw", "edge/gw", false);
    check("apps", "./gw", "apps/gw", true);
    check("apps", "edge/gw", "edge/gw", true);
    check("apps", "gw.edge", "edge/gw", true);
    check("apps", "gw.edge.svc.cluster.local", "edge/gw", true);
    check("apps", "", "edge/gw", false);
    check("apps", "", "mesh", true);
    check("apps", "edge/gw, mesh", "mesh", true);
}

#[test]
fn virtual_services_are_seen_from_the_pods_namespace() {
    let world = world(
        "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: hidden, namespace: apps}
spec: {hosts: [a.com], gateways: [gw], exportTo: ['.']}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: public, namespace: apps}
spec: {hosts: [a.com], gateways: [gw]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: named, namespace: apps}
spec: {hosts: [a.com], gateways: [gw], exportTo: [edge]}
",
    );
    let scope = world.scope(&Proxy::gateway("edge"));
    let names: Vec<_> =
        scope.virtual_services_of("apps/gw").map(|object| &*object.metadata.name).collect();
    assert_eq!(names, ["named", "public"]);
}
