//! Who may talk to whom (`security.istio.io`).

mod authorization_policy;
mod peer_authentication;
mod request_authentication;

pub use authorization_policy::{
    Action, AuthorizationPolicy, Condition, ExtensionProvider, Operation, Rule, RuleFrom, RuleTo,
    Source,
};
pub use peer_authentication::{MutualTls, MutualTlsMode, PeerAuthentication};
pub use request_authentication::{
    ClaimToHeader, JwtHeader, JwtRequirement, JwtRule, RequestAuthentication,
};

pub use crate::selector::{PolicyTargetReference, WorkloadSelector};
