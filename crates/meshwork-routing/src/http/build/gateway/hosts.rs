//! The virtual hosts of a gateway: each of one host, with the rules of all that name it.

use std::{collections::BTreeSet, sync::Arc};

use http::StatusCode;
use meshwork_core::{HostPattern, Removed};

use super::GatewayRoutes;
use crate::{
    gateway::GatewayServer,
    http::{
        Redirect, RedirectAuthority, RedirectPath, Route, RouteAction,
        left::LeftOut,
        matching::{Rule, RuleSet},
        routes::VirtualHost,
    },
};

impl GatewayRoutes {
    /// All hosts, in lower case.
    pub(super) fn hosts(&self) -> BTreeSet<Arc<str>> {
        let of_rules = self.parts.keys().map(|(host, ..)| Arc::clone(host));
        let redirected = self.servers.iter().filter(|server| server.redirects_to_https());
        let redirected = redirected.flat_map(|server| server.hosts.iter());
        of_rules.chain(redirected.map(|host| host.to_ascii_lowercase().into())).collect()
    }

    /// The virtual host of a host, and its rules that are never reached. `None` where no rule names
    /// the host and no server redirects it.
    pub(super) fn virtual_host(&self, host: &Arc<str>) -> Option<(VirtualHost, Vec<LeftOut>)> {
        let mut rules = Vec::new();
        let mut first = None;
        let mut by_server = BTreeSet::new();
        let parts = self.parts.iter_after(|(own, ..)| own < host);
        for ((_, number, _), compiled) in parts.take_while(|((own, ..), _)| own == host) {
            first.get_or_insert(*number);
            by_server.insert(*number);
            rules.extend(compiled.rules.rules().iter().cloned());
        }
        let mut redirect = None;
        for (number, server) in self.servers.iter().enumerate() {
            let names = || server.hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
            if server.redirects_to_https() && (by_server.contains(&number) || names()) {
                first = Some(first.map_or(number, |first| first.min(number)));
                redirect = redirect.or_else(|| Some(to_https(server)));
            }
        }
        let port = self.servers.get(first?)?.number;
        let (rules, lost) = reachable(rules, host);
        let virtual_host = VirtualHost {
            name: format!("{host}:{port}").into(),
            domains: Arc::new([Arc::clone(host)]),
            rules: Arc::new(RuleSet::new(rules)),
            https_redirect: redirect,
        };
        Some((virtual_host, lost))
    }
}

/// Rules that take everything go to the end, and only the first of them is ever reached.
fn reachable(rules: Vec<Rule>, host: &Arc<str>) -> (Vec<Rule>, Vec<LeftOut>) {
    let (last, mut rules): (Vec<Rule>, Vec<Rule>) =
        rules.into_iter().partition(|rule| rule.catch_all);
    let mut last = last.into_iter();
    let mut lost = Vec::new();
    if let Some(first) = last.next() {
        for other in last {
            let reason = format!(
                "{} of {} takes every request before it",
                first.route.rule.path, first.route.rule.resource
            );
            let removed = Removed::new(other.route.rule.clone(), reason);
            lost.push((Box::from([HostPattern::new(Arc::clone(host))]), removed));
        }
        rules.push(first);
    }
    (rules, lost)
}

/// The redirect of a server with `tls.httpsRedirect`: the same target with `https`.
fn to_https(server: &GatewayServer) -> Arc<Route> {
    let mut rule = (*server.rule).clone();
    rule.path = format!("{}.tls.httpsRedirect", rule.path).into();
    let redirect = Redirect {
        status: StatusCode::MOVED_PERMANENTLY,
        scheme: Some("https".into()),
        authority: RedirectAuthority::Verbatim,
        path: RedirectPath::Keep,
    };
    Arc::new(Route::new(rule, RouteAction::Redirect(redirect)))
}
