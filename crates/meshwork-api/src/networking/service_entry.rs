//! networking/service_entry.

use super::WorkloadSelector;
use crate::proto::enumeration;
use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `ServiceEntry`.
    pub struct ServiceEntry: "istio.networking.v1alpha3.ServiceEntry" {
        /// `hosts`.
        pub hosts: Vec<String> = "hosts",
        /// `addresses`.
        pub addresses: Vec<String> = "addresses",
        /// `ports`.
        pub ports: Vec<ServicePort> = "ports",
        /// `location`.
        pub location: Location = "location",
        /// `resolution`.
        pub resolution: Resolution = "resolution",
        /// `endpoints`.
        pub endpoints: Vec<WorkloadEntry> = "endpoints",
        /// `workloadSelector`.
        pub workload_selector: Option<WorkloadSelector> = "workloadSelector",
        /// `exportTo`.
        pub export_to: Vec<String> = "exportTo",
        /// `subjectAltNames`.
        pub subject_alt_names: Vec<String> = "subjectAltNames",
    }
}

enumeration! {
    /// Istio's `ServiceEntry.Location`.
    pub enum Location: "istio.networking.v1alpha3.ServiceEntry.Location" {
        /// `MESH_EXTERNAL`.
        MeshExternal = 0 "MESH_EXTERNAL",
        /// `MESH_INTERNAL`.
        MeshInternal = 1 "MESH_INTERNAL",
    }
}

enumeration! {
    /// Istio's `ServiceEntry.Resolution`.
    pub enum Resolution: "istio.networking.v1alpha3.ServiceEntry.Resolution" {
        /// `NONE`.
        None = 0 "NONE",
        /// `STATIC`.
        Static = 1 "STATIC",
        /// `DNS`.
        Dns = 2 "DNS",
        /// `DNS_ROUND_ROBIN`.
        DnsRoundRobin = 3 "DNS_ROUND_ROBIN",
        /// `DYNAMIC_DNS`.
        DynamicDns = 4 "DYNAMIC_DNS",
    }
}

message! {
    /// Istio's `ServicePort`.
    pub struct ServicePort: "istio.networking.v1alpha3.ServicePort" {
        /// `number`.
        pub number: u32 = "number",
        /// `protocol`.
        pub protocol: String = "protocol",
        /// `name`.
        pub name: String = "name",
        /// `targetPort`.
        pub target_port: u32 = "targetPort",
    }
}

message! {
    /// Istio's `WorkloadEntry`.
    pub struct WorkloadEntry: "istio.networking.v1alpha3.WorkloadEntry" {
        /// `address`.
        pub address: String = "address",
        /// `ports`.
        pub ports: IndexMap<String, u32> = "ports",
        /// `labels`.
        pub labels: IndexMap<String, String> = "labels",
        /// `network`.
        pub network: String = "network",
        /// `locality`.
        pub locality: String = "locality",
        /// `weight`.
        pub weight: u32 = "weight",
        /// `serviceAccount`.
        pub service_account: String = "serviceAccount",
    }
}
