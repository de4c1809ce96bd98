//! The inbound side of a sidecar: which port speaks what, and what its filter chains take.

mod mode;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use meshwork_api::mesh::MeshConfig;
use meshwork_core::{
    Attributes, FieldPath, Mismatch, Outcome, Protocol, Removed, ResourceRef, Step,
};
use meshwork_registry::{DefaultEndpoint, EgressScope, Interception, Proxy, ServiceTarget};

pub use mode::MtlsMode;
use mode::{InboundChain, MeshTls, Spoken};

use crate::http;
use crate::listener::{
    CloseReason, ConnectionAction, ConnectionDecision, FirstBytes, INBOUND_PASSTHROUGH_CLUSTER,
    Inspection, Seen, Transport,
};
use crate::{Destination, HttpRoutes};

/// A port of the workload that the mesh knows: from a service that selects the workload, or from
/// a `Sidecar`'s ingress listener.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InboundPort {
    /// The port of the workload (`targetPort` of a service).
    pub port: u16,
    /// What it speaks.
    pub protocol: Protocol,
    /// Where connections go.
    pub endpoint: DefaultEndpoint,
    /// Envoy's cluster, `inbound|8080||`, as a destination.
    pub destination: Arc<Destination>,
    /// The routes of requests: one, to the application.
    pub routes: Arc<HttpRoutes>,
    /// The Service, ServiceEntry or ingress listener that declares the port.
    pub rule: Arc<FieldPath>,
}

impl PartialEq for InboundPort {
    fn eq(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && self.endpoint == other.endpoint
            && self.rule == other.rule
    }
}

/// The inbound ports of one sidecar.
#[derive(Clone, Debug)]
pub(crate) struct InboundListeners {
    ports: BTreeMap<u16, Arc<InboundPort>>,
    /// The routes of HTTP to ports that nothing declares.
    passthrough: Arc<HttpRoutes>,
    tls: MeshTls,
    /// The port that takes captured connections, which leads nowhere itself.
    own_port: u16,
    /// Whether connections to any port are captured.
    captured: bool,
}

/// What inbound ports are compiled from.
pub(crate) struct InboundInputs<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) mesh: &'a MeshConfig,
    pub(crate) scope: &'a EgressScope,
    /// The services that select the workload, in Istio's order.
    pub(crate) targets: &'a [ServiceTarget],
    pub(crate) previous: Option<&'a InboundListeners>,
}

impl InboundListeners {
    /// Compiles the ports. A `Sidecar`'s ingress listeners take the place of all services.
    pub(crate) fn compile(inputs: &InboundInputs<'_>, removed: &mut Vec<Removed>) -> Self {
        let captured = inputs.proxy.interception == Interception::Captured;
        let mut ports = BTreeMap::new();
        let mut add = |port: u16, protocol, endpoint: DefaultEndpoint, rule: FieldPath| match ports
            .entry(port)
        {
            Entry::Occupied(_) => {
                let reason = format!("port {port} of the workload is declared before");
                removed.push(Removed::new(rule, reason));
            }
            Entry::Vacant(entry) => {
                entry.insert(inputs.port(port, protocol, endpoint, rule));
            }
        };
        if let (false, Some(sidecar)) = (inputs.scope.ingress.is_empty(), &inputs.scope.sidecar) {
            for (index, ingress) in inputs.scope.ingress.iter().enumerate() {
                let rule = FieldPath::new(sidecar.reference(), format!("spec.ingress[{index}]"));
                let (number, protocol) = (ingress.port.number, ingress.port.protocol);
                add(number, protocol, ingress.default_endpoint.clone(), rule);
            }
        } else if captured {
            for target in inputs.targets {
                if target.port.protocol == Protocol::Udp {
                    continue;
                }
                let rule = FieldPath::new(target.service.resource.clone(), "");
                add(
                    target.target,
                    target.port.protocol,
                    DefaultEndpoint::OriginalDestination,
                    rule,
                );
            }
        }
        Self {
            ports,
            passthrough: match inputs.previous {
                Some(previous) => Arc::clone(&previous.passthrough),
                None => Self::passthrough(inputs.mesh),
            },
            tls: MeshTls::new(inputs.mesh, inputs.previous.map(|previous| &previous.tls)),
            own_port: crate::listener::proxy_ports(inputs.mesh)[1],
            captured,
        }
    }

    /// No port, and nothing captured, as at a gateway.
    pub(crate) fn none() -> Self {
        Self {
            ports: BTreeMap::new(),
            passthrough: Self::passthrough(&MeshConfig::default()),
            tls: MeshTls::default(),
            own_port: 0,
            captured: false,
        }
    }

    fn passthrough(mesh: &MeshConfig) -> Arc<HttpRoutes> {
        let mut destination = Destination::inbound(0);
        destination.cluster = INBOUND_PASSTHROUGH_CLUSTER.into();
        http::inbound(&destination, Protocol::Auto, mesh)
    }

    /// A declared port.
    pub(crate) fn port(&self, port: u16) -> Option<&Arc<InboundPort>> {
        self.ports.get(&port)
    }

    /// All declared ports.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<InboundPort>> {
        self.ports.values()
    }

    /// Which first bytes a connection to `port` has to show.
    pub(crate) fn inspection(&self, port: u16, mode: MtlsMode) -> Inspection {
        mode::inspection(self.chains(port, mode))
    }

    fn chains(&self, port: u16, mode: MtlsMode) -> &'static [InboundChain] {
        let protocol = self.ports.get(&port).map_or(Protocol::Auto, |port| port.protocol);
        mode::chains(protocol, mode)
    }

    /// The chains of a port with the first criterion that a connection does not meet.
    pub(crate) fn explain(
        &self,
        port: u16,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        mode: MtlsMode,
    ) -> Vec<Step> {
        let chains = self.chains(port, mode);
        let seen = Seen::new(mode::inspection(chains), attributes, first);
        let won = choose(chains, &seen);
        let rule = match self.ports.get(&port) {
            Some(port) => (*port.rule).clone(),
            None => FieldPath::new(ResourceRef::new("MeshConfig", "", ""), "inboundTrafficPolicy"),
        };
        let step = |chain: &InboundChain| {
            let outcome = if won == Some(chain) {
                Outcome::Won
            } else {
                let field = FieldPath::new(rule.resource.clone(), "protocol");
                let found = match seen.transport {
                    Transport::Tls => format!("TLS {}", seen.protocols.join(",")),
                    Transport::Raw => format!("plaintext {}", seen.protocols.join(",")),
                };
                Outcome::Failed(Mismatch::new(field, chain.to_string(), Some(found)))
            };
            Step::new(rule.clone(), Some(chain.to_string()), outcome)
        };
        chains.iter().map(step).collect()
    }

    /// What becomes of a connection to `port`, under the mutual TLS that the port asks for.
    pub(crate) fn decide(
        &self,
        port: u16,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        mode: MtlsMode,
    ) -> ConnectionDecision {
        if port == self.own_port {
            return ConnectionDecision::by_default(ConnectionAction::Close(CloseReason::BlackHole));
        }
        let declared = self.ports.get(&port);
        if declared.is_none() && !self.captured {
            return ConnectionDecision::by_default(ConnectionAction::Refuse);
        }
        let chains = self.chains(port, mode);
        let seen = Seen::new(mode::inspection(chains), attributes, first);
        let rule = declared.map(|port| Arc::clone(&port.rule));
        let Some(chain) = choose(chains, &seen) else {
            let action = ConnectionAction::Close(CloseReason::NoFilterChain);
            return ConnectionDecision { action, tls: None, rule };
        };
        let action = match (chain.spoken, declared) {
            (Spoken::Http, Some(port)) => ConnectionAction::Http(Arc::clone(&port.routes)),
            (Spoken::Http, None) => ConnectionAction::Http(Arc::clone(&self.passthrough)),
            (Spoken::Tcp, Some(port)) => ConnectionAction::Forward(Arc::clone(&port.destination)),
            (Spoken::Tcp, None) => ConnectionAction::Passthrough,
        };
        let tls = chain.mtls.then(|| Arc::clone(self.tls.of(chain.spoken)));
        ConnectionDecision { action, tls, rule }
    }
}

impl InboundInputs<'_> {
    fn port(
        &self,
        port: u16,
        protocol: Protocol,
        endpoint: DefaultEndpoint,
        rule: FieldPath,
    ) -> Arc<InboundPort> {
        let known = self.previous.and_then(|previous| previous.ports.get(&port));
        if let Some(known) = known
            && known.protocol == protocol
            && known.endpoint == endpoint
            && *known.rule == rule
        {
            return Arc::clone(known);
        }
        let destination = Destination::inbound(port);
        Arc::new(InboundPort {
            port,
            protocol,
            endpoint,
            routes: http::inbound(&destination, protocol, self.mesh),
            destination: Arc::new(destination),
            rule: Arc::new(rule),
        })
    }
}

/// Envoy's choice: the transport first, then the first protocol of the client's that a chain
/// names, then the chain that names none.
fn choose<'c>(chains: &'c [InboundChain], seen: &Seen<'_>) -> Option<&'c InboundChain> {
    let same = |chain: &&InboundChain| chain.transport == seen.transport;
    seen.protocols
        .iter()
        .find_map(|offered| {
            chains.iter().filter(same).find(|chain| chain.protocols.contains(offered))
        })
        .or_else(|| chains.iter().filter(same).find(|chain| chain.protocols.is_empty()))
}

#[cfg(test)]
mod tests;
