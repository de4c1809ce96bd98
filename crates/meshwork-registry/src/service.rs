//! Services: a host name, its ports and addresses, and how its endpoints are found.

use std::{net::IpAddr, sync::Arc};

use meshwork_api::Timestamp;
use meshwork_core::{AddressRange, Hostname, Labels, Namespace, Protocol, ResourceRef};

use crate::{Proxy, Visibility};

/// Where a service was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Provider {
    /// A Kubernetes Service. It goes before ServiceEntries with the same host.
    Kubernetes,
    /// A ServiceEntry.
    External,
}

/// How the endpoints of a service are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resolution {
    /// Known addresses, chosen by the client (`STATIC`, Kubernetes Services; EDS in Envoy).
    ClientSideLb,
    /// The original destination of the connection (`NONE`, headless Services).
    Passthrough,
    /// Names, each address of which is an endpoint (`DNS`).
    Dns,
    /// One name, the first address of which is used (`DNS_ROUND_ROBIN`).
    DnsRoundRobin,
    /// The name that the request asks for (`DYNAMIC_DNS`).
    DynamicDns,
    /// Another name for a service (`ExternalName`); see [`Service::alias_of`].
    Alias,
}

impl Resolution {
    /// Whether endpoints may be names (`DNS`, `DNS_ROUND_ROBIN`).
    pub fn is_dns(self) -> bool {
        matches!(self, Self::Dns | Self::DnsRoundRobin)
    }
}

/// Which endpoints near the client a service prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrafficDistribution {
    /// No preference.
    #[default]
    Any,
    /// The same network, region and zone first (`PreferSameZone`, `PreferClose`).
    PreferSameZone,
    /// The same node first (`PreferSameNode`).
    PreferSameNode,
}

/// The port of a workload that a service port leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetPort {
    /// A number.
    Number(u16),
    /// The name of a container port.
    Name(Arc<str>),
}

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServicePort {
    /// The port that clients use.
    pub number: u16,
    /// Its name; endpoints are matched by it. May be empty.
    pub name: Arc<str>,
    /// What it speaks.
    pub protocol: Protocol,
    /// The port of the workloads: `targetPort`, or the number.
    pub target: TargetPort,
    /// The port that replaces the original destination's (`targetPort` of a ServiceEntry with
    /// resolution `NONE`).
    pub passthrough_target: Option<u16>,
}

/// A host name that clients can use, as one resource declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// The name; `*.example.com` for a wildcard ServiceEntry.
    pub host: Hostname,
    /// The namespace of the resource.
    pub namespace: Namespace,
    /// The name of the Kubernetes Service, or the host of the ServiceEntry: what Istio breaks ties
    /// of age by.
    pub name: Arc<str>,
    /// Where it was declared.
    pub provider: Provider,
    /// When the resource was created. Older services go first.
    pub created: Option<Timestamp>,
    /// The ports, in the order of the resource.
    pub ports: Arc<[ServicePort]>,
    /// The virtual addresses, in the order of the resource; none for headless Services and
    /// ServiceEntries without addresses. Ranges come from ServiceEntries alone.
    pub addresses: Arc<[AddressRange]>,
    /// The addresses that Istio allocated because there are no other ones; they count for proxies
    /// that capture DNS. Use [`Service::addresses_for`].
    pub allocated_addresses: Arc<[IpAddr]>,
    /// How endpoints are found.
    pub resolution: Resolution,
    /// Outside of the mesh: no mutual TLS by itself (`MESH_EXTERNAL`).
    pub mesh_external: bool,
    /// Who may see it.
    pub visibility: Visibility,
    /// `exportTo` as it was written, in order, without the mesh's defaults: services merge only
    /// where these are equal.
    pub export_to: Arc<[Arc<str>]>,
    /// The labels of the resource.
    pub labels: Labels,
    /// The labels of the workloads that it selects; `None` where it has no selector. An empty one
    /// selects nothing for a Kubernetes Service and everything for a ServiceEntry.
    pub selector: Option<Labels>,
    /// Names and identities that servers may show: `subjectAltNames` of a ServiceEntry, SPIFFE
    /// identities from a Service's annotations.
    pub subject_alt_names: Arc<[Arc<str>]>,
    /// What an alias stands for (`externalName`).
    pub alias_of: Option<Hostname>,
    /// The aliases that lead here, chains resolved, by namespace and name.
    pub aliases: Arc<[Hostname]>,
    /// Only endpoints on the client's node (`internalTrafficPolicy: Local`).
    pub node_local: bool,
    /// `publishNotReadyAddresses`.
    pub publish_not_ready: bool,
    /// Which endpoints near the client are preferred.
    pub traffic_distribution: TrafficDistribution,
    /// `istio.io/connect-strategy: RACE_FIRST_TCP_CONNECT`: a DNS name is one logical endpoint.
    pub race_first_connect: bool,
    /// The resource.
    pub resource: ResourceRef,
}

/// What services are ordered by: age, then what makes the order the same every time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Age {
    created: Option<Timestamp>,
    name: Arc<str>,
    namespace: Namespace,
    provider: Provider,
    object: Arc<str>,
    host: Hostname,
}

impl Service {
    pub(crate) fn age(&self) -> Age {
        Age {
            created: self.created,
            name: Arc::clone(&self.name),
            namespace: self.namespace.clone(),
            provider: self.provider,
            object: Arc::clone(&self.resource.name),
            host: self.host.clone(),
        }
    }

    /// Orders the older one first, as Istio orders services: by creation, then by name (of the
    /// Kubernetes Service) or host (of the ServiceEntry), then by namespace.
    pub fn cmp_age(&self, other: &Self) -> std::cmp::Ordering {
        self.created
            .cmp(&other.created)
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.namespace.cmp(&other.namespace))
            .then_with(|| self.provider.cmp(&other.provider))
            .then_with(|| self.resource.name.cmp(&other.resource.name))
            .then_with(|| self.host.cmp(&other.host))
    }

    /// The port with this number; UDP ports do not count, as nothing is built for them.
    pub fn port(&self, number: u16) -> Option<&ServicePort> {
        self.ports.iter().find(|port| port.number == number && port.protocol != Protocol::Udp)
    }

    /// The port with this name.
    pub fn port_named(&self, name: &str) -> Option<&ServicePort> {
        self.ports.iter().find(|port| &*port.name == name)
    }

    /// The virtual addresses that lead to the service for `proxy`.
    ///
    /// Those of a Kubernetes Service are of the proxy's address families; those that Istio
    /// allocated count where the proxy captures DNS and there are no other ones. Nothing means
    /// that connections cannot be told by their destination.
    pub fn addresses_for<'a>(
        &'a self,
        proxy: &'a Proxy,
    ) -> impl Iterator<Item = AddressRange> + 'a {
        let declared = self.addresses.iter().copied().filter(move |range| {
            self.provider == Provider::External
                || range.single().is_none_or(|address| proxy.supports_family_of(address))
        });
        let allocated: &[IpAddr] = if proxy.dns_capture && self.addresses.is_empty() {
            &self.allocated_addresses
        } else {
            &[]
        };
        let allocated = allocated
            .iter()
            .copied()
            .filter(move |address| proxy.supports_family_of(*address))
            .map(AddressRange::from);
        declared.chain(allocated)
    }

    /// Whether the service is a Kubernetes Service without a virtual address, whose clients
    /// connect to its pods.
    pub fn is_headless(&self) -> bool {
        self.provider == Provider::Kubernetes && self.resolution == Resolution::Passthrough
    }

    /// Whether every port speaks a declared HTTP.
    pub fn is_http_only(&self) -> bool {
        self.ports.iter().all(|port| port.protocol.is_http())
    }
}
