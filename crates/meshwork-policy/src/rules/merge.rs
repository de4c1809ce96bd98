//! Several rules for one host in one namespace.

use std::sync::Arc;

use meshwork_api::networking::TrafficPolicy;

use super::Rule;

/// Adds `rule` to the rules for the same host, which are older.
///
/// Where Istio's conditions allow it, its subsets and, if there was none, its policy go into the
/// older rules; otherwise it stands beside them.
pub(super) fn insert(list: &mut Vec<Arc<Rule>>, rule: &Arc<Rule>) {
    let mut append = true;
    for existing in list.iter_mut() {
        if rule.export_to == existing.export_to {
            append = false;
        } else {
            append = true;
            // A wider rule is added to the older one although it stands beside it too.
            if existing.export_to.is_empty() || !rule.export_to.is_superset(&existing.export_to) {
                continue;
            }
        }
        match (rule.has_selector(), existing.has_selector()) {
            (true, true) if rule.selector != existing.selector => {
                append = true;
                continue;
            }
            // The rule is gone then, for namespaces that only it names too. So it is in Istio.
            (true, true) | (false, false) => append = false,
            _ => {}
        }
        Arc::make_mut(existing).absorb(rule);
    }
    if append {
        list.push(Arc::clone(rule));
    }
}

impl Rule {
    fn absorb(&mut self, younger: &Self) {
        self.merged.push(younger.resource.clone());
        for subset in &younger.subsets {
            if self.subset(&subset.name).is_none() {
                self.subsets.push(subset.clone());
            }
        }
        let own = self.traffic_policy.take();
        self.traffic_policy = match (self.synthesized, younger.synthesized) {
            (false, true) => fill(own, younger.traffic_policy.clone()),
            (true, false) => fill(younger.traffic_policy.clone(), own),
            _ => own.or_else(|| younger.traffic_policy.clone()),
        };
    }
}

/// What users wrote, with blocks that they left open taken from a synthesized policy.
fn fill(user: Option<TrafficPolicy>, other: Option<TrafficPolicy>) -> Option<TrafficPolicy> {
    let (mut user, other) = match (user, other) {
        (Some(user), Some(other)) => (user, other),
        (user, other) => return user.or(other),
    };
    user.load_balancer = user.load_balancer.or(other.load_balancer);
    user.connection_pool = user.connection_pool.or(other.connection_pool);
    user.outlier_detection = user.outlier_detection.or(other.outlier_detection);
    user.tls = user.tls.or(other.tls);
    user.tunnel = user.tunnel.or(other.tunnel);
    user.proxy_protocol = user.proxy_protocol.or(other.proxy_protocol);
    user.retry_budget = user.retry_budget.or(other.retry_budget);
    for theirs in other.port_level_settings {
        let number = |port: &meshwork_api::networking::PortTrafficPolicy| {
            port.port.as_ref().map(|port| port.number)
        };
        match user.port_level_settings.iter_mut().find(|own| number(own) == number(&theirs)) {
            Some(own) => {
                own.load_balancer = own.load_balancer.take().or(theirs.load_balancer);
                own.connection_pool = own.connection_pool.take().or(theirs.connection_pool);
                own.outlier_detection = own.outlier_detection.take().or(theirs.outlier_detection);
                own.tls = own.tls.take().or(theirs.tls);
            }
            None => user.port_level_settings.push(theirs),
        }
    }
    Some(user)
}
