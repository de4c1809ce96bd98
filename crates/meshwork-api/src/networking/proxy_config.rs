//! networking/proxy_config.

use crate::proto::message;
use crate::selector::WorkloadSelector;
use indexmap::IndexMap;

message! {
    /// Istio's `ProxyConfig`.
    pub struct ProxyConfig: "istio.networking.v1beta1.ProxyConfig" {
        /// `selector`.
        pub selector: Option<WorkloadSelector> = "selector",
        /// `concurrency`.
        pub concurrency: Option<i32> = "concurrency",
        /// `environmentVariables`.
        pub environment_variables: IndexMap<String, String> = "environmentVariables",
        /// `image`.
        pub image: Option<ProxyImage> = "image",
    }
}

message! {
    /// Istio's `ProxyImage`.
    pub struct ProxyImage: "istio.networking.v1beta1.ProxyImage" {
        /// `imageType`.
        pub image_type: String = "imageType",
    }
}
