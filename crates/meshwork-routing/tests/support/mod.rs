//! Worlds written as YAML, and requests with their answers as text.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "each test file uses a part of this"
)]

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use meshwork_api::{
    AnyObject, Object, Timestamp,
    mesh::MeshConfig,
    networking::{Gateway, Sidecar},
};
use meshwork_core::{Attributes, RequestHead, SeededDraws};
use meshwork_registry::{EgressScope, Proxy, Registry, Resource, Settings};
use meshwork_routing::{
    Compiled, ConnectionAction, FirstBytes, HttpRoutes, MergedVirtualServices, RouteAction,
    RouteDecision, RouteInput, RouteInputs, RouteTable,
};
use serde_json::Value;

/// Everything that a test says of a mesh.
pub struct World {
    pub mesh: Arc<MeshConfig>,
    pub registry: Registry,
    pub sidecars: Vec<Arc<Object<Sidecar>>>,
    pub merged: MergedVirtualServices,
    pub gateways: Vec<Arc<Object<Gateway>>>,
}

impl World {
    /// Reads documents of YAML, each created a second after the one before, in namespace `ns1`
    /// unless they say otherwise; one without a kind is the mesh's configuration.
    pub fn new(yaml: &str) -> Self {
        let mut mesh = Arc::new(MeshConfig::default());
        let mut resources = Vec::new();
        let mut sidecars = Vec::new();
        let mut virtual_services = Vec::new();
        let mut gateways = Vec::new();
        for (index, text) in (0i64..).zip(yaml.split("\n---\n")) {
            if text.trim().is_empty() {
                continue;
            }
            let mut document: Value =
                serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            if document.get("kind").is_none() {
                mesh = Arc::new(serde_json::from_value(document).unwrap());
                continue;
            }
            let created = Timestamp::from_unix_seconds(1_767_225_600 + index).unwrap().to_string();
            let metadata = document["metadata"].as_object_mut().unwrap();
            metadata.entry("creationTimestamp").or_insert(created.into());
            metadata.entry("namespace").or_insert("ns1".into());
            let object: AnyObject = serde_json::from_value(document).unwrap();
            resources.extend(Resource::of(&object));
            match object {
                AnyObject::Sidecar(object) => sidecars.push(Arc::new(object)),
                AnyObject::VirtualService(object) => virtual_services.push(Arc::new(object)),
                AnyObject::Gateway(object) => gateways.push(Arc::new(object)),
                AnyObject::Unknown(object) => panic!("unknown kind {}", object.kind),
                _ => {}
            }
        }
        let settings = Arc::new(Settings::new(Arc::clone(&mesh)));
        let registry = Registry::build(settings, resources);
        let merged = MergedVirtualServices::new(&virtual_services, &mesh, "cluster.local");
        Self { mesh, registry, sidecars, merged, gateways }
    }

    pub fn compile(&self, proxy: &Proxy) -> Compiled {
        let scope = EgressScope::compute(
            &self.registry,
            proxy,
            &self.sidecars,
            self.merged.objects(),
            &self.mesh,
        );
        let mut inputs = RouteInputs::new(proxy, &self.mesh, &self.registry, &scope);
        inputs.gateways = &self.gateways;
        inputs.merged = Some(&self.merged);
        RouteTable::compile(&inputs, None)
    }

    /// The table of a port of a sidecar with label `app: client`.
    pub fn sidecar(&self, namespace: &str, port: u16) -> Arc<HttpRoutes> {
        let mut proxy = Proxy::sidecar(namespace);
        proxy.labels = [("app", "client")].into_iter().collect();
        let table = self.compile(&proxy).table;
        Arc::clone(table.port(port).unwrap_or(table.catch_all()))
    }

    /// The table behind a plaintext port of the gateway in `istio-system`.
    pub fn gateway(&self, port: u16) -> Arc<HttpRoutes> {
        let mut proxy = Proxy::gateway("istio-system");
        proxy.labels = [("istio", "ingressgateway")].into_iter().collect();
        let table = self.compile(&proxy).table;
        let attributes = Attributes::default();
        let draws = SeededDraws::new(1);
        match table.gateway(port, &attributes, FirstBytes::Http1, &draws).action {
            ConnectionAction::Http(routes) => routes,
            action => panic!("port {port}: {action:?}"),
        }
    }
}

/// A request in one line: `GET web/path?q`, headers after ` | `.
pub struct Request {
    pub method: String,
    pub authority: String,
    pub path: String,
    pub headers: HeaderMap,
}

impl Request {
    pub fn new(line: &str) -> Self {
        let mut parts = line.split(" | ");
        let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
        let at = target.find('/').unwrap();
        let mut headers = HeaderMap::new();
        for header in parts {
            let (name, value) = header.split_once(':').unwrap();
            headers.append(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_str(value.trim()).unwrap(),
            );
        }
        Self {
            method: method.into(),
            authority: target[..at].into(),
            path: target[at..].into(),
            headers,
        }
    }

    pub fn head(&self) -> RequestHead<'_> {
        let scheme = match self.headers.get("x-forwarded-proto") {
            Some(proto) if proto == "https" => "https",
            _ => "http",
        };
        RequestHead::new(&self.method, scheme, &self.authority, &self.path, &self.headers)
    }

    pub fn decide(&self, routes: &HttpRoutes) -> RouteDecision {
        let (attributes, draws) = (Attributes::default(), SeededDraws::new(1));
        routes.route(&RouteInput::new(self.head(), &attributes, &draws))
    }
}

/// What becomes of a request: a cluster, a status, or a redirect's target.
pub fn answer(routes: &HttpRoutes, line: &str) -> String {
    let request = Request::new(line);
    let decision = request.decide(routes);
    let Some(route) = &decision.route else { return "404".into() };
    match &route.action {
        RouteAction::Forward(_) | RouteAction::Passthrough => {
            decision.cluster().unwrap_or("nothing").replace(".ns1.svc.cluster.local", "")
        }
        RouteAction::Redirect(redirect) => {
            format!("{} {}", redirect.status.as_u16(), redirect.location(&request.head()))
        }
        RouteAction::DirectResponse(answer) => answer.status.as_u16().to_string(),
        RouteAction::BlackHole => "502".into(),
        RouteAction::Invalid { reason } => format!("500 {reason}"),
        action => format!("{action:?}"),
    }
}

/// Compares the answers of many requests.
pub fn check(routes: &HttpRoutes, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        assert_eq!(answer(routes, line), *expected, "{line}");
    }
}

/// Services `web`, `api` and `db` with port 80, and `adm` with port 8080.
pub const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {clusterIP: 10.0.0.2, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.0.0.3, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: adm}
spec: {clusterIP: 10.0.0.4, ports: [{name: http, port: 8080}]}
---
";

/// The services and VirtualServices; each of the latter is a name and a spec.
pub fn with_rules(rules: &[(&str, &str)]) -> World {
    let mut yaml = SERVICES.to_owned();
    for (name, spec) in rules {
        let (name, namespace) = name.split_once('@').unwrap_or((name, "ns1"));
        yaml.push_str(&format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
        ));
    }
    World::new(&yaml)
}
