//! ServiceEntries and WorkloadEntries.

use super::WorkloadSelector;
use crate::Map;
use crate::proto::{enumeration, message};

message! {
    /// A service that Kubernetes does not know.
    ///
    /// Istio's `ServiceEntry`.
    pub struct ServiceEntry: "istio.networking.v1alpha3.ServiceEntry" {
        /// The names; `*.example.com` is allowed for some resolutions.
        pub hosts: Vec<String> = "hosts",
        /// Virtual addresses, with or without prefix length; empty where clients are told apart by
        /// name.
        pub addresses: Vec<String> = "addresses",
        /// The ports.
        pub ports: Vec<ServicePort> = "ports",
        /// Whether the workloads belong to the mesh.
        pub location: Location = "location",
        /// How a client finds the endpoints.
        pub resolution: Resolution = "resolution",
        /// The endpoints. Excludes `workloadSelector`.
        pub endpoints: Vec<WorkloadEntry> = "endpoints",
        /// The Pods and WorkloadEntries of the namespace that are its endpoints.
        pub workload_selector: Option<WorkloadSelector> = "workloadSelector",
        /// The namespaces that see it: `.` the own one, `*` all (the default), `~` none, or a name.
        pub export_to: Vec<String> = "exportTo",
        /// Names of which a server's certificate must have one.
        pub subject_alt_names: Vec<String> = "subjectAltNames",
    }
}

enumeration! {
    /// Where the workloads of a service are.
    ///
    /// Istio's `ServiceEntry.Location`.
    pub enum Location: "istio.networking.v1alpha3.ServiceEntry.Location" {
        /// Outside: no mTLS by itself.
        MeshExternal = 0 "MESH_EXTERNAL",
        /// Inside, as if it were a service of the mesh.
        MeshInternal = 1 "MESH_INTERNAL",
    }
}

enumeration! {
    /// How a client finds the endpoints of a service.
    ///
    /// Istio's `ServiceEntry.Resolution`.
    pub enum Resolution: "istio.networking.v1alpha3.ServiceEntry.Resolution" {
        /// It goes to the address that the application asked for.
        None = 0 "NONE",
        /// By the addresses of the endpoints.
        Static = 1 "STATIC",
        /// By names, all addresses of each.
        Dns = 2 "DNS",
        /// By names, with the first address of the last answer.
        DnsRoundRobin = 3 "DNS_ROUND_ROBIN",
        /// By the name that a request asks for, looked up when it does.
        DynamicDns = 4 "DYNAMIC_DNS",
    }
}

message! {
    /// A port of a ServiceEntry.
    ///
    /// Istio's `ServicePort`.
    pub struct ServicePort: "istio.networking.v1alpha3.ServicePort" {
        /// The number that clients use, 1 to 65535.
        pub number: u32 = "number",
        /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS`; empty to find out by looking.
        pub protocol: String = "protocol",
        /// The name; required.
        pub name: String = "name",
        /// The port of the endpoints; 0 for the same.
        pub target_port: u32 = "targetPort",
    }
}

message! {
    /// A workload that is no Pod, as a resource or as an endpoint of a ServiceEntry.
    ///
    /// Istio's `WorkloadEntry`.
    pub struct WorkloadEntry: "istio.networking.v1alpha3.WorkloadEntry" {
        /// An IP address, a DNS name, or `unix://` and a path.
        pub address: String = "address",
        /// Its ports by the names of the service's.
        pub ports: Map<String, u32> = "ports",
        /// Its labels.
        pub labels: Map<String, String> = "labels",
        /// Its network; empty for one that everybody reaches directly.
        pub network: String = "network",
        /// Where it runs, `region/zone/subzone`; `.` may part them too.
        pub locality: String = "locality",
        /// Its share among endpoints; 0 counts as 1.
        pub weight: u32 = "weight",
        /// The account that it runs as, in its own namespace.
        pub service_account: String = "serviceAccount",
    }
}
