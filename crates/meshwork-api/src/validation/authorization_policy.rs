//! AuthorizationPolicy: the action and what it goes with.

use super::authorization_rule::{self, CUSTOM_LIMITS};
use super::findings::Findings;
use super::place::Place;
use super::shared::targets;
use crate::security::{Action, AuthorizationPolicy, Rule};

/// Everything istiod's webhook asks of an AuthorizationPolicy.
pub(super) fn check(policy: &AuthorizationPolicy, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    let AuthorizationPolicy { selector, target_ref, target_refs, rules, action, provider, .. } =
        policy;
    targets(selector.as_ref(), target_ref.as_ref(), target_refs, out);
    if rules.is_empty() && matches!(action, Action::Custom | Action::Deny) {
        let message =
            format!("{action} without rules never applies; an empty rule, `{{}}`, always does");
        out.error(&spec.field("rules"), message);
    }
    if *action == Action::Custom {
        let named = provider.as_ref().is_some_and(|provider| !provider.name.is_empty());
        if !named && !rules.is_empty() {
            let place = spec.field("provider");
            out.error(&place.field("name"), "is required for the action CUSTOM");
        }
    } else if provider.is_some() {
        out.error(&spec.field("provider"), format!("is for the action CUSTOM, not for {action}"));
    }
    for (index, rule) in rules.iter().enumerate() {
        let place = spec.item("rules", index);
        if *action == Action::Custom {
            custom(&place, rule, out);
        }
        let layers = authorization_rule::check(&place, rule, out);
        if *action == Action::Deny && layers.refuses_all_tcp() {
            let message = "names no attribute of connections, so it denies all of plain TCP; \
                           name the ports it is for";
            out.warn(&place, message);
        }
    }
}

/// CUSTOM runs before anyone has looked at tokens, and knows no peer.
fn custom(place: &Place<'_>, rule: &Rule, out: &mut Findings<'_>) {
    for (index, from) in rule.from.iter().enumerate() {
        let Some(source) = &from.source else { continue };
        let place = place.item("from", index);
        let place = place.field("source");
        for (name, values) in authorization_rule::sources(source) {
            if CUSTOM_LIMITS.contains(&name) && !values.is_empty() {
                out.error(&place.field(name), "is not supported with the action CUSTOM");
            }
        }
    }
    for (index, condition) in rule.when.iter().enumerate() {
        let key = condition.key.as_str();
        let unsupported = matches!(
            key,
            "source.namespace"
                | "source.serviceAccount"
                | "source.trustDomain"
                | "source.principal"
        ) || key.starts_with("request.auth.");
        if unsupported {
            let place = place.item("when", index);
            out.error(
                &place.field("key"),
                format!("`{key}` is not supported with the action CUSTOM"),
            );
        }
    }
}
