//! AuthorizationPolicies.

use crate::proto::{enumeration, message};
use crate::selector::{PolicyTargetReference, WorkloadSelector};

message! {
    /// Which requests and connections some workloads admit.
    ///
    /// Istio's `AuthorizationPolicy`.
    pub struct AuthorizationPolicy: "istio.security.v1beta1.AuthorizationPolicy" {
        /// The workloads; absent for all of the namespace (of the mesh in the root namespace).
        pub selector: Option<WorkloadSelector> = "selector",
        /// Deprecated: the object that it is attached to.
        pub target_ref: Option<PolicyTargetReference> = "targetRef",
        /// The objects that it is attached to. Excludes `selector`.
        pub target_refs: Vec<PolicyTargetReference> = "targetRefs",
        /// The rules, of which one has to match; without any the policy matches nothing, so that
        /// one of `ALLOW` admits nothing.
        pub rules: Vec<Rule> = "rules",
        /// What happens to what matches.
        pub action: Action = "action",
        /// Who is asked, for `CUSTOM`.
        pub provider: Option<ExtensionProvider> = "provider",
    }
}

enumeration! {
    /// What a policy does with what it matches.
    ///
    /// Istio's `AuthorizationPolicy.Action`.
    pub enum Action: "istio.security.v1beta1.AuthorizationPolicy.Action" {
        /// Admits it; what no such policy of a workload admits is denied.
        Allow = 0 "ALLOW",
        /// Denies it, whatever others allow.
        Deny = 1 "DENY",
        /// Marks it for the audit log.
        Audit = 2 "AUDIT",
        /// Asks an external authorizer.
        Custom = 3 "CUSTOM",
    }
}

message! {
    /// Names an extension provider of MeshConfig.
    ///
    /// Istio's `AuthorizationPolicy.ExtensionProvider`.
    pub struct ExtensionProvider: "istio.security.v1beta1.AuthorizationPolicy.ExtensionProvider" {
        /// Its name.
        pub name: String = "name",
    }
}

message! {
    /// A rule: sources, operations and conditions, all of which have to hold.
    ///
    /// Istio's `Rule`.
    pub struct Rule: "istio.security.v1beta1.Rule" {
        /// Sources, of which one has to match; empty for any.
        pub from: Vec<RuleFrom> = "from",
        /// Operations, of which one has to match; empty for any.
        pub to: Vec<RuleTo> = "to",
        /// Conditions, all of which have to hold.
        pub when: Vec<Condition> = "when",
    }
}

message! {
    /// A source of a rule.
    ///
    /// Istio's `Rule.From`.
    pub struct RuleFrom: "istio.security.v1beta1.Rule.From" {
        /// The source.
        pub source: Option<Source> = "source",
    }
}

message! {
    /// An operation of a rule.
    ///
    /// Istio's `Rule.To`.
    pub struct RuleTo: "istio.security.v1beta1.Rule.To" {
        /// The operation.
        pub operation: Option<Operation> = "operation",
    }
}

message! {
    /// Who sends; all fields have to hold. A value may be exact, `prefix*`, `*suffix`, or `*`
    /// for anything that is there.
    ///
    /// Istio's `Source`.
    pub struct Source: "istio.security.v1beta1.Source" {
        /// Identities of the peer's certificate, `cluster.local/ns/default/sa/app`.
        pub principals: Vec<String> = "principals",
        /// Identities that it must not have.
        pub not_principals: Vec<String> = "notPrincipals",
        /// Identities of the token, `issuer/subject`.
        pub request_principals: Vec<String> = "requestPrincipals",
        /// Identities that it must not have.
        pub not_request_principals: Vec<String> = "notRequestPrincipals",
        /// Namespaces of the peer's identity.
        pub namespaces: Vec<String> = "namespaces",
        /// Namespaces that it must not have.
        pub not_namespaces: Vec<String> = "notNamespaces",
        /// Accounts of the peer's identity, `namespace/account` or `account` of the own namespace.
        pub service_accounts: Vec<String> = "serviceAccounts",
        /// Accounts that it must not have.
        pub not_service_accounts: Vec<String> = "notServiceAccounts",
        /// Addresses of the peer, with or without prefix length.
        pub ip_blocks: Vec<String> = "ipBlocks",
        /// Addresses that it must not have.
        pub not_ip_blocks: Vec<String> = "notIpBlocks",
        /// Addresses of the original client (X-Forwarded-For or PROXY protocol).
        pub remote_ip_blocks: Vec<String> = "remoteIpBlocks",
        /// Addresses that it must not have.
        pub not_remote_ip_blocks: Vec<String> = "notRemoteIpBlocks",
        /// Trust domains of the peer's identity.
        pub trust_domains: Vec<String> = "trustDomains",
        /// Trust domains that it must not have.
        pub not_trust_domains: Vec<String> = "notTrustDomains",
    }
}

message! {
    /// What is asked for; all fields have to hold.
    ///
    /// Istio's `Operation`.
    pub struct Operation: "istio.security.v1beta1.Operation" {
        /// Authorities of the request, without regard to case.
        pub hosts: Vec<String> = "hosts",
        /// Authorities that it must not have.
        pub not_hosts: Vec<String> = "notHosts",
        /// Ports of the workload, as text.
        pub ports: Vec<String> = "ports",
        /// Ports that it must not be.
        pub not_ports: Vec<String> = "notPorts",
        /// Methods; for gRPC always `POST`.
        pub methods: Vec<String> = "methods",
        /// Methods that it must not have.
        pub not_methods: Vec<String> = "notMethods",
        /// Paths, normalised; also templates with `{*}` and `{**}`.
        pub paths: Vec<String> = "paths",
        /// Paths that it must not have.
        pub not_paths: Vec<String> = "notPaths",
    }
}

message! {
    /// A condition on one attribute.
    ///
    /// Istio's `Condition`.
    pub struct Condition: "istio.security.v1beta1.Condition" {
        /// The attribute: `request.headers[x]`, `source.ip`, `request.auth.claims[iss]`,
        /// `connection.sni`, …
        pub key: String = "key",
        /// Values of which it must have one.
        pub values: Vec<String> = "values",
        /// Values that it must not have.
        pub not_values: Vec<String> = "notValues",
    }
}
