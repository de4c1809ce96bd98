//! A mesh from YAML, and one way to say what becomes of a connection to it.

use std::{net::SocketAddr, sync::Arc};

use meshwork_api::{AnyObject, Object, mesh::MeshConfig, networking};
use meshwork_core::{Attributes, Explanation, Outcome, SeededDraws};
use meshwork_registry::{Change, EgressScope, Proxy, Registry, Resource, Settings};
use meshwork_routing::{
    CloseReason, Compiled, ConnectionAction, ConnectionDecision, FirstBytes, MergedVirtualServices,
    RouteInputs, RouteTable,
};

/// Resources in the order of their age.
#[derive(Clone)]
pub(crate) struct Mesh {
    pub(crate) config: Arc<MeshConfig>,
    pub(crate) registry: Registry,
    pub(crate) virtual_services: Vec<Arc<Object<networking::VirtualService>>>,
    pub(crate) gateways: Vec<Arc<Object<networking::Gateway>>>,
    pub(crate) sidecars: Vec<Arc<Object<networking::Sidecar>>>,
}

impl Mesh {
    /// Reads documents separated by `---`; each is a second younger than the one before. Objects
    /// without a namespace are in `default`.
    pub(crate) fn new(documents: &str) -> Self {
        Self::with_config(MeshConfig::default(), documents)
    }

    pub(crate) fn with_config(config: MeshConfig, documents: &str) -> Self {
        let mut mesh = Self {
            config: Arc::new(config),
            registry: Registry::default(),
            virtual_services: Vec::new(),
            gateways: Vec::new(),
            sidecars: Vec::new(),
        };
        mesh.registry = Registry::new(Arc::new(Settings::new(Arc::clone(&mesh.config))));
        let documents = documents.split("---\n").filter(|document| !document.trim().is_empty());
        for (age, document) in documents.enumerate() {
            mesh.apply(&read(document, age));
        }
        mesh
    }

    /// Adds an object, or takes it in place of the one with its name.
    pub(crate) fn apply(&mut self, object: &AnyObject) {
        self.delete(object);
        match object {
            AnyObject::VirtualService(object) => {
                self.virtual_services.push(Arc::new(object.clone()));
            }
            AnyObject::Gateway(object) => self.gateways.push(Arc::new(object.clone())),
            AnyObject::Sidecar(object) => self.sidecars.push(Arc::new(object.clone())),
            _ => {}
        }
        if let Some(resource) = Resource::of(object) {
            self.registry.apply(Change::Apply(resource));
        }
    }

    /// Takes an object away.
    pub(crate) fn delete(&mut self, object: &AnyObject) {
        let reference = object.reference();
        self.virtual_services.retain(|known| known.reference() != reference);
        self.gateways.retain(|known| known.reference() != reference);
        self.sidecars.retain(|known| known.reference() != reference);
        if Resource::of(object).is_some() {
            self.registry.apply(Change::Delete(reference));
        }
    }

    /// The table of a proxy.
    pub(crate) fn compile(&self, proxy: &Proxy, previous: Option<&RouteTable>) -> Compiled {
        let merged =
            MergedVirtualServices::new(&self.virtual_services, &self.config, "cluster.local");
        let scope = EgressScope::compute(
            &self.registry,
            proxy,
            &self.sidecars,
            merged.objects(),
            &self.config,
        );
        let mut inputs = RouteInputs::new(proxy, &self.config, &self.registry, &scope);
        inputs.gateways = &self.gateways;
        inputs.merged = Some(&merged);
        RouteTable::compile(&inputs, previous)
    }

    /// The table of a sidecar in `default` at 10.9.0.1.
    pub(crate) fn sidecar(&self) -> RouteTable {
        self.compile(&sidecar(), None).table
    }

    /// The table of a gateway in `istio-system` with the label `istio: ingress`.
    pub(crate) fn gateway(&self) -> RouteTable {
        self.compile(&gateway(), None).table
    }
}

/// Reads one object; without a namespace it is in `default`.
pub(crate) fn read(document: &str, age: usize) -> AnyObject {
    let value: serde_json::Value = serde_saphyr::from_str(document).unwrap();
    let mut object: AnyObject = serde_json::from_value(value).unwrap();
    let metadata = object.metadata_mut();
    if metadata.namespace.is_empty() {
        metadata.namespace = "default".to_owned();
    }
    let created = format!("2026-01-01T00:{:02}:{:02}Z", age / 60, age % 60);
    metadata.creation_timestamp =
        Some(serde_json::from_value(serde_json::Value::String(created)).unwrap());
    object
}

pub(crate) fn sidecar() -> Proxy {
    let mut proxy = Proxy::sidecar("default");
    proxy.addresses = vec!["10.9.0.1".parse().unwrap()];
    proxy.labels = [("app", "client")].into_iter().collect();
    proxy
}

pub(crate) fn gateway() -> Proxy {
    let mut proxy = Proxy::gateway("istio-system");
    proxy.addresses = vec!["10.9.0.9".parse().unwrap()];
    proxy.labels = [("istio", "ingress")].into_iter().collect();
    proxy
}

/// A connection as a test writes it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Connection<'a> {
    pub(crate) to: &'a str,
    pub(crate) sni: &'a str,
    pub(crate) alpn: &'a [&'a str],
    pub(crate) first: FirstBytes,
}

impl<'a> Connection<'a> {
    pub(crate) fn bytes(to: &'a str) -> Self {
        Self { to, first: FirstBytes::Other, ..Self::default() }
    }

    pub(crate) fn http(to: &'a str) -> Self {
        Self { to, first: FirstBytes::Http1, ..Self::default() }
    }

    pub(crate) fn tls(to: &'a str, sni: &'a str) -> Self {
        Self { to, sni, first: FirstBytes::Tls, ..Self::default() }
    }

    pub(crate) fn attributes(&self) -> Attributes<'a> {
        let mut attributes = Attributes::default();
        attributes.destination = self.to.parse::<SocketAddr>().ok();
        attributes.tls = self.first == FirstBytes::Tls;
        attributes.sni = (!self.sni.is_empty()).then_some(self.sni);
        attributes.alpn = self.alpn;
        attributes
    }

    /// What the table decides, in one word.
    pub(crate) fn outbound(&self, table: &RouteTable) -> String {
        let attributes = self.attributes();
        let decision = table.outbound(&attributes, self.first, &SeededDraws::new(1));
        agrees(&decision, &table.explain_outbound(&attributes, self.first));
        word(&decision)
    }

    /// The same for a connection to a gateway; `to` is its address and port.
    pub(crate) fn gateway(&self, table: &RouteTable) -> String {
        let attributes = self.attributes();
        let port = attributes.destination.unwrap().port();
        let decision = table.gateway(port, &attributes, self.first, &SeededDraws::new(1));
        agrees(&decision, &table.explain_gateway(port, &attributes, self.first));
        word(&decision)
    }
}

/// A decision in one word: a cluster, `http NAME` with the name of the route table, or what ends
/// the connection; with `tls ` before it where TLS is ended first.
pub(crate) fn word(decision: &ConnectionDecision) -> String {
    let action = match &decision.action {
        ConnectionAction::Http(routes) => format!("http {}", routes.name()),
        ConnectionAction::Forward(destination) => destination.cluster.to_string(),
        ConnectionAction::Passthrough => "passthrough".to_owned(),
        ConnectionAction::Close(CloseReason::BlackHole) => "black hole".to_owned(),
        ConnectionAction::Close(_) => "closed".to_owned(),
        ConnectionAction::Refuse => "refused".to_owned(),
    };
    if decision.tls.is_some() { format!("tls {action}") } else { action }
}

/// The explanation names the same winner as the decision.
pub(crate) fn agrees(decision: &ConnectionDecision, explanation: &Explanation) {
    let won: Vec<_> =
        explanation.steps.iter().filter(|step| step.outcome == Outcome::Won).collect();
    match &decision.rule {
        Some(rule) => {
            assert_eq!(won.len(), 1, "{explanation}");
            assert_eq!(won.first().unwrap().rule, **rule, "{explanation}");
        }
        None => assert!(won.is_empty(), "{explanation}"),
    }
}
