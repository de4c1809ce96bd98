//! Worlds for tests, written as a cluster holds them.

use std::sync::Arc;

use meshwork_api::{
    AnyObject, Object, Timestamp,
    mesh::MeshConfig,
    networking::{Sidecar, VirtualService},
};
use serde_json::Value;

use crate::{EgressScope, Endpoint, Health, Proxy, Registry, Resource, Service, Settings};

/// Everything a test has said of a mesh.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) mesh: Arc<MeshConfig>,
    pub(crate) registry: Registry,
    pub(crate) resources: Vec<Resource>,
    pub(crate) sidecars: Vec<Arc<Object<Sidecar>>>,
    pub(crate) virtual_services: Vec<Arc<Object<VirtualService>>>,
}

/// Reads documents of YAML. Each was created a second after the one before; one without a kind is
/// the mesh's configuration.
pub(crate) fn world(yaml: &str) -> World {
    let mut world = World::default();
    for (index, mut document) in documents(yaml).into_iter().enumerate() {
        if document.get("kind").is_none() {
            world.mesh = Arc::new(serde_json::from_value(document).unwrap());
            continue;
        }
        let created = Timestamp::from_unix_seconds(1_767_225_600 + i64::try_from(index).unwrap());
        let metadata = document["metadata"].as_object_mut().unwrap();
        metadata.entry("creationTimestamp").or_insert(created.unwrap().to_string().into());
        metadata.entry("namespace").or_insert("ns1".into());
        let object: AnyObject = serde_json::from_value(document).unwrap();
        world.resources.extend(Resource::of(&object));
        match object {
            AnyObject::Sidecar(object) => world.sidecars.push(Arc::new(object)),
            AnyObject::VirtualService(object) => world.virtual_services.push(Arc::new(object)),
            AnyObject::Unknown(object) => panic!("unknown kind {}", object.kind),
            _ => {}
        }
    }
    let settings = Arc::new(Settings::new(Arc::clone(&world.mesh)));
    world.registry = Registry::build(settings, world.resources.clone());
    world
}

fn documents(yaml: &str) -> Vec<Value> {
    yaml.split("\n---\n")
        .filter(|text| !text.trim().is_empty())
        .map(|text| serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
        .collect()
}

/// The first document as a resource of the registry.
pub(crate) fn resource(yaml: &str) -> Resource {
    world(yaml).resources.remove(0)
}

impl World {
    /// What `proxy` sees.
    pub(crate) fn scope(&self, proxy: &Proxy) -> EgressScope {
        let (sidecars, virtual_services) = (&self.sidecars, &self.virtual_services);
        EgressScope::compute(&self.registry, proxy, sidecars, virtual_services, &self.mesh)
    }

    /// The one service of that host.
    pub(crate) fn service(&self, host: &str) -> &Arc<Service> {
        self.registry.services_of(host).next().unwrap_or_else(|| panic!("no service {host}"))
    }

    /// The endpoints of a service port that do not shut down, as `address:port`.
    pub(crate) fn endpoints(&self, host: &str, port: u16) -> Vec<String> {
        let endpoints = self.registry.endpoints(self.service(host), port);
        let used = endpoints.iter().filter(|endpoint| endpoint.health != Health::Terminating);
        used.map(address).collect()
    }
}

/// `address:port`.
pub(crate) fn address(endpoint: &Endpoint) -> String {
    format!("{}:{}", endpoint.address, endpoint.port)
}
