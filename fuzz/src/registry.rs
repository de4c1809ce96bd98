//! Registries and scopes: any order of the same events gives the same registry, and no resource
//! makes a scope panic.

use std::sync::Arc;

use meshwork_api::{
    AnyObject, Object,
    mesh::MeshConfig,
    networking::{Sidecar, VirtualService},
    read::{Admission, Reader},
};
use meshwork_registry::{
    Change, EgressScope, Endpoint, Proxy, Registry, Resource, Service, Settings,
};

/// A line that says in which order things happen, and YAML documents.
///
/// Each byte of the line is an event: the document it names is applied, or deleted where the
/// byte is odd. What is left in the end is built from nothing and has to be the same.
pub fn registry_events(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (order, text) = data.split_at(end);
    let outcome = Reader::new(Admission::Webhook).bytes("fuzz", text);
    let objects: Vec<&AnyObject> = outcome.objects.iter().map(|located| &located.object).collect();
    if objects.is_empty() {
        return;
    }
    let settings = Arc::new(Settings::default());
    let mut registry = Registry::new(Arc::clone(&settings));
    let mut left: Vec<&AnyObject> = Vec::new();
    for byte in order {
        let object = objects[usize::from(*byte / 2) % objects.len()];
        let change = if byte % 2 == 1 {
            Change::Delete(object.reference())
        } else if let Some(resource) = Resource::of(object) {
            Change::Apply(resource)
        } else {
            continue;
        };
        left.retain(|other| other.reference() != object.reference());
        if matches!(change, Change::Apply(_)) {
            left.push(object);
        }
        registry.apply(change);
    }
    let resources = left.iter().filter_map(|object| Resource::of(object));
    let full = Registry::build(settings, resources);
    assert_eq!(state(&registry), state(&full), "events in another order give another registry");
    scopes(&full, &objects);
}

/// All that can be seen of a registry.
fn state(registry: &Registry) -> Vec<(Arc<Service>, Vec<Arc<[Endpoint]>>)> {
    let endpoints = |service: &Arc<Service>| {
        service.ports.iter().map(|port| registry.endpoints(service, port.number)).collect()
    };
    registry.services().map(|service| (Arc::clone(service), endpoints(service))).collect()
}

fn scopes(registry: &Registry, objects: &[&AnyObject]) {
    let mut sidecars: Vec<Arc<Object<Sidecar>>> = Vec::new();
    let mut virtual_services: Vec<Arc<Object<VirtualService>>> = Vec::new();
    for object in objects {
        match object {
            AnyObject::Sidecar(object) => sidecars.push(Arc::new(object.clone())),
            AnyObject::VirtualService(object) => virtual_services.push(Arc::new(object.clone())),
            _ => {}
        }
    }
    let mesh = MeshConfig::default();
    for proxy in [Proxy::sidecar("ns1"), Proxy::sidecar("default"), Proxy::gateway("ns1")] {
        let scope = EgressScope::compute(registry, &proxy, &sidecars, &virtual_services, &mesh);
        for service in &*scope.services {
            assert!(scope.service(service.host.as_str()).is_some_and(|found| found == service));
        }
        for listener in &*scope.listeners {
            for service in &*listener.services {
                assert!(scope.service(service.host.as_str()).is_some(), "listed without cluster");
            }
        }
        for target in registry.inbound(&proxy) {
            assert!(target.service.ports.contains(&target.port));
        }
    }
}
