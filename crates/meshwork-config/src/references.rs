//! References to what does not exist: hosts, subsets, gateways, certificates.

use std::sync::Arc;

use meshwork_api::{
    Object,
    networking::{Destination, VirtualService},
};
use meshwork_core::{FieldPath, Hostname, PersistentMap};
use meshwork_registry::Precedence;
use meshwork_routing::{CertificateSource, ClientCertificate};

use crate::{Credential, Diagnostic, Level, Snapshot};

/// A destination as a route writes it, with its path.
struct Written<'a> {
    block: &'static str,
    entry: usize,
    list: &'static str,
    number: usize,
    destination: &'a Destination,
}

impl Written<'_> {
    /// `spec.http[0].route[1].destination`; a lone `mirror` is its own destination.
    fn path(&self) -> String {
        let Self { block, entry, list, number, .. } = self;
        match *list {
            "mirror" => format!("spec.{block}[{entry}].mirror"),
            list => format!("spec.{block}[{entry}].{list}[{number}].destination"),
        }
    }
}

/// What was found of the VirtualServices in view, of those that there is something to say of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dangling(PersistentMap<Precedence, Arc<[Diagnostic]>>);

impl Dangling {
    pub(crate) fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        self.0.values().flat_map(|found| found.iter().cloned())
    }

    fn set(&mut self, place: &Precedence, found: Vec<Diagnostic>) {
        if found.is_empty() {
            self.0.remove(place);
        } else {
            self.0.insert(place.clone(), found.into());
        }
    }
}

impl Snapshot {
    /// Destinations of the VirtualServices in view that lead nowhere, and gateways that do not
    /// exist. Such a rule is in force all the same, as in Istio: requests that take it get 503.
    pub(crate) fn find_dangling(&self, previous: Option<&Self>) -> Dangling {
        let same = |previous: &&Self| {
            Arc::ptr_eq(&previous.scope.services, &self.scope.services)
                && Arc::ptr_eq(&previous.policies, &self.policies)
                && previous.has_gateways_of(self)
        };
        let visible = self.scope.visible_virtual_services();
        let Some(previous) = previous.filter(same) else {
            let mut dangling = Dangling::default();
            for (place, object) in visible.places() {
                dangling.set(place, self.dangling(object));
            }
            return dangling;
        };
        let mut dangling = previous.basis.dangling.clone();
        for change in previous.scope.visible_virtual_services().changes(visible) {
            let found = change.after.map(|object| self.dangling(object)).unwrap_or_default();
            dangling.set(change.place, found);
        }
        dangling
    }

    /// What there is to say of one VirtualService.
    fn dangling(&self, object: &Arc<Object<VirtualService>>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for written in destinations(object) {
            found.extend(self.destination(object, &written));
        }
        for (index, name) in object.spec.gateways.iter().enumerate() {
            let own = object.metadata.namespace.as_str();
            let (namespace, gateway) = match name.split_once('/') {
                Some((".", name)) => (own, name),
                Some(full) => full,
                None => (own, name.as_str()),
            };
            // Dotted names are an old form whose meaning depends on the cluster.
            if name != "mesh" && !name.contains('.') && !self.has_gateway(namespace, gateway) {
                let message = format!("there is no Gateway `{namespace}/{gateway}`");
                found.push(warning(object, format!("spec.gateways[{index}]"), message));
            }
        }
        found
    }

    /// Certificates that servers of a gateway name and that no Secret holds: their handshakes fail.
    pub(crate) fn missing_credentials(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (field, tls) in self.routes.gateway_tls() {
            let CertificateSource::Credentials { names, roots } = &tls.certificate else {
                continue;
            };
            let missing = |name: &str, held: &dyn Fn(&Credential) -> bool| {
                !self.credentials.find(name).is_some_and(|credential| held(credential))
            };
            let mut tell = |what: &str, name: &str| {
                let message = format!(
                    "no Secret `{name}` of `{}` holds {what}: TLS handshakes fail",
                    self.proxy.namespace
                );
                found.push(Diagnostic::new(Level::Warning, Some(field.clone()), message));
            };
            for name in names.iter() {
                if missing(name, &|credential| !credential.chain.is_empty()) {
                    tell("a certificate with its key", name);
                }
            }
            if tls.client == ClientCertificate::NotAsked || tls.accept_untrusted {
                continue;
            }
            let Some(first) = names.first() else { continue };
            let named =
                roots.as_ref().map_or_else(|| format!("{first}-cacert"), ToString::to_string);
            let beside = named.strip_suffix("-cacert").unwrap_or(&named);
            let authorities = |credential: &Credential| !credential.authorities.is_empty();
            if missing(&named, &authorities) && missing(beside, &authorities) {
                tell("the authorities of clients", &named);
            }
        }
        found
    }

    fn destination(
        &self,
        object: &Arc<Object<VirtualService>>,
        written: &Written<'_>,
    ) -> Option<Diagnostic> {
        let destination = written.destination;
        let host = Hostname::qualify(
            &destination.host,
            &object.metadata.namespace,
            &self.proxy.cluster_domain,
        );
        let Some(service) = self.scope.service(host.as_str()) else {
            let message = format!(
                "no service `{host}` is known to `{}`: requests that take this route get 503",
                self.proxy.namespace
            );
            return Some(warning(object, format!("{}.host", written.path()), message));
        };
        if let Some(port) = &destination.port {
            let number = u16::try_from(port.number).unwrap_or_default();
            if service.port(number).is_none() {
                let message = format!("service `{host}` has no port {number}: requests get 503");
                return Some(warning(object, format!("{}.port.number", written.path()), message));
            }
        }
        if destination.subset.is_empty() {
            return None;
        }
        let rule = self.policies.rule(&self.proxy, service);
        let known = rule.is_some_and(|rule| rule.subsets().any(|s| *s.name == destination.subset));
        (!known).then(|| {
            let message = format!(
                "no DestinationRule defines the subset `{}` of `{host}`: requests get 503",
                destination.subset
            );
            warning(object, format!("{}.subset", written.path()), message)
        })
    }
}

fn warning(object: &Object<VirtualService>, path: String, message: String) -> Diagnostic {
    Diagnostic::new(Level::Warning, Some(FieldPath::new(object.reference(), path)), message)
}

fn destinations<'o>(object: &'o Object<VirtualService>) -> Vec<Written<'o>> {
    let mut all = Vec::new();
    let mut add = |block, entry, list, number, destination: Option<&'o Destination>| {
        all.extend(destination.map(|destination| Written {
            block,
            entry,
            list,
            number,
            destination,
        }));
    };
    for (n, route) in object.spec.http.iter().enumerate() {
        for (m, entry) in route.route.iter().enumerate() {
            add("http", n, "route", m, entry.destination.as_ref());
        }
        add("http", n, "mirror", 0, route.mirror.as_ref());
        for (m, mirror) in route.mirrors.iter().enumerate() {
            add("http", n, "mirrors", m, mirror.destination.as_ref());
        }
    }
    let tcp = object.spec.tcp.iter().map(|route| &route.route).enumerate();
    let tls = object.spec.tls.iter().map(|route| &route.route).enumerate();
    let l4 = tcp.map(|(n, r)| ("tcp", n, r)).chain(tls.map(|(n, r)| ("tls", n, r)));
    for (block, n, routes) in l4 {
        for (m, entry) in routes.iter().enumerate() {
            add(block, n, "route", m, entry.destination.as_ref());
        }
    }
    all
}
