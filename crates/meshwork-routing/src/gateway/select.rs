//! Which Gateways a gateway proxy serves, and on which ports of its workload.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_api::{Object, networking::Gateway};
use meshwork_registry::{Proxy, ServiceTarget};

/// The label of a Service whose ports are not translated (Istio keeps it for Knative).
const NO_PORT_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";
/// The services that a Gateway made from Gateway API resources refers to, instead of labels.
const SERVICES: &str = "internal.istio.io/gateway-service";
/// Where those services are, when not in the Gateway's namespace.
const PARENT_NAMESPACE: &str = "internal.istio.io/parent-namespace";
/// Marks a Gateway made from Gateway API resources.
const SEMANTICS: &str = "internal.istio.io/gateway-semantics";
/// The service account of the workload that was deployed for such a Gateway.
const SERVICE_ACCOUNT: &str = "internal.istio.io/service-account-name";

/// A Gateway that a proxy serves.
#[derive(Clone, Debug)]
pub(crate) struct Selected<'a> {
    pub(crate) gateway: &'a Arc<Object<Gateway>>,
    targets: &'a [ServiceTarget],
    /// Whether the Gateway names services, so that its ports are theirs and nothing else.
    by_service: bool,
}

/// The Gateways that a proxy serves, oldest first: their selector is a subset of its labels, in
/// whatever namespace they are; or they name a service that leads to its workload.
///
/// Where some of them are managed by Gateway API, those of other namespaces that are not made from
/// it are left out (strict merging).
pub(crate) fn select<'a>(
    gateways: &'a [Arc<Object<Gateway>>],
    proxy: &Proxy,
    targets: &'a [ServiceTarget],
) -> Vec<Selected<'a>> {
    let mut selected: Vec<_> = gateways
        .iter()
        .map(|gateway| Selected {
            gateway,
            targets,
            by_service: annotation(gateway, SERVICES).is_some(),
        })
        .filter(|selected| selected.is_for(proxy))
        .collect();
    let from_gateway_api = |gateway| annotation(gateway, SEMANTICS) == Some("gateway");
    let managed: BTreeSet<String> = selected
        .iter()
        .map(|selected| selected.gateway)
        .filter(|gateway| from_gateway_api(gateway))
        .filter(|gateway| annotation(gateway, SERVICE_ACCOUNT).is_some_and(|name| !name.is_empty()))
        .map(|gateway| gateway.metadata.namespace.clone())
        .collect();
    if !managed.is_empty() {
        selected.retain(|selected| {
            from_gateway_api(selected.gateway)
                || managed.contains(&selected.gateway.metadata.namespace)
        });
    }
    selected.sort_by_key(|selected| {
        let meta = &selected.gateway.metadata;
        (meta.creation_timestamp, meta.name.as_str(), meta.namespace.as_str())
    });
    selected
}

impl Selected<'_> {
    fn is_for(&self, proxy: &Proxy) -> bool {
        if self.by_service {
            return self.services().next().is_some();
        }
        let selector = &self.gateway.spec.selector;
        selector.iter().all(|(key, value)| proxy.labels.get(key) == Some(value.as_str()))
    }

    /// The service ports that lead to the workload and count for this Gateway.
    fn services(&self) -> impl Iterator<Item = &ServiceTarget> {
        let named = annotation(self.gateway, SERVICES);
        let own = self.gateway.metadata.namespace.as_str();
        let namespace = annotation(self.gateway, PARENT_NAMESPACE).unwrap_or(own);
        self.targets.iter().filter(move |target| match named {
            Some(named) => {
                *target.service.namespace.as_str() == *namespace
                    && named.split(',').any(|name| name == target.service.host.as_str())
            }
            None => target.service.labels.get(NO_PORT_TRANSLATION).is_none(),
        })
    }

    /// The ports of the workload that stand for a server's port: the one that the first service
    /// with that port leads to, else the number itself. A Gateway that names services has all the
    /// ports that they lead to, and no others.
    pub(super) fn ports(&self, number: u16) -> Vec<u16> {
        let mut ports = self
            .services()
            .filter(|target| target.port.number == number)
            .map(|target| target.target);
        if self.by_service {
            return ports.collect::<BTreeSet<_>>().into_iter().collect();
        }
        vec![ports.next().unwrap_or(number)]
    }
}

fn annotation<'a>(gateway: &'a Object<Gateway>, name: &str) -> Option<&'a str> {
    gateway.metadata.annotations.get(name).map(String::as_str)
}
