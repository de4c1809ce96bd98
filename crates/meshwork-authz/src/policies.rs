//! All policies of one workload, by action.

use std::sync::Arc;

use meshwork_api::{
    Object,
    security::{Action, AuthorizationPolicy},
};
use meshwork_core::{Explanation, Mismatch, Outcome, ResourceRef, Step};

use crate::{
    AuthzDiagnostic, AuthzInput, DryRun, PolicyScope, Reason, Verdict,
    compile::{Compiler, Layer},
    predicate::Trials,
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
    /// `None` where no policy of the action is about the workload, here and below.
    audit: Option<Vec<Rule>>,
    deny: Option<Vec<Rule>>,
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
        compiled.http.sort();
        compiled.tcp.sort();
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
        let stages = self.sets(input).stages(input);
        let mut verdict = Verdict::new(stages.decide());
        verdict.audit = stages.audit.is_some();
        if stages.dry_deny.is_some() || stages.dry_allow.is_some() {
            let place = |rule: &Rule| Arc::clone(&rule.place);
            verdict.dry_run = Some(DryRun {
                denied: stages.dry_deny.flatten().map(place),
                allowed: stages.dry_allow.map(|rule| rule.map(place)),
            });
        }
        verdict
    }

    /// Why [`Self::check`] decides as it does: each rule that was asked, in the order of
    /// evaluation, with the first predicate that failed.
    pub fn explain(&self, input: &AuthzInput<'_>) -> Explanation {
        let sets = self.sets(input);
        let stages = sets.stages(input);
        let deny = sets.deny.as_deref().unwrap_or_default();
        let allow = sets.allow.as_deref().unwrap_or_default();
        let asked = [(&*sets.custom, input), (deny, &stages.to_deny), (allow, &stages.to_allow)];
        let mut explanation = Explanation::default();
        let mut decided = false;
        for (rule, input) in
            asked.into_iter().flat_map(|(rules, input)| rules.iter().map(move |rule| (rule, input)))
        {
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
            (Action::Audit, _) => self.audit.get_or_insert_default().extend(rules),
            (Action::Custom, _) => self.custom.extend(rules),
            // An action that this version does not know may mean anything: refuse.
            (Action::Deny | Action::Unknown(_), _) => {
                self.deny.get_or_insert_default().extend(rules);
            }
        }
    }

    /// Where later policies can see which rule matched it is the first by Envoy's names.
    fn sort(&mut self) {
        for rules in
            [&mut self.audit, &mut self.dry_deny, &mut self.dry_allow].into_iter().flatten()
        {
            rules.sort_by(|a, b| a.id.cmp(&b.id));
        }
    }

    /// What is asked before anything is enforced, and what enforced rules see of it.
    fn stages<'a>(&'a self, input: &AuthzInput<'a>) -> Stages<'a> {
        let http = input.request.is_some();
        let audit = self.audit.as_ref().map(|rules| first(rules, input));
        let mut seen = *input;
        seen.trials = Trials::default();
        // Policies that are enforced leave notes about requests alone.
        if http && let Some(audit) = audit {
            seen.trials.passed = true;
            seen.trials.matched = audit.map(|rule| &*rule.id);
        }
        let dry_deny = self.dry_deny.as_ref().map(|rules| first(rules, &seen));
        // What is on trial beside a rule of its own action is seen by it on connections alone.
        let mut to_deny = seen;
        seen.trials.dry_deny = dry_deny;
        if !http {
            to_deny = seen;
        }
        seen.trials.passed |= http && self.deny.is_some();
        let dry_allow = self.dry_allow.as_ref().map(|rules| first(rules, &seen));
        let mut to_allow = seen;
        if !http {
            to_allow.trials.dry_allow = dry_allow;
        }
        let audit = audit.flatten();
        Stages { sets: self, custom: *input, audit, dry_deny, to_deny, dry_allow, to_allow }
    }
}

/// An input on its way through the actions.
struct Stages<'a> {
    sets: &'a Sets,
    custom: AuthzInput<'a>,
    audit: Option<&'a Rule>,
    dry_deny: Option<Option<&'a Rule>>,
    /// The input as enforced DENY rules see it.
    to_deny: AuthzInput<'a>,
    dry_allow: Option<Option<&'a Rule>>,
    /// The input as enforced ALLOW rules see it.
    to_allow: AuthzInput<'a>,
}

impl Stages<'_> {
    fn decide(&self) -> Reason {
        let place = |rule: &Rule| Arc::clone(&rule.place);
        if let Some(rule) = first(&self.sets.custom, &self.custom) {
            return Reason::CustomNotEvaluated(place(rule));
        }
        let deny = self.sets.deny.as_deref().unwrap_or_default();
        if let Some(rule) = first(deny, &self.to_deny) {
            return Reason::Denied(place(rule));
        }
        match &self.sets.allow {
            None => Reason::NoAllowPolicy,
            Some(rules) => first(rules, &self.to_allow)
                .map_or(Reason::NothingAllows, |rule| Reason::Allowed(place(rule))),
        }
    }
}

fn first<'a>(rules: &'a [Rule], input: &AuthzInput<'_>) -> Option<&'a Rule> {
    rules.iter().find(|rule| rule.matches(input))
}

/// The annotation `istio.io/dry-run`, read as Go reads booleans; anything else is enforced.
fn is_dry_run(policy: &Object<AuthorizationPolicy>) -> bool {
    let value = policy.metadata.annotations.get("istio.io/dry-run").map(String::as_str);
    matches!(value, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}
