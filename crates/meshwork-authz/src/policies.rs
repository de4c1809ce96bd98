//! All policies of one workload, by action.

use std::sync::Arc;

use meshwork_api::{
    Object,
    security::{Action, AuthorizationPolicy},
};
use meshwork_core::{Explanation, FieldPath, Mismatch, Outcome, ResourceRef, Step};

use crate::{
    AuthzDiagnostic, AuthzInput, DryRun, PolicyScope, Reason, Verdict,
    compile::{Compiler, Layer},
    rule::Rule,
};

/// The AuthorizationPolicies of one workload, compiled.
///
/// The order of evaluation is Istio's: CUSTOM, then DENY, then ALLOW. Without an ALLOW policy
/// everything is allowed that nothing denies; with one, only what a rule of one allows.
#[derive(Clone, Debug, Default)]
pub struct AuthzPolicies {
    http: Sets,
    tcp: Sets,
    resources: Vec<ResourceRef>,
    diagnostics: Vec<AuthzDiagnostic>,
}

/// Rules by action, for requests or for connections: the same policy may have other rules there.
#[derive(Clone, Debug, Default)]
struct Sets {
    custom: Vec<Rule>,
    audit: Vec<Rule>,
    deny: Vec<Rule>,
    /// `None` where no ALLOW policy is about the workload.
    allow: Option<Vec<Rule>>,
    dry_deny: Option<Vec<Rule>>,
    dry_allow: Option<Vec<Rule>>,
}

impl AuthzPolicies {
    /// Compiles those of the policies that are about the workload.
    ///
    /// What cannot be evaluated fails closed: an ALLOW rule is left out, a DENY rule loses only the
    /// condition and denies more. Each such part is in [`Self::diagnostics`].
    pub fn compile<'a>(
        policies: impl IntoIterator<Item = &'a Object<AuthorizationPolicy>>,
        scope: &PolicyScope,
    ) -> Self {
        let mut compiled = Self::default();
        let selected = policies.into_iter().filter(|policy| scope.is_selected_by(policy));
        for policy in selected {
            compiled.resources.push(policy.reference());
            for layer in [Layer::Http, Layer::Tcp] {
                let mut compiler = Compiler::new(policy, scope, layer);
                let rules = compiler.rules();
                let sets = match layer {
                    Layer::Http => &mut compiled.http,
                    Layer::Tcp => &mut compiled.tcp,
                };
                sets.add(policy, rules);
                // What holds for requests alone is what users mean; connections are told where
                // they differ by nature.
                if layer == Layer::Http {
                    compiled.diagnostics.extend(compiler.diagnostics);
                }
            }
        }
        compiled
    }

    /// The policies that are about the workload, those of dry runs and audits included.
    pub fn resources(&self) -> &[ResourceRef] {
        &self.resources
    }

    /// Whether no policy is about the workload.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// What does not have the effect that it seems to have.
    pub fn diagnostics(&self) -> &[AuthzDiagnostic] {
        &self.diagnostics
    }

    /// Whether it may pass. Nothing is allocated, but for a server name in upper case.
    pub fn check(&self, input: &AuthzInput<'_>) -> Verdict {
        let sets = self.sets(input);
        let mut verdict = Verdict::new(sets.decide(input));
        verdict.audit = first(&sets.audit, input).is_some();
        if sets.dry_deny.is_some() || sets.dry_allow.is_some() {
            verdict.dry_run = Some(DryRun {
                denied: sets.dry_deny.as_ref().and_then(|rules| first(rules, input)),
                allowed: sets.dry_allow.as_ref().map(|rules| first(rules, input)),
            });
        }
        verdict
    }

    /// Why [`Self::check`] decides as it does: each rule that was asked, in the order of
    /// evaluation, with the first predicate that failed.
    pub fn explain(&self, input: &AuthzInput<'_>) -> Explanation {
        let sets = self.sets(input);
        let mut explanation = Explanation::default();
        let mut decided = false;
        let allow = sets.allow.as_deref().unwrap_or_default();
        for rule in sets.custom.iter().chain(&sets.deny).chain(allow) {
            let outcome = if decided {
                Outcome::NotReached
            } else if rule.matches(input) {
                decided = true;
                Outcome::Won
            } else {
                let never = || Mismatch::new((*rule.place).clone(), "nothing", None);
                Outcome::Failed(rule.mismatch(input).unwrap_or_else(never))
            };
            explanation.steps.push(Step::new((*rule.place).clone(), None, outcome));
        }
        explanation
    }

    fn sets(&self, input: &AuthzInput<'_>) -> &Sets {
        if input.request.is_some() { &self.http } else { &self.tcp }
    }
}

impl Sets {
    fn add(&mut self, policy: &Object<AuthorizationPolicy>, rules: Vec<Rule>) {
        let dry_run = is_dry_run(policy);
        match (policy.spec.action, dry_run) {
            (Action::Allow, false) => self.allow.get_or_insert_default().extend(rules),
            (Action::Allow, true) => self.dry_allow.get_or_insert_default().extend(rules),
            (Action::Deny, true) => self.dry_deny.get_or_insert_default().extend(rules),
            (Action::Audit, _) => self.audit.extend(rules),
            (Action::Custom, _) => self.custom.extend(rules),
            // An action that this version does not know may mean anything: refuse.
            (Action::Deny | Action::Unknown(_), _) => self.deny.extend(rules),
        }
    }

    fn decide(&self, input: &AuthzInput<'_>) -> Reason {
        if let Some(rule) = first(&self.custom, input) {
            return Reason::CustomNotEvaluated(rule);
        }
        if let Some(rule) = first(&self.deny, input) {
            return Reason::Denied(rule);
        }
        match &self.allow {
            None => Reason::NoAllowPolicy,
            Some(rules) => first(rules, input).map_or(Reason::NothingAllows, Reason::Allowed),
        }
    }
}

fn first(rules: &[Rule], input: &AuthzInput<'_>) -> Option<Arc<FieldPath>> {
    rules.iter().find(|rule| rule.matches(input)).map(|rule| Arc::clone(&rule.place))
}

/// The annotation `istio.io/dry-run`, read as Go reads booleans; anything else is enforced.
fn is_dry_run(policy: &Object<AuthorizationPolicy>) -> bool {
    let value = policy.metadata.annotations.get("istio.io/dry-run").map(String::as_str);
    matches!(value, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}
