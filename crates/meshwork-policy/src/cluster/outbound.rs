//! Clusters towards services.

use std::{sync::Arc, time::Duration};

use meshwork_api::mesh::MeshConfig;
use meshwork_core::{Labels, Protocol};
use meshwork_registry::{
    Endpoint, Provider, Proxy, ProxyKind, Resolution, Service, ServicePort, TlsMode,
};

use super::{
    AddressFamilies, ClusterPolicy, Discovery, NameLookup, ServerMtls, UpstreamEndpoint,
    UpstreamProtocol, endpoints::Selection, protocol::keeps_header_case,
};
use crate::{
    DestinationPolicies, Rule, TrafficPolicy, UnknownSubset,
    inherit::{Blocks, endpoint_tls_mode},
    load_balancer::{LocalitySetting, is_passthrough},
    resolve::check_subset,
    tls::{TlsInput, transport},
};

/// A destination of a client, with what the registry knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// Who sends.
    pub client: &'a Proxy,
    /// The service.
    pub service: &'a Service,
    /// The port of the service.
    pub port: &'a ServicePort,
    /// The subset; `None` for the service as a whole.
    pub subset: Option<&'a str>,
    /// The service's endpoints on that port, of all subsets.
    pub endpoints: &'a [Endpoint],
    /// The identities of the service, from [`service_accounts`](crate::service_accounts).
    pub accounts: &'a [Arc<str>],
}

/// A cluster with the endpoints that the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboundCluster {
    /// The policy.
    pub policy: ClusterPolicy,
    /// The endpoints, ranked; none where the client's destination is used.
    pub endpoints: Vec<meshwork_balance::Endpoint<UpstreamEndpoint>>,
}

/// There is no such cluster: requests to it answer 503 with the flag `NC`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCluster {
    /// The subset is not defined.
    #[error(transparent)]
    UnknownSubset(#[from] UnknownSubset),
    /// UDP has no clusters.
    #[error("port {0} speaks UDP")]
    Udp(u16),
    /// The service is a name for another one.
    #[error("`{0}` is an alias")]
    Alias(String),
    /// Istio makes no cluster for a protocol or subset of a service whose names are resolved with
    /// each request.
    #[error("`{0}` with resolution DYNAMIC_DNS has no such cluster")]
    Dynamic(String),
    /// A name has to be resolved, and there is none.
    #[error("`{0}` has no endpoints to resolve")]
    NoEndpoints(String),
}

impl DestinationPolicies {
    /// The cluster of a destination.
    ///
    /// # Errors
    /// There is no such cluster, as there is none in Istio.
    pub fn outbound(
        &self,
        destination: &Destination<'_>,
        servers: &dyn ServerMtls,
    ) -> Result<OutboundCluster, NoCluster> {
        let Destination { client, service, port, subset, endpoints, .. } = *destination;
        let rule = self.rule(client, service).map(|rule| &**rule);
        check_subset(rule, service, subset)?;
        let declared = declared_discovery(destination, self.mesh())?;
        let view = View::new(self, rule, subset, destination, declared);
        let mut traffic_policy = TrafficPolicy::new(rule, &view.blocks, service, self.mesh());
        if let Discovery::OriginalDestination { .. } | Discovery::Dynamic = view.discovery {
            traffic_policy.at_original_destination();
        }
        // Saying twice that clients choose the protocol takes the case from them, in Istio.
        let twice = port.protocol == Protocol::Auto
            && client.kind == ProxyKind::Sidecar
            && traffic_policy.connection_pool.use_client_protocol;
        let preserve_header_case = !twice && keeps_header_case(client, port.protocol, self.mesh());
        let protocol = UpstreamProtocol::new(
            port.protocol,
            client.kind,
            &traffic_policy.connection_pool,
            // With settings of its own for HTTP/1.1 a cluster stays at that.
            self.mesh().h2_upgrade_policy,
            !preserve_header_case,
        );
        let sni = format!("outbound_.{}_.{}_.{}", port.number, subset.unwrap_or(""), service.host);
        let name: Arc<str> =
            format!("outbound|{}|{}|{}", port.number, subset.unwrap_or(""), service.host).into();
        let transport = transport(&TlsInput {
            client,
            tls: traffic_policy.tls.as_ref(),
            rule_has_selector: rule.is_some_and(Rule::has_selector),
            auto_mtls: view.auto_mtls(servers),
            mesh_external: service.mesh_external,
            from_service_entry: service.provider == Provider::External,
            original_destination: matches!(view.discovery, Discovery::OriginalDestination { .. }),
            dynamic: view.discovery == Discovery::Dynamic,
            http2: protocol == UpstreamProtocol::Http2,
            mesh_sni: sni.into(),
            cluster: Arc::clone(&name),
            // Whose identities a name has that is yet to be asked for is not known.
            accounts: match view.discovery {
                Discovery::Dynamic => &[],
                _ => destination.accounts,
            },
            defaults: self.mesh().tls_defaults.as_ref(),
        });
        let (endpoints, any) =
            view.endpoints(endpoints, traffic_policy.outlier_detection.is_some(), servers);
        if view.needs_names && !any {
            return Err(NoCluster::NoEndpoints(service.host.to_string()));
        }
        let uses_endpoints =
            !matches!(view.discovery, Discovery::OriginalDestination { .. } | Discovery::Dynamic);
        Ok(OutboundCluster {
            policy: ClusterPolicy {
                name,
                discovery: view.discovery,
                traffic_policy,
                protocol,
                transport,
                address: None,
                source: Box::default(),
                preserve_header_case,
                persistent_sessions: subset.is_none() && keeps_sessions(service),
            },
            endpoints: if uses_endpoints { endpoints } else { Vec::new() },
        })
    }
}

fn keeps_sessions(service: &Service) -> bool {
    let labels = ["istio.io/persistent-session", "istio.io/persistent-session-header"];
    labels.iter().any(|label| service.labels.get(label).is_some_and(|name| !name.is_empty()))
}

/// How the service is resolved, whatever a rule says.
fn declared_discovery(
    destination: &Destination<'_>,
    mesh: &MeshConfig,
) -> Result<Discovery, NoCluster> {
    let Destination { client, service, port, subset, .. } = *destination;
    let lookup = NameLookup::new(client, service, mesh);
    if port.protocol == Protocol::Udp {
        return Err(NoCluster::Udp(port.number));
    }
    Ok(match service.resolution {
        Resolution::Alias => return Err(NoCluster::Alias(service.host.to_string())),
        Resolution::Dns if !service.race_first_connect => Discovery::StrictDns(lookup),
        Resolution::Dns | Resolution::DnsRoundRobin => Discovery::LogicalDns(lookup),
        // Gateways have no original destination.
        Resolution::Passthrough if client.kind == ProxyKind::Sidecar => {
            Discovery::OriginalDestination {
                port: port.passthrough_target,
                inbound: false,
                names: None,
            }
        }
        Resolution::DynamicDns if service.host.is_wildcard() => {
            use Protocol::{Grpc, Http, Http2, Tls};
            if subset.is_some() || !matches!(port.protocol, Http | Tls | Grpc | Http2) {
                return Err(NoCluster::Dynamic(service.host.to_string()));
            }
            Discovery::Dynamic
        }
        _ => Discovery::Eds,
    })
}

impl NameLookup {
    fn new(client: &Proxy, service: &Service, mesh: &MeshConfig) -> Self {
        let v6 = client.addresses.iter().any(std::net::IpAddr::is_ipv6);
        let v4 = client.addresses.iter().any(std::net::IpAddr::is_ipv4);
        let families = match (v4, v6) {
            _ if service.race_first_connect => AddressFamilies::All,
            (false, true) => AddressFamilies::V6,
            _ => AddressFamilies::V4,
        };
        let refresh =
            mesh.dns_refresh_rate.map_or(DNS_REFRESH_RATE, meshwork_api::Duration::as_std);
        Self { families, refresh }
    }
}

/// Istio's default of MeshConfig `dnsRefreshRate`.
const DNS_REFRESH_RATE: Duration = Duration::from_secs(60);

/// The rule's blocks as the two sides of istiod read them.
struct View<'a> {
    policies: &'a DestinationPolicies,
    destination: &'a Destination<'a>,
    rule: Option<&'a Rule>,
    /// With the mesh's defaults: what the cluster gets.
    blocks: Blocks<'a>,
    /// Without them: what decides about endpoints.
    bare: Blocks<'a>,
    declared: Discovery,
    discovery: Discovery,
    /// Whether the cluster exists only with endpoints to resolve.
    needs_names: bool,
}

impl<'a> View<'a> {
    fn new(
        policies: &'a DestinationPolicies,
        rule: Option<&'a Rule>,
        subset: Option<&str>,
        destination: &'a Destination<'a>,
        declared: Discovery,
    ) -> Self {
        let port = destination.port.number;
        let blocks = Blocks::resolve(rule, subset, port, Some(policies.mesh()));
        let of_rule = Blocks::resolve(rule, None, port, None);
        let own = subset
            .and_then(|name| rule?.subset(name)?.traffic_policy.as_ref()?.load_balancer.as_deref());
        // A subset's cluster has the kind of its service's one, whatever its own balancer.
        let inherited = is_passthrough(of_rule.load_balancer) || is_passthrough(own);
        let passthrough =
            declared != Discovery::Dynamic && (inherited || is_passthrough(blocks.load_balancer));
        // Whether the cluster was made for dialled addresses before its balancer was looked at.
        let made = subset.is_some() && inherited;
        let discovery = match declared {
            Discovery::OriginalDestination { .. } => declared,
            // A cluster that was made for dialled addresses takes the port of the ServiceEntry over;
            // one whose balancer makes it such does not.
            _ if passthrough => Discovery::OriginalDestination {
                port: destination.port.passthrough_target.filter(|_| made),
                inbound: false,
                names: match declared {
                    Discovery::StrictDns(names) | Discovery::LogicalDns(names) if !made => {
                        Some(names)
                    }
                    _ => None,
                },
            },
            _ => declared,
        };
        let bare = Blocks::resolve(rule, subset, port, None);
        let by_name = matches!(declared, Discovery::StrictDns(_) | Discovery::LogicalDns(_));
        let needs_names = by_name && !made;
        Self { policies, destination, rule, blocks, bare, declared, discovery, needs_names }
    }

    fn subset(&self) -> Option<&'a str> {
        self.destination.subset
    }

    /// Whether the mesh's TLS is used without a rule saying so.
    fn auto_mtls(&self, servers: &dyn ServerMtls) -> bool {
        let service = self.destination.service;
        if service.mesh_external || self.policies.mesh().enable_auto_mtls == Some(false) {
            return false;
        }
        // Without a list of endpoints all of them have to be able. The rule is read as a whole
        // here, and a subset by its own policy alone.
        let own = match self.subset() {
            None => self.rule.and_then(Rule::traffic_policy),
            Some(name) => self.rule.and_then(|rule| rule.subset(name)?.traffic_policy.as_ref()),
        };
        let passthrough = is_passthrough(own.and_then(|policy| policy.load_balancer.as_deref()));
        if service.resolution == Resolution::Passthrough || passthrough {
            let endpoints = self.destination.endpoints;
            let unable = |endpoint: &Endpoint| endpoint.tls_mode() == TlsMode::Disabled;
            if endpoints.is_empty() || endpoints.iter().any(unable) {
                return false;
            }
        }
        !servers.is_disabled_in(service.namespace.as_str())
    }

    fn endpoints(
        &self,
        endpoints: &[Endpoint],
        cluster_has_outlier_detection: bool,
        servers: &dyn ServerMtls,
    ) -> (Vec<meshwork_balance::Endpoint<UpstreamEndpoint>>, bool) {
        let Destination { client, service, port, .. } = *self.destination;
        let mesh = self.policies.mesh();
        let setting =
            LocalitySetting::resolve(self.bare.load_balancer, service.traffic_distribution, mesh);
        let outlier = self.bare.outlier_detection;
        let plan = match self.declared {
            // Endpoints that are sent by themselves do not know the mesh's outlier detection.
            Discovery::Eds => setting.plan(outlier.is_some(), true),
            // Those that stand in the cluster do, but a subset's have lost their labels.
            _ => setting.plan(cluster_has_outlier_detection, self.subset().is_none()),
        };
        let labels: Option<Labels> = self.subset().and_then(|name| {
            let subset = self.rule?.subset(name)?;
            Some(subset.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect())
        });
        let min_health = outlier.map_or(0, |outlier| outlier.min_health_percent.clamp(0, 100));
        let selection = Selection {
            client,
            service,
            discovery: self.declared,
            subset: labels.as_ref(),
            tls_mode: endpoint_tls_mode(self.rule, self.subset(), port.number),
            min_health_percent: u8::try_from(min_health).unwrap_or(0),
            cluster_local: is_cluster_local(mesh, service),
            plan: &plan,
            servers,
        };
        selection.endpoints(endpoints)
    }
}

/// Whether the service is confined to the client's cluster, by `serviceSettings` or as one that
/// every cluster has for itself.
fn is_cluster_local(mesh: &MeshConfig, service: &Service) -> bool {
    let matches =
        |host: &str| meshwork_core::HostPattern::from(host).matches(service.host.as_str());
    let mut local = OWN_TO_EVERY_CLUSTER.iter().any(|host| matches(host));
    for settings in &mesh.service_settings {
        let Some(values) = &settings.settings else { continue };
        if settings.hosts.iter().any(|host| matches(host)) {
            local = values.cluster_local;
        }
    }
    local
}

const OWN_TO_EVERY_CLUSTER: [&str; 2] =
    ["*.kube-system.svc.cluster.local", "kubernetes.default.svc.cluster.local"];
