//! security/peer_authentication.

use crate::proto::enumeration;
use crate::proto::message;
use crate::selector::WorkloadSelector;
use indexmap::IndexMap;

message! {
    /// Istio's `PeerAuthentication`.
    pub struct PeerAuthentication: "istio.security.v1beta1.PeerAuthentication" {
        /// `selector`.
        pub selector: Option<WorkloadSelector> = "selector",
        /// `mtls`.
        pub mtls: Option<MutualTls> = "mtls",
        /// `portLevelMtls`.
        pub port_level_mtls: IndexMap<u32, MutualTls> = "portLevelMtls",
    }
}

message! {
    /// Istio's `PeerAuthentication.MutualTLS`.
    pub struct MutualTls: "istio.security.v1beta1.PeerAuthentication.MutualTLS" {
        /// `mode`.
        pub mode: MutualTlsMode = "mode",
    }
}

enumeration! {
    /// Istio's `PeerAuthentication.MutualTLS.Mode`.
    pub enum MutualTlsMode: "istio.security.v1beta1.PeerAuthentication.MutualTLS.Mode" {
        /// `UNSET`.
        Unset = 0 "UNSET",
        /// `DISABLE`.
        Disable = 1 "DISABLE",
        /// `PERMISSIVE`.
        Permissive = 2 "PERMISSIVE",
        /// `STRICT`.
        Strict = 3 "STRICT",
    }
}
