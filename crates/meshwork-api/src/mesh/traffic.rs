//! mesh/traffic.

use crate::networking::ClientTlsSettings;
use crate::networking::ConnectionPoolSettings;
use crate::networking::OutlierDetection;
use crate::proto::enumeration;
use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `MeshConfig.OutboundTrafficPolicy`.
    pub struct OutboundTrafficPolicy: "istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy" {
        /// `mode`.
        pub mode: OutboundTrafficPolicyMode = "mode",
        /// `tls`.
        pub tls: Option<ClientTlsSettings> = "tls",
    }
}

enumeration! {
    /// Istio's `MeshConfig.OutboundTrafficPolicy.Mode`.
    pub enum OutboundTrafficPolicyMode: "istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy.Mode" {
        /// `REGISTRY_ONLY`.
        RegistryOnly = 0 "REGISTRY_ONLY",
        /// `ALLOW_ANY`.
        AllowAny = 1 "ALLOW_ANY",
        /// `ALLOW_ANY_DYNAMIC_DNS`.
        AllowAnyDynamicDns = 3 "ALLOW_ANY_DYNAMIC_DNS",
    }
}

message! {
    /// Istio's `MeshConfig.InboundTrafficPolicy`.
    pub struct InboundTrafficPolicy: "istio.mesh.v1alpha1.MeshConfig.InboundTrafficPolicy" {
        /// `mode`.
        pub mode: InboundTrafficPolicyMode = "mode",
    }
}

enumeration! {
    /// Istio's `MeshConfig.InboundTrafficPolicy.Mode`.
    pub enum InboundTrafficPolicyMode: "istio.mesh.v1alpha1.MeshConfig.InboundTrafficPolicy.Mode" {
        /// `PASSTHROUGH`.
        Passthrough = 0 "PASSTHROUGH",
        /// `LOCALHOST`.
        Localhost = 1 "LOCALHOST",
    }
}

message! {
    /// Istio's `MeshConfig.DefaultTrafficPolicy`.
    pub struct DefaultTrafficPolicy: "istio.mesh.v1alpha1.MeshConfig.DefaultTrafficPolicy" {
        /// `connectionPool`.
        pub connection_pool: Option<ConnectionPoolSettings> = "connectionPool",
        /// `outlierDetection`.
        pub outlier_detection: Option<OutlierDetection> = "outlierDetection",
    }
}

message! {
    /// Istio's `MeshConfig.ProxyPathNormalization`.
    pub struct ProxyPathNormalization: "istio.mesh.v1alpha1.MeshConfig.ProxyPathNormalization" {
        /// `normalization`.
        pub normalization: NormalizationType = "normalization",
    }
}

enumeration! {
    /// Istio's `MeshConfig.ProxyPathNormalization.NormalizationType`.
    pub enum NormalizationType: "istio.mesh.v1alpha1.MeshConfig.ProxyPathNormalization.NormalizationType" {
        /// `DEFAULT`.
        Default = 0 "DEFAULT",
        /// `NONE`.
        None = 1 "NONE",
        /// `BASE`.
        Base = 2 "BASE",
        /// `MERGE_SLASHES`.
        MergeSlashes = 3 "MERGE_SLASHES",
        /// `DECODE_AND_MERGE_SLASHES`.
        DecodeAndMergeSlashes = 4 "DECODE_AND_MERGE_SLASHES",
    }
}

message! {
    /// Istio's `MeshConfig.ServiceSettings`.
    pub struct ServiceSettings: "istio.mesh.v1alpha1.MeshConfig.ServiceSettings" {
        /// `settings`.
        pub settings: Option<ServiceSettingsValues> = "settings",
        /// `hosts`.
        pub hosts: Vec<String> = "hosts",
    }
}

message! {
    /// Istio's `MeshConfig.ServiceSettings.Settings`.
    pub struct ServiceSettingsValues: "istio.mesh.v1alpha1.MeshConfig.ServiceSettings.Settings" {
        /// `clusterLocal`.
        pub cluster_local: bool = "clusterLocal",
    }
}

message! {
    /// Istio's `MeshConfig.ServiceScopeConfigs`.
    pub struct ServiceScopeConfigs: "istio.mesh.v1alpha1.MeshConfig.ServiceScopeConfigs" {
        /// `namespaceSelector`.
        pub namespace_selector: Option<LabelSelector> = "namespaceSelector",
        /// `servicesSelector`.
        pub services_selector: Option<LabelSelector> = "servicesSelector",
        /// `scope`.
        pub scope: ServiceScope = "scope",
    }
}

enumeration! {
    /// Istio's `MeshConfig.ServiceScopeConfigs.Scope`.
    pub enum ServiceScope: "istio.mesh.v1alpha1.MeshConfig.ServiceScopeConfigs.Scope" {
        /// `LOCAL`.
        Local = 0 "LOCAL",
        /// `GLOBAL`.
        Global = 1 "GLOBAL",
    }
}

message! {
    /// Istio's `LabelSelector`.
    pub struct LabelSelector: "istio.mesh.v1alpha1.LabelSelector" {
        /// `matchLabels`.
        pub match_labels: IndexMap<String, String> = "matchLabels",
        /// `matchExpressions`.
        pub match_expressions: Vec<LabelSelectorRequirement> = "matchExpressions",
    }
}

message! {
    /// Istio's `LabelSelectorRequirement`.
    pub struct LabelSelectorRequirement: "istio.mesh.v1alpha1.LabelSelectorRequirement" {
        /// `key`.
        pub key: String = "key",
        /// `operator`.
        pub operator: String = "operator",
        /// `values`.
        pub values: Vec<String> = "values",
    }
}

message! {
    /// Istio's `ServiceEntryVisibility`.
    pub struct ServiceEntryVisibility: "istio.mesh.v1alpha1.ServiceEntryVisibility" {
        /// `defaultVisibility`.
        pub default_visibility: Visibility = "defaultVisibility",
        /// `applyToSidecars`.
        pub apply_to_sidecars: bool = "applyToSidecars",
        /// `policies`.
        pub policies: Vec<VisibilityPolicy> = "policies",
    }
}

enumeration! {
    /// Istio's `ServiceEntryVisibility.Visibility`.
    pub enum Visibility: "istio.mesh.v1alpha1.ServiceEntryVisibility.Visibility" {
        /// `VISIBILITY_UNSPECIFIED`.
        VisibilityUnspecified = 0 "VISIBILITY_UNSPECIFIED",
        /// `NONE`.
        None = 1 "NONE",
        /// `NAMESPACE`.
        Namespace = 2 "NAMESPACE",
        /// `PUBLIC`.
        Public = 3 "PUBLIC",
    }
}

message! {
    /// Istio's `ServiceEntryVisibility.Policy`.
    pub struct VisibilityPolicy: "istio.mesh.v1alpha1.ServiceEntryVisibility.Policy" {
        /// `visibility`.
        pub visibility: Visibility = "visibility",
        /// `matchingRules`.
        pub matching_rules: Vec<VisibilityMatchRule> = "matchingRules",
    }
}

message! {
    /// Istio's `ServiceEntryVisibility.MatchRule`.
    pub struct VisibilityMatchRule: "istio.mesh.v1alpha1.ServiceEntryVisibility.MatchRule" {
        /// `namespaceSelector`.
        pub namespace_selector: Option<LabelSelector> = "namespaceSelector",
    }
}
