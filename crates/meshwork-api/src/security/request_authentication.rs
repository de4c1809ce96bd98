//! security/request_authentication.

use crate::Duration;
use crate::proto::message;
use crate::selector::PolicyTargetReference;
use crate::selector::WorkloadSelector;

message! {
    /// Istio's `RequestAuthentication`.
    pub struct RequestAuthentication: "istio.security.v1beta1.RequestAuthentication" {
        /// `selector`.
        pub selector: Option<WorkloadSelector> = "selector",
        /// `targetRef`.
        pub target_ref: Option<PolicyTargetReference> = "targetRef",
        /// `targetRefs`.
        pub target_refs: Vec<PolicyTargetReference> = "targetRefs",
        /// `jwtRules`.
        pub jwt_rules: Vec<JwtRule> = "jwtRules",
    }
}

message! {
    /// Istio's `JWTRule`.
    pub struct JwtRule: "istio.security.v1beta1.JWTRule" {
        /// `issuer`.
        pub issuer: String = "issuer",
        /// `audiences`.
        pub audiences: Vec<String> = "audiences",
        /// `jwksUri`.
        pub jwks_uri: String = "jwksUri",
        /// `jwks`.
        pub jwks: String = "jwks",
        /// `fromHeaders`.
        pub from_headers: Vec<JwtHeader> = "fromHeaders",
        /// `fromParams`.
        pub from_params: Vec<String> = "fromParams",
        /// `outputPayloadToHeader`.
        pub output_payload_to_header: String = "outputPayloadToHeader",
        /// `fromCookies`.
        pub from_cookies: Vec<String> = "fromCookies",
        /// `forwardOriginalToken`.
        pub forward_original_token: bool = "forwardOriginalToken",
        /// `outputClaimToHeaders`.
        pub output_claim_to_headers: Vec<ClaimToHeader> = "outputClaimToHeaders",
        /// `timeout`.
        pub timeout: Option<Duration> = "timeout",
        /// `spaceDelimitedClaims`.
        pub space_delimited_claims: Vec<String> = "spaceDelimitedClaims",
    }
}

message! {
    /// Istio's `JWTHeader`.
    pub struct JwtHeader: "istio.security.v1beta1.JWTHeader" {
        /// `name`.
        pub name: String = "name",
        /// `prefix`.
        pub prefix: String = "prefix",
    }
}

message! {
    /// Istio's `ClaimToHeader`.
    pub struct ClaimToHeader: "istio.security.v1beta1.ClaimToHeader" {
        /// `header`.
        pub header: String = "header",
        /// `claim`.
        pub claim: String = "claim",
    }
}
