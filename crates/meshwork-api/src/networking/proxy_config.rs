//! ProxyConfig as a resource.

use crate::Map;
use crate::proto::message;
use crate::selector::WorkloadSelector;

message! {
    /// Settings of proxy processes.
    ///
    /// Istio's `ProxyConfig` of the networking API.
    pub struct ProxyConfig: "istio.networking.v1beta1.ProxyConfig" {
        /// The workloads; absent for all of the namespace (of the mesh in the root namespace).
        pub selector: Option<WorkloadSelector> = "selector",
        /// How many worker threads there are; 0 for one per core.
        pub concurrency: Option<i32> = "concurrency",
        /// Variables of the environment.
        pub environment_variables: Map<String, String> = "environmentVariables",
        /// The image.
        pub image: Option<ProxyImage> = "image",
    }
}

message! {
    /// The image of a proxy.
    ///
    /// Istio's `ProxyImage`.
    pub struct ProxyImage: "istio.networking.v1beta1.ProxyImage" {
        /// `default`, `debug`, `distroless`.
        pub image_type: String = "imageType",
    }
}
