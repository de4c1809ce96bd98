//! Whether two snapshots say the same of everything that can be asked of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use http::HeaderMap;
use meshwork_config::{CompileReport, Snapshot};
use meshwork_core::{Attributes, Explanation, Outcome, RequestHead, SeededDraws};
use meshwork_routing::{
    ConnectionAction, ConnectionDecision, FirstBytes, HttpRoutes, MtlsMode, RouteInput,
};

const PORTS: [u16; 5] = [80, 81, 82, 83, 443];

const ADDRESSES: [&str; 8] = [
    "10.96.0.1",
    "10.96.0.2",
    "10.96.0.3",
    "10.96.0.5",
    "10.96.2.1",
    "10.1.0.1",
    "10.1.0.3",
    "1.2.3.4",
];

const HOSTS: [&str; 18] = [
    "web",
    "web.default",
    "WEB.default.svc",
    "web.default.svc.cluster.local",
    "web.ns2",
    "api",
    "api.default.svc.cluster.local",
    "set",
    "x.set.default.svc.cluster.local",
    "broken.default",
    "other-name",
    "db",
    "10.96.0.1",
    "made-up.com",
    "shop.com",
    "a.example.com",
    "b.example.com",
    "nobody.org",
];

const PATHS: [&str; 4] = ["/", "/a", "/a/b/c", "/z?q=1"];

/// Panics where the two say anything different.
pub(crate) fn check(one: &(Snapshot, CompileReport), other: &(Snapshot, CompileReport)) {
    assert_eq!(one.1, other.1);
    let (one, other) = (&one.0, &other.0);
    let names = |snapshot: &Snapshot| {
        let objects = snapshot.scope.visible_virtual_services().iter();
        objects.map(|object| object.reference()).collect::<Vec<_>>()
    };
    assert_eq!(names(one), names(other));
    assert_eq!(one.scope.visible_virtual_services(), other.scope.visible_virtual_services());
    assert_eq!(one.scope.services, other.scope.services);
    assert_eq!(one.scope.listeners.len(), other.scope.listeners.len());
    for (a, b) in one.scope.listeners.iter().zip(other.scope.listeners.iter()) {
        assert_eq!(a.services, b.services);
        assert_eq!(a.virtual_services, b.virtual_services);
    }
    let clusters = |snapshot: &Snapshot| {
        let named = snapshot.clusters().map(|spec| (spec.name().clone(), spec.clone()));
        named.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(clusters(one), clusters(other));
    for service in one.scope.services.iter() {
        let found = other.scope.service(service.host.as_str()).unwrap();
        assert_eq!(found, one.scope.service(service.host.as_str()).unwrap());
    }
    for port in PORTS {
        assert_eq!(one.security.mtls_mode(port), other.security.mtls_mode(port));
    }
    assert_eq!(one.security.closed(), other.security.closed());
    routes(one, other);
}

fn routes(one: &Snapshot, other: &Snapshot) {
    let removed = |snapshot: &Snapshot| {
        let mut removed: Vec<_> =
            snapshot.routes.removed().iter().map(|removed| format!("{removed:?}")).collect();
        removed.sort();
        removed
    };
    assert_eq!(removed(one), removed(other));
    let (one, other) = (&one.routes, &other.routes);
    let mut seen = BTreeSet::new();
    let mut tables = |one: &Arc<HttpRoutes>, other: &Arc<HttpRoutes>| {
        // One table stands at many places.
        if seen.insert((Arc::as_ptr(one), Arc::as_ptr(other))) {
            tables(one, other);
        }
    };
    tables(one.catch_all(), other.catch_all());
    assert_eq!(one.resources_about_workload(), other.resources_about_workload());
    for host in HOSTS {
        assert_eq!(one.resources_about_host(host), other.resources_about_host(host), "{host}");
    }
    for port in PORTS {
        assert_eq!(one.port(port).is_some(), other.port(port).is_some(), "{port}");
        if let Some((one, other)) = one.port(port).zip(other.port(port)) {
            tables(one, other);
        }
        assert_eq!(one.inbound_port(port), other.inbound_port(port));
        for host in HOSTS {
            tables(one.client(host, port), other.client(host, port));
            let full = format!("{host}.default.svc.cluster.local");
            let sniffed = (one.sniffed(&full, port), other.sniffed(&full, port));
            assert_eq!(sniffed.0.is_some(), sniffed.1.is_some(), "{host}:{port}");
            if let (Some(one), Some(other)) = sniffed {
                tables(one, other);
            }
        }
        for (first, sni) in [
            (FirstBytes::Http1, None),
            (FirstBytes::Other, None),
            (FirstBytes::Tls, Some("a.example.com")),
            (FirstBytes::Tls, Some("b.example.com")),
        ] {
            for address in ADDRESSES {
                let mut connection = Attributes::default();
                connection.destination = format!("{address}:{port}").parse().ok();
                connection.tls = sni.is_some();
                connection.sni = sni;
                let draws = SeededDraws::new(1);
                let decide = |routes: &meshwork_routing::RouteTable| {
                    let outbound = routes.outbound(&connection, first, &draws);
                    agrees(&outbound, &routes.explain_outbound(&connection, first));
                    let gateway = routes.gateway(port, &connection, first, &draws);
                    agrees(&gateway, &routes.explain_gateway(port, &connection, first));
                    let inbound = routes.inbound(port, &connection, first, MtlsMode::Permissive);
                    [outbound, gateway, inbound]
                };
                for (one, other) in decide(one).iter().zip(&decide(other)) {
                    connections(one, other, &mut tables);
                }
            }
        }
    }
}

fn connections(
    one: &ConnectionDecision,
    other: &ConnectionDecision,
    tables: &mut dyn FnMut(&Arc<HttpRoutes>, &Arc<HttpRoutes>),
) {
    assert_eq!((&one.rule, &one.tls), (&other.rule, &other.tls));
    match (&one.action, &other.action) {
        (ConnectionAction::Http(one), ConnectionAction::Http(other)) => tables(one, other),
        (one, other) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
    }
}

/// The explanation names the same winner as the decision.
fn agrees(decision: &ConnectionDecision, explanation: &Explanation) {
    let mut won = explanation.steps.iter().filter(|step| step.outcome == Outcome::Won);
    assert_eq!(won.next().map(|step| &step.rule), decision.rule.as_deref(), "{explanation}");
    assert!(won.next().is_none(), "{explanation}");
}

/// The tables are equal, and so are all decisions, each of which its explanation agrees with.
fn tables(one: &HttpRoutes, other: &HttpRoutes) {
    assert_eq!(one, other);
    let (headers, connection, draws) =
        (HeaderMap::new(), Attributes::default(), SeededDraws::new(1));
    for host in HOSTS {
        assert_eq!(one.virtual_host(host), other.virtual_host(host), "{} {host}", one.name());
        for path in PATHS {
            let head = RequestHead::new("GET", "http", host, path, &headers);
            let input = RouteInput::new(head, &connection, &draws);
            let decision = one.route(&input);
            assert_eq!(decision, other.route(&input), "{} {host}{path}", one.name());
            let explanation = one.explain(&input);
            assert_eq!(explanation, other.explain(&input), "{} {host}{path}", one.name());
            let mut won = explanation.steps.iter().filter(|step| step.outcome == Outcome::Won);
            let rule = decision.route.as_ref().map(|route| &route.rule);
            assert_eq!(won.next().map(|step| &step.rule), rule, "{explanation}");
        }
    }
}
