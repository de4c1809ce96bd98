//! Scopes of random services and hosts: shortcuts change nothing, and neither does what is not
//! imported.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_api::{
    Object, Timestamp,
    mesh::MeshConfig,
    networking::{
        Destination, HttpRoute, HttpRouteDestination, IstioEgressListener, Resolution,
        ServiceEntry, ServicePort, Sidecar, VirtualService,
    },
};
use proptest::prelude::*;

use crate::{EgressScope, Proxy, Registry, Settings};

const NAMESPACES: [&str; 3] = ["ns1", "ns2", "ns3"];
const HOSTS: [&str; 6] = ["a.com", "b.com", "*.com", "x.a.com", "*.a.com", "a.org"];
const EXPORTS: [&[&str]; 4] = [&[], &["."], &["ns1"], &["ns1", "ns2"]];

/// Which exportTo, second port and age an entry has.
type Form = (usize, u32, i64);

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn created<S>(mut object: Object<S>, seconds: i64) -> Arc<Object<S>> {
    object.metadata.creation_timestamp = Timestamp::from_unix_seconds(seconds);
    Arc::new(object)
}

/// The entry of a host in a namespace; there is one of each at most.
fn entry(namespace: &str, host: &str, (export, second, age): Form) -> Arc<Object<ServiceEntry>> {
    let port = |number: u32| ServicePort {
        number,
        name: format!("http-{number}"),
        protocol: "HTTP".to_owned(),
        ..ServicePort::default()
    };
    let spec = ServiceEntry {
        hosts: strings(&[host]),
        ports: vec![port(80), port(second)],
        export_to: strings(EXPORTS[export]),
        resolution: Resolution::Static,
        ..ServiceEntry::default()
    };
    created(Object::new(namespace, host, spec), age)
}

fn entries(forms: &[Option<Form>]) -> Vec<Arc<Object<ServiceEntry>>> {
    let places = NAMESPACES.iter().flat_map(|namespace| HOSTS.map(|host| (*namespace, host)));
    places
        .zip(forms)
        .filter_map(|((namespace, host), form)| Some(entry(namespace, host, (*form)?)))
        .collect()
}

fn route(host: usize, destination: usize, namespace: usize) -> Arc<Object<VirtualService>> {
    let to = Destination { host: HOSTS[destination].to_owned(), ..Destination::default() };
    let route = HttpRouteDestination { destination: Some(to), ..HttpRouteDestination::default() };
    let spec = VirtualService {
        hosts: strings(&[HOSTS[host]]),
        http: vec![HttpRoute { route: vec![route], ..HttpRoute::default() }],
        ..VirtualService::default()
    };
    created(Object::new(NAMESPACES[namespace], format!("v{host}{destination}"), spec), 7)
}

#[derive(Debug)]
struct Seen {
    entries: Vec<Arc<Object<ServiceEntry>>>,
    routes: Vec<Arc<Object<VirtualService>>>,
}

impl Seen {
    /// Services with their namespaces and ports, of the scope and of its listener, and the names of
    /// the VirtualServices that are imported.
    fn by(&self, hosts: &[String]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let registry = Registry::build(Arc::new(Settings::default()), self.entries.clone());
        let egress = IstioEgressListener { hosts: hosts.to_vec(), ..Default::default() };
        let spec = Sidecar { egress: vec![egress], ..Sidecar::default() };
        let sidecars = [Arc::new(Object::new("ns1", "s", spec))];
        let proxy = Proxy::sidecar("ns1");
        let mesh = MeshConfig::default();
        let scope = EgressScope::compute(&registry, &proxy, &sidecars, &self.routes, &mesh);
        let show = |services: &[Arc<crate::Service>]| {
            let show = |service: &Arc<crate::Service>| {
                let ports: Vec<u16> = service.ports.iter().map(|port| port.number).collect();
                format!("{}/{} {ports:?}", service.namespace, service.host)
            };
            services.iter().map(show).collect::<Vec<_>>()
        };
        let listener = &scope.listeners[0];
        let routes = listener.virtual_services.iter().map(|object| object.reference().to_string());
        (show(&scope.services), show(&listener.services), routes.collect())
    }
}

fn seen() -> impl Strategy<Value = Seen> {
    let form = proptest::option::of((0..EXPORTS.len(), 81..84_u32, 0..4_i64));
    let forms = proptest::collection::vec(form, NAMESPACES.len() * HOSTS.len());
    let routes = proptest::collection::vec((0..HOSTS.len(), 0..HOSTS.len(), 0..3_usize), 0..4);
    (forms, routes).prop_map(|(forms, routes)| Seen {
        entries: entries(&forms),
        routes: routes.into_iter().map(|(a, b, c)| route(a, b, c)).collect(),
    })
}

fn import() -> impl Strategy<Value = String> {
    let scopes = proptest::sample::select(vec!["ns1", "ns2", "ns3", ".", "*", "~ns2", "~", "~."]);
    (scopes, proptest::sample::select(HOSTS.to_vec())).prop_map(|(a, b)| format!("{a}/{b}"))
}

/// The host names in a list.
fn names(list: &[String]) -> BTreeSet<&str> {
    list.iter().filter_map(|text| text.split(['/', ' ']).nth(1)).collect()
}

proptest! {
    #[test]
    fn looking_names_up_is_looking_at_all(
        seen in seen(),
        exact in proptest::collection::vec((0..3_usize, proptest::sample::select(vec![0, 1, 3, 5])), 1..5),
    ) {
        let mut hosts: Vec<String> =
            exact.iter().map(|(ns, host)| format!("{}/{}", NAMESPACES[*ns], HOSTS[*host])).collect();
        let by_name = seen.by(&hosts);
        // A wildcard that imports nothing makes the scope look at every service.
        hosts.push("nowhere/*".to_owned());
        let by_scan = seen.by(&hosts);
        // Which namespace wins may differ: names that are looked up go by age alone, as in Istio.
        prop_assert_eq!(names(&by_name.1), names(&by_scan.1));
        prop_assert_eq!(names(&by_name.0), names(&by_scan.0));
        prop_assert_eq!(by_name.2, by_scan.2);
    }

    #[test]
    fn everything_is_everything(seen in seen()) {
        let all = seen.by(&["*/*".to_owned()]);
        let slowly = seen.by(&["*/*".to_owned(), "~nowhere/none.com".to_owned()]);
        prop_assert_eq!(all, slowly);
    }

    #[test]
    fn what_is_not_imported_does_not_count(
        seen in seen(),
        hosts in proptest::collection::vec(import(), 0..6),
    ) {
        let hosts: Vec<String> = hosts.into_iter().filter(|host| !host.starts_with('*')).collect();
        prop_assume!(!hosts.is_empty());
        let before = seen.by(&hosts);
        let mut more = Seen { entries: seen.entries.clone(), routes: seen.routes.clone() };
        for host in HOSTS {
            more.entries.push(entry("elsewhere", host, (0, 81, -1)));
        }
        for (index, host) in HOSTS.iter().enumerate() {
            let mut object = Object::clone(&route(index, 0, 0));
            object.metadata.namespace = "elsewhere".to_owned();
            object.metadata.name = format!("other-{host}");
            more.routes.push(Arc::new(object));
        }
        let after = more.by(&hosts);
        prop_assert_eq!(&before.1, &after.1);
        prop_assert_eq!(&before.2, &after.2);
    }

    #[test]
    fn the_order_in_which_resources_come_does_not_count(
        seen in seen(),
        hosts in proptest::collection::vec(import(), 1..6),
    ) {
        let mut backwards = Seen { entries: seen.entries.clone(), routes: seen.routes.clone() };
        backwards.entries.reverse();
        backwards.routes.reverse();
        // Two VirtualServices of one name cannot be; the last one given stands.
        backwards.routes.sort_by_key(|object| object.reference());
        let mut forwards = Seen { entries: seen.entries.clone(), routes: seen.routes.clone() };
        forwards.routes.sort_by_key(|object| object.reference());
        prop_assert_eq!(forwards.by(&hosts), backwards.by(&hosts));
    }

    #[test]
    fn exclusions_only_take_away(
        seen in seen(),
        hosts in proptest::collection::vec(import(), 1..6),
    ) {
        let imports: Vec<String> =
            hosts.iter().filter(|host| !host.starts_with('~')).cloned().collect();
        prop_assume!(!imports.is_empty());
        let (with, without) = (seen.by(&hosts), seen.by(&imports));
        // Another namespace's service may come in the place of one that is excluded.
        let (with, without) = (names(&with.1), names(&without.1));
        prop_assert!(with.is_subset(&without), "{with:?} is more than {without:?}");
    }
}
