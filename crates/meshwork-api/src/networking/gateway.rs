//! networking/gateway.

use super::ServerTlsSettings;
use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `Gateway`.
    pub struct Gateway: "istio.networking.v1alpha3.Gateway" {
        /// `servers`.
        pub servers: Vec<Server> = "servers",
        /// `selector`.
        pub selector: IndexMap<String, String> = "selector",
    }
}

message! {
    /// Istio's `Server`.
    pub struct Server: "istio.networking.v1alpha3.Server" {
        /// `port`.
        pub port: Option<Port> = "port",
        /// `bind`.
        pub bind: String = "bind",
        /// `hosts`.
        pub hosts: Vec<String> = "hosts",
        /// `tls`.
        pub tls: Option<ServerTlsSettings> = "tls",
        /// `defaultEndpoint`.
        pub default_endpoint: String = "defaultEndpoint",
        /// `name`.
        pub name: String = "name",
    }
}

message! {
    /// Istio's `Port`.
    pub struct Port: "istio.networking.v1alpha3.Port" {
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
