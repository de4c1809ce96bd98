//! What policies say.

use std::{fmt, sync::Arc};

use meshwork_core::{FieldPath, ResourceRef};

/// Whether a connection or request may pass, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    allowed: bool,
    /// Why.
    pub reason: Reason,
    /// Whether an AUDIT policy asks for the request to be logged.
    pub audit: bool,
    /// What the dry-run policies would have said; `None` where there are none.
    pub dry_run: Option<DryRun>,
}

impl Verdict {
    pub(crate) fn new(reason: Reason) -> Self {
        let allowed = matches!(reason, Reason::NoAllowPolicy | Reason::Allowed(_));
        Self { allowed, reason, audit: false, dry_run: None }
    }

    /// Whether it may pass.
    pub fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// Envoy's response code details of a refusal:
    /// `rbac_access_denied_matched_policy[ns[shop]-policy[deny]-rule[0]]`.
    pub fn details(&self) -> Option<String> {
        match &self.reason {
            Reason::Denied(rule) | Reason::CustomNotEvaluated(rule) => {
                Some(format!("rbac_access_denied_matched_policy[{}]", PolicyId(rule)))
            }
            Reason::NothingAllows => Some("rbac_access_denied_matched_policy[none]".into()),
            Reason::NoAllowPolicy | Reason::Allowed(_) => None,
        }
    }
}

/// Why a verdict came out as it did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No ALLOW policy is about the workload, and nothing denies.
    NoAllowPolicy,
    /// This rule of an ALLOW policy matched.
    Allowed(Arc<FieldPath>),
    /// This rule of a DENY policy matched.
    Denied(Arc<FieldPath>),
    /// ALLOW policies are about the workload and none of their rules matched.
    NothingAllows,
    /// This rule of a CUSTOM policy matched, and no external authorizer can be asked.
    CustomNotEvaluated(Arc<FieldPath>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAllowPolicy => f.write_str("no ALLOW policy selects the workload"),
            Self::Allowed(rule) => write!(f, "{rule} allows it"),
            Self::Denied(rule) => write!(f, "{rule} denies it"),
            Self::NothingAllows => f.write_str("no rule of the ALLOW policies matches"),
            Self::CustomNotEvaluated(rule) => {
                write!(f, "{rule} asks an external authorizer, which is not supported yet")
            }
        }
    }
}

/// What the policies with the annotation `istio.io/dry-run` would have said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DryRun {
    /// The DENY rule that would have refused.
    pub denied: Option<Arc<FieldPath>>,
    /// The ALLOW rule that would have allowed; `None` inside where none would have; `None` outside
    /// where no ALLOW policy is on trial.
    pub allowed: Option<Option<Arc<FieldPath>>>,
}

impl DryRun {
    /// Whether the request would have been refused.
    pub fn would_deny(&self) -> bool {
        self.denied.is_some() || self.allowed == Some(None)
    }
}

/// A part of a policy that has another effect than it seems to have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthzDiagnostic {
    /// The field.
    pub field: FieldPath,
    /// What is wrong and what happens instead.
    pub message: String,
}

/// Envoy's name of a rule: `ns[shop]-policy[deny]-rule[0]`.
pub(crate) struct PolicyId<'a>(pub(crate) &'a FieldPath);

impl fmt::Display for PolicyId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResourceRef { namespace, name, .. } = &self.0.resource;
        let index = self.0.path.strip_prefix("spec.rules[").and_then(|rest| rest.strip_suffix(']'));
        write!(f, "ns[{namespace}]-policy[{name}]-rule[{}]", index.unwrap_or_default())
    }
}
