//! Gateways and their servers.

use super::ServerTlsSettings;
use crate::Map;
use crate::proto::message;

message! {
    /// Which ports and hosts some gateway proxies serve.
    ///
    /// Istio's `Gateway`.
    pub struct Gateway: "istio.networking.v1alpha3.Gateway" {
        /// What they serve, port by port.
        pub servers: Vec<Server> = "servers",
        /// Labels of the proxies; empty for all.
        pub selector: Map<String, String> = "selector",
    }
}

message! {
    /// A port of a gateway and the hosts behind it.
    ///
    /// Istio's `Server`.
    pub struct Server: "istio.networking.v1alpha3.Server" {
        /// The port; required.
        pub port: Option<Port> = "port",
        /// The address to listen on; empty for all.
        pub bind: String = "bind",
        /// The hosts (`namespace/host`, `*.example.com`, `*`) whose VirtualServices may bind here.
        pub hosts: Vec<String> = "hosts",
        /// TLS towards clients; required for HTTPS and TLS.
        pub tls: Option<Box<ServerTlsSettings>> = "tls",
        /// Where to forward to; Istio does not implement it.
        pub default_endpoint: String = "defaultEndpoint",
        /// A name, unique among all servers.
        pub name: String = "name",
    }
}

message! {
    /// A port of a gateway.
    ///
    /// Istio's `Port`.
    pub struct Port: "istio.networking.v1alpha3.Port" {
        /// The port, 1 to 65535.
        pub number: u32 = "number",
        /// `HTTP`, `HTTPS`, `GRPC`, `GRPC-WEB`, `HTTP2`, `MONGO`, `TCP`, `TLS`.
        pub protocol: String = "protocol",
        /// A name.
        pub name: String = "name",
        /// Deprecated and without effect.
        pub target_port: u32 = "targetPort",
    }
}
