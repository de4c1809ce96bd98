//! Objects that hold data or stand for identities.

use crate::Map;
use crate::proto::{Bytes, message};

message! {
    /// An identity of workloads; namespace and name make it.
    pub struct ServiceAccount: "io.k8s.core.v1.ServiceAccount" {
        /// Whether Pods get a token of it without asking.
        pub automount_service_account_token: Option<bool> = "automountServiceAccountToken",
    }
}

message! {
    /// Secret data; those of type `kubernetes.io/tls` hold `tls.crt` and `tls.key`.
    pub struct Secret: "io.k8s.core.v1.Secret" {
        /// The type, `Opaque` or `kubernetes.io/tls`.
        pub type_: String = "type",
        /// Bytes by key.
        pub data: Map<String, Bytes> = "data",
        /// Text by key; what an API server merges into `data`, over it.
        pub string_data: Map<String, String> = "stringData",
        /// Whether it can never change.
        pub immutable: Option<bool> = "immutable",
    }
}

message! {
    /// Text and bytes by key; the key `mesh` of Istio's own holds a `MeshConfig`.
    pub struct ConfigMap: "io.k8s.core.v1.ConfigMap" {
        /// Text by key.
        pub data: Map<String, String> = "data",
        /// Bytes by key.
        pub binary_data: Map<String, Bytes> = "binaryData",
        /// Whether it can never change.
        pub immutable: Option<bool> = "immutable",
    }
}
