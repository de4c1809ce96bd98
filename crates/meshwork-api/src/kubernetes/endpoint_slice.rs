//! Endpoint slices.

use crate::proto::message;

message! {
    /// Some of the addresses behind a service; the label `kubernetes.io/service-name` says which.
    pub struct EndpointSlice: "io.k8s.discovery.v1.EndpointSlice" {
        /// `IPv4`, `IPv6` or `FQDN`.
        pub address_type: String = "addressType",
        /// The addresses.
        pub endpoints: Vec<SliceEndpoint> = "endpoints",
        /// The ports that every one of them serves.
        pub ports: Vec<EndpointPort> = "ports",
    }
}

message! {
    /// One backend of a service (Kubernetes' `Endpoint`).
    pub struct SliceEndpoint: "io.k8s.discovery.v1.Endpoint" {
        /// Its addresses; consumers take the first.
        pub addresses: Vec<String> = "addresses",
        /// Whether it takes traffic.
        pub conditions: Option<EndpointConditions> = "conditions",
        /// Its DNS host name, for headless services.
        pub hostname: String = "hostname",
        /// The object that it stands for, mostly a Pod.
        pub target_ref: Option<ObjectReference> = "targetRef",
        /// The node on which it runs.
        pub node_name: String = "nodeName",
        /// The zone in which it runs.
        pub zone: String = "zone",
        /// Who should use it.
        pub hints: Option<EndpointHints> = "hints",
    }
}

message! {
    /// Whether an endpoint takes traffic; each condition may be unknown (`None`).
    pub struct EndpointConditions: "io.k8s.discovery.v1.EndpointConditions" {
        /// It takes new traffic; unknown counts as yes.
        pub ready: Option<bool> = "ready",
        /// It could take traffic, even while it terminates; unknown counts as `ready`.
        pub serving: Option<bool> = "serving",
        /// It is going away; unknown counts as no.
        pub terminating: Option<bool> = "terminating",
    }
}

message! {
    /// A port of the endpoints of a slice.
    pub struct EndpointPort: "io.k8s.discovery.v1.EndpointPort" {
        /// The name of the service's port that it implements.
        pub name: String = "name",
        /// `TCP`, `UDP` or `SCTP`.
        pub protocol: String = "protocol",
        /// The number; `None` stands for every port.
        pub port: Option<u32> = "port",
        /// The protocol above the transport.
        pub app_protocol: Option<String> = "appProtocol",
    }
}

message! {
    /// Names another object.
    pub struct ObjectReference: "io.k8s.core.v1.ObjectReference" {
        /// Its kind, `Pod`.
        pub kind: String = "kind",
        /// Its namespace.
        pub namespace: String = "namespace",
        /// Its name.
        pub name: String = "name",
        /// Its identity.
        pub uid: String = "uid",
    }
}

message! {
    /// Who should use an endpoint.
    pub struct EndpointHints: "io.k8s.discovery.v1.EndpointHints" {
        /// Clients of these zones.
        pub for_zones: Vec<ForZone> = "forZones",
    }
}

message! {
    /// A zone whose clients should use an endpoint.
    pub struct ForZone: "io.k8s.discovery.v1.ForZone" {
        /// The name of the zone.
        pub name: String = "name",
    }
}
