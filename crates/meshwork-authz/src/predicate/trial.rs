//! What earlier policies leave behind for later ones: `experimental.envoy.filters.http.rbac[KEY]`
//! and `experimental.envoy.filters.network.rbac[KEY]`.

use crate::{AuthzInput, compile::Layer, rule::Rule};

/// A note of an earlier policy. Envoy keeps those of requests and of connections apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    layer: Layer,
    note: Note,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Note {
    Result,
    Policy,
    DryDenyResult,
    DryDenyPolicy,
    DryAllowResult,
    DryAllowPolicy,
}

/// The notes that a rule can see: those of the actions before its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trials<'a> {
    /// Whether policies that are enforced were asked; the request is still here, so they let it
    /// pass.
    pub(crate) passed: bool,
    /// The rule among them that matched, by its name.
    pub(crate) matched: Option<&'a str>,
    /// What the dry-run DENY policies say: the rule that would refuse.
    pub(crate) dry_deny: Option<Option<&'a Rule>>,
    /// What the dry-run ALLOW policies say: the rule that would allow.
    pub(crate) dry_allow: Option<Option<&'a Rule>>,
}

impl Trial {
    /// Reads `envoy.filters.NAME[KEY]`; `None` for what is not evaluated here.
    pub(crate) fn of_key(text: &str) -> Option<Self> {
        let (filter, key) = text.strip_suffix(']')?.split_once('[')?;
        let layer = match filter {
            "envoy.filters.http.rbac" => Layer::Http,
            "envoy.filters.network.rbac" => Layer::Tcp,
            _ => return None,
        };
        let note = match key {
            "enforced_engine_result" => Note::Result,
            "enforced_effective_policy_id" => Note::Policy,
            "istio_dry_run_deny_shadow_engine_result" => Note::DryDenyResult,
            "istio_dry_run_deny_shadow_effective_policy_id" => Note::DryDenyPolicy,
            "istio_dry_run_allow_shadow_engine_result" => Note::DryAllowResult,
            "istio_dry_run_allow_shadow_effective_policy_id" => Note::DryAllowPolicy,
            _ => return None,
        };
        Some(Self { layer, note })
    }

    /// What is written there for the input.
    pub(crate) fn text<'a>(self, input: &AuthzInput<'a>) -> Option<&'a str> {
        let layer = if input.request.is_some() { Layer::Http } else { Layer::Tcp };
        if self.layer != layer {
            return None;
        }
        let trials = &input.trials;
        let rule_of = |trial: Option<Option<&'a Rule>>| Some(&*trial??.id);
        match self.note {
            Note::Result => trials.passed.then_some(ALLOWED),
            Note::Policy => trials.matched,
            Note::DryDenyResult => {
                trials.dry_deny.map(|rule| if rule.is_some() { DENIED } else { ALLOWED })
            }
            Note::DryDenyPolicy => rule_of(trials.dry_deny),
            Note::DryAllowResult => {
                trials.dry_allow.map(|rule| if rule.is_some() { ALLOWED } else { DENIED })
            }
            Note::DryAllowPolicy => rule_of(trials.dry_allow),
        }
    }
}

const ALLOWED: &str = "allowed";
const DENIED: &str = "denied";
