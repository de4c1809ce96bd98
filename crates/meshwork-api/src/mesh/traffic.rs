//! Settings of MeshConfig about traffic and visibility.

use crate::Map;
use crate::networking::{ClientTlsSettings, ConnectionPoolSettings, OutlierDetection};
use crate::proto::{enumeration, message};

message! {
    /// What happens to traffic to unknown hosts.
    ///
    /// Istio's `MeshConfig.OutboundTrafficPolicy`.
    pub struct OutboundTrafficPolicy: "istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy" {
        /// Whether it is let through. Default: `ALLOW_ANY`.
        pub mode: OutboundTrafficPolicyMode = "mode",
        /// TLS for it.
        pub tls: Option<ClientTlsSettings> = "tls",
    }
}

enumeration! {
    /// Whether traffic to unknown hosts is let through.
    ///
    /// Istio's `MeshConfig.OutboundTrafficPolicy.Mode`.
    pub enum OutboundTrafficPolicyMode: "istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy.Mode" {
        /// No.
        RegistryOnly = 0 "REGISTRY_ONLY",
        /// Yes, to where it was going.
        AllowAny = 1 "ALLOW_ANY",
        /// Yes, by the name that the request asks for.
        AllowAnyDynamicDns = 3 "ALLOW_ANY_DYNAMIC_DNS",
    }
}

message! {
    /// What happens to traffic to ports that no service has.
    ///
    /// Istio's `MeshConfig.InboundTrafficPolicy`.
    pub struct InboundTrafficPolicy: "istio.mesh.v1alpha1.MeshConfig.InboundTrafficPolicy" {
        /// Where it goes.
        pub mode: InboundTrafficPolicyMode = "mode",
    }
}

enumeration! {
    /// Where inbound traffic to unknown ports goes.
    ///
    /// Istio's `MeshConfig.InboundTrafficPolicy.Mode`.
    pub enum InboundTrafficPolicyMode: "istio.mesh.v1alpha1.MeshConfig.InboundTrafficPolicy.Mode" {
        /// To the address that it was sent to.
        Passthrough = 0 "PASSTHROUGH",
        /// To the loopback address.
        Localhost = 1 "LOCALHOST",
    }
}

message! {
    /// Policies where a DestinationRule does not say.
    ///
    /// Istio's `MeshConfig.DefaultTrafficPolicy`.
    pub struct DefaultTrafficPolicy: "istio.mesh.v1alpha1.MeshConfig.DefaultTrafficPolicy" {
        /// How many connections and requests there may be.
        pub connection_pool: Option<ConnectionPoolSettings> = "connectionPool",
        /// When a failing endpoint is left out.
        pub outlier_detection: Option<OutlierDetection> = "outlierDetection",
    }
}

message! {
    /// How paths are normalised.
    ///
    /// Istio's `MeshConfig.ProxyPathNormalization`.
    pub struct ProxyPathNormalization: "istio.mesh.v1alpha1.MeshConfig.ProxyPathNormalization" {
        /// How far.
        pub normalization: NormalizationType = "normalization",
    }
}

enumeration! {
    /// How far paths are normalised.
    ///
    /// Istio's `MeshConfig.ProxyPathNormalization.NormalizationType`.
    pub enum NormalizationType: "istio.mesh.v1alpha1.MeshConfig.ProxyPathNormalization.NormalizationType" {
        /// As `BASE`.
        Default = 0 "DEFAULT",
        /// Not at all.
        None = 1 "NONE",
        /// Dot segments are resolved, `\` becomes `/`, unreserved characters are decoded (RFC
        /// 3986).
        Base = 2 "BASE",
        /// Also, several slashes become one.
        MergeSlashes = 3 "MERGE_SLASHES",
        /// Also, `%2F` and `%5C` are decoded first.
        DecodeAndMergeSlashes = 4 "DECODE_AND_MERGE_SLASHES",
    }
}

message! {
    /// Settings of some services.
    ///
    /// Istio's `MeshConfig.ServiceSettings`.
    pub struct ServiceSettings: "istio.mesh.v1alpha1.MeshConfig.ServiceSettings" {
        /// The settings.
        pub settings: Option<ServiceSettingsValues> = "settings",
        /// The services, `*.ns.svc.cluster.local` among them.
        pub hosts: Vec<String> = "hosts",
    }
}

message! {
    /// Settings of a service.
    ///
    /// Istio's `MeshConfig.ServiceSettings.Settings`.
    pub struct ServiceSettingsValues: "istio.mesh.v1alpha1.MeshConfig.ServiceSettings.Settings" {
        /// Whether clients use endpoints of their own cluster only.
        pub cluster_local: bool = "clusterLocal",
    }
}

message! {
    /// Whether some services are local or global.
    ///
    /// Istio's `MeshConfig.ServiceScopeConfigs`.
    pub struct ServiceScopeConfigs: "istio.mesh.v1alpha1.MeshConfig.ServiceScopeConfigs" {
        /// Their namespaces.
        pub namespace_selector: Option<LabelSelector> = "namespaceSelector",
        /// The services.
        pub services_selector: Option<LabelSelector> = "servicesSelector",
        /// What they are.
        pub scope: ServiceScope = "scope",
    }
}

enumeration! {
    /// Which clusters see a service.
    ///
    /// Istio's `MeshConfig.ServiceScopeConfigs.Scope`.
    pub enum ServiceScope: "istio.mesh.v1alpha1.MeshConfig.ServiceScopeConfigs.Scope" {
        /// Its own.
        Local = 0 "LOCAL",
        /// All.
        Global = 1 "GLOBAL",
    }
}

message! {
    /// Selects objects by their labels; all conditions have to hold.
    ///
    /// Istio's `LabelSelector`.
    pub struct LabelSelector: "istio.mesh.v1alpha1.LabelSelector" {
        /// Labels with the value that they must have.
        pub match_labels: Map<String, String> = "matchLabels",
        /// Further conditions.
        pub match_expressions: Vec<LabelSelectorRequirement> = "matchExpressions",
    }
}

message! {
    /// A condition on one label.
    ///
    /// Istio's `LabelSelectorRequirement`.
    pub struct LabelSelectorRequirement: "istio.mesh.v1alpha1.LabelSelectorRequirement" {
        /// The label.
        pub key: String = "key",
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        pub operator: String = "operator",
        /// What it is compared with.
        pub values: Vec<String> = "values",
    }
}

message! {
    /// Who sees ServiceEntries.
    ///
    /// Istio's `ServiceEntryVisibility`.
    pub struct ServiceEntryVisibility: "istio.mesh.v1alpha1.ServiceEntryVisibility" {
        /// Where no policy applies.
        pub default_visibility: Visibility = "defaultVisibility",
        /// Whether it is for sidecars too, not for ambient mode alone.
        pub apply_to_sidecars: bool = "applyToSidecars",
        /// Policies by namespace; the first that matches decides.
        pub policies: Vec<VisibilityPolicy> = "policies",
    }
}

enumeration! {
    /// Who sees an object.
    ///
    /// Istio's `ServiceEntryVisibility.Visibility`.
    pub enum Visibility: "istio.mesh.v1alpha1.ServiceEntryVisibility.Visibility" {
        /// As if nothing were said.
        VisibilityUnspecified = 0 "VISIBILITY_UNSPECIFIED",
        /// Nobody.
        None = 1 "NONE",
        /// The own namespace.
        Namespace = 2 "NAMESPACE",
        /// Everybody.
        Public = 3 "PUBLIC",
    }
}

message! {
    /// Who sees the ServiceEntries of some namespaces.
    ///
    /// Istio's `ServiceEntryVisibility.Policy`.
    pub struct VisibilityPolicy: "istio.mesh.v1alpha1.ServiceEntryVisibility.Policy" {
        /// Who sees them.
        pub visibility: Visibility = "visibility",
        /// Which ones are meant; one rule has to match.
        pub matching_rules: Vec<VisibilityMatchRule> = "matchingRules",
    }
}

message! {
    /// Which ServiceEntries are meant.
    ///
    /// Istio's `ServiceEntryVisibility.MatchRule`.
    pub struct VisibilityMatchRule: "istio.mesh.v1alpha1.ServiceEntryVisibility.MatchRule" {
        /// Those of these namespaces.
        pub namespace_selector: Option<LabelSelector> = "namespaceSelector",
    }
}
