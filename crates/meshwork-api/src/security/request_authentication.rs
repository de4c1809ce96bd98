//! RequestAuthentications.

use crate::Duration;
use crate::proto::{enumeration, message};
use crate::selector::{PolicyTargetReference, WorkloadSelector};

message! {
    /// Which JSON Web Tokens some workloads trust. A request with a token that does not verify
    /// is refused; one without a token is not.
    ///
    /// Istio's `RequestAuthentication`.
    pub struct RequestAuthentication: "istio.security.v1beta1.RequestAuthentication" {
        /// The workloads; absent for all of the namespace (of the mesh in the root namespace).
        pub selector: Option<WorkloadSelector> = "selector",
        /// Deprecated: the object that it is attached to.
        pub target_ref: Option<PolicyTargetReference> = "targetRef",
        /// The objects that it is attached to. Excludes `selector`.
        pub target_refs: Vec<PolicyTargetReference> = "targetRefs",
        /// The issuers that are trusted.
        pub jwt_rules: Vec<JwtRule> = "jwtRules",
    }
}

message! {
    /// An issuer of tokens and where its tokens are.
    ///
    /// Istio's `JWTRule`.
    pub struct JwtRule: "istio.security.v1beta1.JWTRule" {
        /// The value of `iss` in its tokens; required.
        pub issuer: String = "issuer",
        /// Values of `aud`, of which one must be there; empty for any.
        pub audiences: Vec<String> = "audiences",
        /// Where its public keys are.
        pub jwks_uri: String = "jwksUri",
        /// Its public keys as text. Excludes `jwksUri`.
        pub jwks: String = "jwks",
        /// Headers that can hold a token. Default, with `fromParams` and `fromCookies` empty:
        /// `Authorization: Bearer`.
        pub from_headers: Vec<JwtHeader> = "fromHeaders",
        /// Parameters of the query that can hold a token.
        pub from_params: Vec<String> = "fromParams",
        /// The header that passes the payload on, base64url; empty for none.
        pub output_payload_to_header: String = "outputPayloadToHeader",
        /// Cookies that can hold a token.
        pub from_cookies: Vec<String> = "fromCookies",
        /// Whether the token is passed on.
        pub forward_original_token: bool = "forwardOriginalToken",
        /// Claims that are passed on as headers.
        pub output_claim_to_headers: Vec<ClaimToHeader> = "outputClaimToHeaders",
        /// How long fetching keys may take. Default: 5s.
        pub timeout: Option<Duration> = "timeout",
        /// Claims that are lists with spaces between, beside `scope` and `permission`.
        pub space_delimited_claims: Vec<String> = "spaceDelimitedClaims",
        /// Whether a request needs a token of this rule.
        pub presence: JwtRequirement = "presence",
    }
}

enumeration! {
    /// Whether a request needs a token.
    ///
    /// Istio's `JWTRule.JWTRequirement`.
    pub enum JwtRequirement: "istio.security.v1beta1.JWTRule.JWTRequirement" {
        /// It does not; one that is there has to be valid.
        Optional = 0 "OPTIONAL",
        /// It does: without one it is refused with 401, whatever other rules say.
        Required = 1 "REQUIRED",
    }
}

message! {
    /// A header that can hold a token.
    ///
    /// Istio's `JWTHeader`.
    pub struct JwtHeader: "istio.security.v1beta1.JWTHeader" {
        /// The header.
        pub name: String = "name",
        /// What stands before the token, `Bearer ` with its space.
        pub prefix: String = "prefix",
    }
}

message! {
    /// A claim that is passed on as a header.
    ///
    /// Istio's `ClaimToHeader`.
    pub struct ClaimToHeader: "istio.security.v1beta1.ClaimToHeader" {
        /// The header.
        pub header: String = "header",
        /// The claim; `a.b` is `b` inside of `a`.
        pub claim: String = "claim",
    }
}
