//! What is in force after good, bad and vanishing resources.

use meshwork_api::read::Reader;
use meshwork_config::{ConfigStore, Event, Folder, Level, Snapshot, events_of};
use meshwork_core::{Attributes, ResourceRef};
use meshwork_registry::Proxy;

const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.1
  ports: [{name: http, port: 80}]
  selector: {app: web}
";

fn events(text: &str) -> Vec<Event> {
    events_of(&Reader::default(), "test.yaml", text.as_bytes())
}

fn virtual_service(timeout: &str) -> String {
    format!(
        "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web}}
spec:
  hosts: [web]
  http:
  - timeout: {timeout}
    route: [{{destination: {{host: web}}}}]
"
    )
}

fn web() -> ResourceRef {
    ResourceRef::new("VirtualService", "default", "web")
}

fn store(texts: &[&str]) -> ConfigStore {
    let mut store = ConfigStore::default();
    for text in texts {
        store.apply_all(events(text));
    }
    store
}

fn timeout_in_force(store: &ConfigStore) -> Option<String> {
    let (snapshot, _) = Snapshot::compile(store, &Proxy::sidecar("default"), None);
    let object = snapshot.scope.visible_virtual_services().iter().next()?.clone();
    object.spec.http.first()?.timeout.map(|timeout| timeout.to_string())
}

#[test]
fn a_refused_update_leaves_the_last_good_version() {
    let mut store = store(&[WEB, &virtual_service("5s")]);
    store.apply_all(events(&virtual_service("soon")));
    assert_eq!(timeout_in_force(&store).as_deref(), Some("5s"));
    let (_, report) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
    let alarm = report.alarms().next().expect("an alarm");
    assert_eq!(alarm.resource(), Some(&web()));
    let text = alarm.to_string();
    for part in ["test.yaml:8", "VirtualService default/web", "spec.http[0].timeout", "last good"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    store.apply_all(events(&virtual_service("7s")));
    assert_eq!(timeout_in_force(&store).as_deref(), Some("7s"));
    assert_eq!(store.refusals().count(), 0, "mended");
}

#[test]
fn deletion_removes_the_last_good_version_too() {
    let mut store = store(&[&virtual_service("5s"), &virtual_service("soon")]);
    assert!(store.contains(&web()));
    store.apply(Event::delete(web()));
    assert!(!store.contains(&web()));
    assert_eq!(store.refusals().count(), 0);
    assert_eq!(timeout_in_force(&store), None);
}

#[test]
fn a_listing_replaces_what_was_told_before() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let source = Folder::new(folder.path());
    let mut store = ConfigStore::default();
    store.apply_all(source.list().unwrap());
    assert!(store.is_empty(), "an empty folder is an empty mesh");

    write("a.yaml", WEB);
    write("b.yaml", &virtual_service("5s"));
    store.apply_all(source.list().unwrap());
    assert_eq!(store.len(), 2);

    write("b.yaml", "apiVersion: [\n");
    store.apply_all(source.list().unwrap());
    assert_eq!(timeout_in_force(&store).as_deref(), Some("5s"), "an unreadable file keeps");
    assert_eq!(store.refusals().count(), 1);

    std::fs::remove_file(folder.path().join("b.yaml")).unwrap();
    store.apply_all(source.list().unwrap());
    assert_eq!((store.len(), store.refusals().count()), (1, 0));
    assert!(Folder::new(folder.path().join("none")).list().is_err());
}

#[test]
fn two_resources_with_one_name_are_an_alarm_and_the_first_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), virtual_service("5s")).unwrap();
    std::fs::write(folder.path().join("b.yaml"), virtual_service("7s")).unwrap();
    let mut store = ConfigStore::default();
    store.apply_all(Folder::new(folder.path()).list().unwrap());
    assert_eq!(timeout_in_force(&store).as_deref(), Some("5s"));
    let (_, report) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
    let alarm = report.alarms().next().expect("an alarm").to_string();
    assert!(alarm.contains("b.yaml:2") && alarm.contains("a.yaml:2"), "{alarm}");
}

#[test]
fn dangling_references_are_warnings_with_their_place() {
    let routed = virtual_service("5s").replace("{host: web}", "{host: web, subset: v9}");
    let store = store(&[WEB, &routed]);
    let (_, report) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
    let warning = report.diagnostics.iter().find(|d| d.level == Level::Warning).unwrap();
    let text = warning.to_string();
    assert!(text.contains("spec.http[0].route[0].destination.subset"), "{text}");
    assert!(text.contains("test.yaml:2"), "{text}");
    assert!(!report.has_alarms());
}

const REFUSED_POLICY: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: broken}
spec:
  selector: {matchLabels: {app: web}}
  rule: []
";

#[test]
fn a_refused_security_resource_without_a_good_version_closes_what_it_selects() {
    let store = store(&[REFUSED_POLICY]);
    let proxy = |app: &str| {
        let mut proxy = Proxy::sidecar("default");
        proxy.labels = [("app", app)].into_iter().collect();
        proxy
    };
    let allowed = |proxy: &Proxy| {
        let (snapshot, report) = Snapshot::compile(&store, proxy, None);
        assert!(report.has_alarms());
        snapshot.security.check_connection(&Attributes::default()).is_allowed()
    };
    assert!(!allowed(&proxy("web")));
    assert!(allowed(&proxy("api")), "what it does not select stays open");
    assert!(allowed(&Proxy::sidecar("elsewhere")));
}

#[test]
fn the_order_of_events_does_not_matter() {
    let texts = [WEB.to_owned(), virtual_service("5s"), REFUSED_POLICY.to_owned()];
    let report = |order: [usize; 3]| {
        let store = store(&order.map(|index| texts[index].as_str()));
        let (snapshot, report) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
        let mut clusters: Vec<_> = snapshot.clusters().map(|c| c.name().clone()).collect();
        clusters.sort();
        (report, clusters, timeout_in_force(&store))
    };
    let first = report([0, 1, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(report(order), first, "{order:?}");
    }
}

#[test]
fn what_did_not_change_is_shared_with_the_snapshot_before() {
    let mut store = store(&[WEB, &virtual_service("5s")]);
    let proxy = Proxy::sidecar("default");
    let (before, _) = Snapshot::compile(&store, &proxy, None);
    store.apply_all(events(&WEB.replace("web", "api").replace("96.0.1", "96.0.2")));
    let (after, _) = Snapshot::compile(&store, &proxy, Some(&before));
    let name = "outbound|80||web.default.svc.cluster.local";
    let cluster = |snapshot: &Snapshot| snapshot.cluster(name).unwrap().clone();
    assert!(std::sync::Arc::ptr_eq(&cluster(&before), &cluster(&after)));
    assert!(after.cluster("outbound|80||api.default.svc.cluster.local").is_some());
}

#[test]
fn the_resources_that_have_a_say_are_told() {
    let other = "
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec: {host: web}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: other}
spec: {host: other}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: mesh, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all}
spec: {}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: others, namespace: elsewhere}
spec: {}
";
    let store = store(&[WEB, &virtual_service("5s"), other]);
    let (snapshot, _) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
    let told = |about: Vec<ResourceRef>| about.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        told(snapshot.resources_about_host("web.default.svc.cluster.local")),
        ["DestinationRule default/web", "Service default/web", "VirtualService default/web"]
    );
    assert_eq!(
        told(snapshot.resources_about_workload()),
        ["AuthorizationPolicy default/all", "PeerAuthentication istio-system/mesh"]
    );
    assert!(snapshot.resources_about_host("nobody.example").is_empty());
}
