//! PeerAuthentications.

use crate::Map;
use crate::proto::{enumeration, message};
use crate::selector::WorkloadSelector;

message! {
    /// Whether some workloads accept mTLS, plaintext or both.
    ///
    /// Istio's `PeerAuthentication`.
    pub struct PeerAuthentication: "istio.security.v1beta1.PeerAuthentication" {
        /// The workloads; absent for all of the namespace (of the mesh in the root namespace).
        pub selector: Option<WorkloadSelector> = "selector",
        /// The mode; absent to inherit it.
        pub mtls: Option<MutualTls> = "mtls",
        /// Modes of single ports of the workload; needs a selector, and an entry where it is
        /// given.
        pub port_level_mtls: Option<Map<u32, MutualTls>> = "portLevelMtls",
    }
}

message! {
    /// A mode of mTLS.
    ///
    /// Istio's `PeerAuthentication.MutualTLS`.
    pub struct MutualTls: "istio.security.v1beta1.PeerAuthentication.MutualTLS" {
        /// The mode.
        pub mode: MutualTlsMode = "mode",
    }
}

enumeration! {
    /// What connections a port accepts.
    ///
    /// Istio's `PeerAuthentication.MutualTLS.Mode`.
    pub enum MutualTlsMode: "istio.security.v1beta1.PeerAuthentication.MutualTLS.Mode" {
        /// As the namespace or the mesh says; in the end `PERMISSIVE`.
        Unset = 0 "UNSET",
        /// No mTLS.
        Disable = 1 "DISABLE",
        /// mTLS and plaintext.
        Permissive = 2 "PERMISSIVE",
        /// mTLS only.
        Strict = 3 "STRICT",
    }
}
