//! One HTTP route table: virtual hosts, and the rules of each.

use std::sync::Arc;

use hashbrown::HashMap;
use meshwork_core::{Explanation, HostPattern, Outcome, Removed, Step};

use super::{
    build::CompiledRules,
    decision::{RouteDecision, RouteInput},
    domains::{Domains, without_port},
    headers::forwarded_proto,
    matching::{Facts, RuleSet},
    route::Route,
};

/// The HTTP routes behind one listener: Envoy's route configuration.
///
/// The Host chooses a virtual host and nothing else is tried afterwards; in it the first rule
/// that the request meets decides.
#[derive(Debug)]
pub struct HttpRoutes {
    name: Arc<str>,
    domains: Domains,
    virtual_hosts: Box<[VirtualHost]>,
    ignore_port: bool,
    /// What was taken out and has no virtual host, with the hosts that it spoke of.
    removed: Box<[(Box<[HostPattern]>, Removed)]>,
    /// The rules of each VirtualService, for the table that comes after this one.
    compiled: Arc<[Arc<CompiledRules>]>,
}

impl PartialEq for HttpRoutes {
    fn eq(&self, other: &Self) -> bool {
        // The domains follow from the virtual hosts.
        self.name == other.name
            && self.ignore_port == other.ignore_port
            && self.virtual_hosts == other.virtual_hosts
            && self.removed == other.removed
    }
}

/// A virtual host of a route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VirtualHost {
    pub(crate) name: Arc<str>,
    pub(crate) domains: Vec<Arc<str>>,
    pub(crate) rules: Arc<RuleSet>,
    /// Where requests that did not come by TLS are sent (`tls.httpsRedirect`).
    pub(crate) https_redirect: Option<Arc<Route>>,
}

impl HttpRoutes {
    /// A table of virtual hosts; a domain belongs to the first that has it.
    pub(crate) fn new(
        name: impl Into<Arc<str>>,
        virtual_hosts: Vec<VirtualHost>,
        ignore_port: bool,
        removed: Vec<(Box<[HostPattern]>, Removed)>,
    ) -> Self {
        let mut domains = Domains::default();
        for (number, host) in (0..).zip(&virtual_hosts) {
            for domain in &host.domains {
                domains.insert(domain, number);
            }
        }
        Self {
            name: name.into(),
            domains,
            virtual_hosts: virtual_hosts.into(),
            ignore_port,
            removed: removed.into(),
            compiled: Arc::default(),
        }
    }

    /// The same table, which remembers what it was compiled from.
    pub(crate) fn with_compiled(mut self, compiled: Arc<[Arc<CompiledRules>]>) -> Self {
        self.compiled = compiled;
        self
    }

    pub(crate) fn compiled(&self) -> &[Arc<CompiledRules>] {
        &self.compiled
    }

    /// Takes rules over from another table where they are the same.
    pub(crate) fn share(&mut self, other: &Self) {
        let by_name: HashMap<&str, &Arc<RuleSet>> =
            other.virtual_hosts.iter().map(|host| (&*host.name, &host.rules)).collect();
        for host in &mut self.virtual_hosts {
            if let Some(known) = by_name.get(&*host.name)
                && !Arc::ptr_eq(known, &host.rules)
                && **known == host.rules
            {
                host.rules = Arc::clone(known);
            }
        }
    }

    /// Envoy's name of the route configuration: `80`, `web.shop.svc.cluster.local:80`, `http.8080`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the virtual host that `authority` chooses.
    pub fn virtual_host(&self, authority: &str) -> Option<&str> {
        self.find(authority).map(|host| &*host.name)
    }

    /// The virtual hosts in order, each with its domains.
    pub fn virtual_hosts(&self) -> impl Iterator<Item = (&str, &[Arc<str>])> {
        self.virtual_hosts.iter().map(|host| (&*host.name, &*host.domains))
    }

    /// The routes of all virtual hosts, in order; a route stands in each that has it.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.virtual_hosts.iter().flat_map(|host| host.rules.rules()).map(|rule| &rule.route)
    }

    /// Which route the request takes. It allocates nothing.
    pub fn route(&self, input: &RouteInput<'_>) -> RouteDecision {
        match self.matched(input) {
            Some(route) => RouteDecision::new(Arc::clone(route), input.draws),
            None => RouteDecision::NO_ROUTE,
        }
    }

    fn matched(&self, input: &RouteInput<'_>) -> Option<&Arc<Route>> {
        let host = self.find(input.head.authority)?;
        if let Some(redirect) = host.redirect(input) {
            return Some(redirect);
        }
        // Without a path (CONNECT) Envoy's path matchers have nothing to match.
        if input.head.path_and_query.is_empty() {
            return None;
        }
        host.rules.first_match(&Facts::new(input)).map(|rule| &rule.route)
    }

    /// What each rule of the virtual host says of the request, and what compilation had removed.
    ///
    /// The winner is always the route that [`Self::route`] chooses. Where TLS is required first,
    /// no rule is reached.
    pub fn explain(&self, input: &RouteInput<'_>) -> Explanation {
        let mut explanation = Explanation::default();
        let host = self.find(input.head.authority);
        if let Some(host) = host {
            explanation.steps = host.explain(input);
        }
        let name = without_port(input.head.authority).to_ascii_lowercase();
        let speaks_of = |pattern: &HostPattern| {
            pattern.matches(&name)
                || host.is_some_and(|host| host.domains.iter().any(|name| pattern.matches(name)))
        };
        let removed = self.removed.iter().filter(|(hosts, _)| hosts.iter().any(speaks_of));
        explanation.removed.extend(removed.map(|(_, removed)| removed.clone()));
        explanation
    }

    fn find(&self, authority: &str) -> Option<&VirtualHost> {
        let number = self.domains.find(authority, self.ignore_port)?;
        self.virtual_hosts.get(usize::try_from(number).ok()?)
    }
}

impl VirtualHost {
    /// The redirect to `https` where the request has to be sent there.
    fn redirect(&self, input: &RouteInput<'_>) -> Option<&Arc<Route>> {
        self.https_redirect.as_ref().filter(|_| forwarded_proto(&input.head) != "https")
    }

    fn explain(&self, input: &RouteInput<'_>) -> Vec<Step> {
        let redirect = self.redirect(input);
        if redirect.is_none() && !input.head.path_and_query.is_empty() {
            return self.rules.explain(&Facts::new(input));
        }
        let step = |route: &Arc<Route>, outcome| {
            Step::new(route.rule.clone(), route.name.as_deref().map(str::to_owned), outcome)
        };
        let won = redirect.map(|redirect| step(redirect, Outcome::Won));
        let others = self.rules.rules().iter().map(|rule| step(&rule.route, Outcome::NotReached));
        won.into_iter().chain(others).collect()
    }
}
