//! security/authorization_policy.

use crate::proto::enumeration;
use crate::proto::message;
use crate::selector::PolicyTargetReference;
use crate::selector::WorkloadSelector;

message! {
    /// Istio's `AuthorizationPolicy`.
    pub struct AuthorizationPolicy: "istio.security.v1beta1.AuthorizationPolicy" {
        /// `selector`.
        pub selector: Option<WorkloadSelector> = "selector",
        /// `targetRef`.
        pub target_ref: Option<PolicyTargetReference> = "targetRef",
        /// `targetRefs`.
        pub target_refs: Vec<PolicyTargetReference> = "targetRefs",
        /// `rules`.
        pub rules: Vec<Rule> = "rules",
        /// `action`.
        pub action: Action = "action",
        /// `provider`.
        pub provider: Option<ExtensionProvider> = "provider",
    }
}

enumeration! {
    /// Istio's `AuthorizationPolicy.Action`.
    pub enum Action: "istio.security.v1beta1.AuthorizationPolicy.Action" {
        /// `ALLOW`.
        Allow = 0 "ALLOW",
        /// `DENY`.
        Deny = 1 "DENY",
        /// `AUDIT`.
        Audit = 2 "AUDIT",
        /// `CUSTOM`.
        Custom = 3 "CUSTOM",
    }
}

message! {
    /// Istio's `AuthorizationPolicy.ExtensionProvider`.
    pub struct ExtensionProvider: "istio.security.v1beta1.AuthorizationPolicy.ExtensionProvider" {
        /// `name`.
        pub name: String = "name",
    }
}

message! {
    /// Istio's `Rule`.
    pub struct Rule: "istio.security.v1beta1.Rule" {
        /// `from`.
        pub from: Vec<RuleFrom> = "from",
        /// `to`.
        pub to: Vec<RuleTo> = "to",
        /// `when`.
        pub when: Vec<Condition> = "when",
    }
}

message! {
    /// Istio's `Rule.From`.
    pub struct RuleFrom: "istio.security.v1beta1.Rule.From" {
        /// `source`.
        pub source: Option<Source> = "source",
    }
}

message! {
    /// Istio's `Rule.To`.
    pub struct RuleTo: "istio.security.v1beta1.Rule.To" {
        /// `operation`.
        pub operation: Option<Operation> = "operation",
    }
}

message! {
    /// Istio's `Source`.
    pub struct Source: "istio.security.v1beta1.Source" {
        /// `principals`.
        pub principals: Vec<String> = "principals",
        /// `notPrincipals`.
        pub not_principals: Vec<String> = "notPrincipals",
        /// `requestPrincipals`.
        pub request_principals: Vec<String> = "requestPrincipals",
        /// `notRequestPrincipals`.
        pub not_request_principals: Vec<String> = "notRequestPrincipals",
        /// `namespaces`.
        pub namespaces: Vec<String> = "namespaces",
        /// `notNamespaces`.
        pub not_namespaces: Vec<String> = "notNamespaces",
        /// `serviceAccounts`.
        pub service_accounts: Vec<String> = "serviceAccounts",
        /// `notServiceAccounts`.
        pub not_service_accounts: Vec<String> = "notServiceAccounts",
        /// `ipBlocks`.
        pub ip_blocks: Vec<String> = "ipBlocks",
        /// `notIpBlocks`.
        pub not_ip_blocks: Vec<String> = "notIpBlocks",
        /// `remoteIpBlocks`.
        pub remote_ip_blocks: Vec<String> = "remoteIpBlocks",
        /// `notRemoteIpBlocks`.
        pub not_remote_ip_blocks: Vec<String> = "notRemoteIpBlocks",
        /// `trustDomains`.
        pub trust_domains: Vec<String> = "trustDomains",
        /// `notTrustDomains`.
        pub not_trust_domains: Vec<String> = "notTrustDomains",
    }
}

message! {
    /// Istio's `Operation`.
    pub struct Operation: "istio.security.v1beta1.Operation" {
        /// `hosts`.
        pub hosts: Vec<String> = "hosts",
        /// `notHosts`.
        pub not_hosts: Vec<String> = "notHosts",
        /// `ports`.
        pub ports: Vec<String> = "ports",
        /// `notPorts`.
        pub not_ports: Vec<String> = "notPorts",
        /// `methods`.
        pub methods: Vec<String> = "methods",
        /// `notMethods`.
        pub not_methods: Vec<String> = "notMethods",
        /// `paths`.
        pub paths: Vec<String> = "paths",
        /// `notPaths`.
        pub not_paths: Vec<String> = "notPaths",
    }
}

message! {
    /// Istio's `Condition`.
    pub struct Condition: "istio.security.v1beta1.Condition" {
        /// `key`.
        pub key: String = "key",
        /// `values`.
        pub values: Vec<String> = "values",
        /// `notValues`.
        pub not_values: Vec<String> = "notValues",
    }
}
