//! One HTTP route table: virtual hosts, and the rules of each.

use std::sync::Arc;

use meshwork_core::{Explanation, HostPattern, Outcome, PersistentMap, Step};

use super::{
    decision::{RouteDecision, RouteInput},
    domains::{Domains, without_port},
    headers::forwarded_proto,
    left::Left,
    matching::{Facts, RuleSet},
    route::Route,
};

/// The HTTP routes behind one listener: Envoy's route configuration.
///
/// The Host chooses a virtual host and nothing else is tried afterwards; in it the first rule
/// that the request meets decides.
#[derive(Clone, Debug)]
pub struct HttpRoutes {
    name: Arc<str>,
    domains: Domains<Arc<VirtualHost>>,
    /// By name in lower case.
    virtual_hosts: PersistentMap<Arc<str>, Arc<VirtualHost>>,
    /// What was taken out and has no virtual host.
    left: Left,
}

impl PartialEq for HttpRoutes {
    fn eq(&self, other: &Self) -> bool {
        // The domains follow from the virtual hosts.
        self.name == other.name
            && self.virtual_hosts == other.virtual_hosts
            && self.left == other.left
    }
}

/// A virtual host of a route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VirtualHost {
    pub(crate) name: Arc<str>,
    /// In lower case.
    pub(crate) domains: Arc<[Arc<str>]>,
    pub(crate) rules: Arc<RuleSet>,
    /// Where requests that did not come by TLS are sent (`tls.httpsRedirect`).
    pub(crate) https_redirect: Option<Arc<Route>>,
}

impl HttpRoutes {
    /// A table of virtual hosts with different names; a domain belongs to the first that has it.
    /// Virtual hosts that are equal to those of `previous` are shared with it, and so is the whole
    /// where it is equal.
    pub(crate) fn new(
        name: impl Into<Arc<str>>,
        virtual_hosts: Vec<VirtualHost>,
        left: Left,
        previous: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        let mut same = 0;
        let hosts: Vec<(Arc<str>, Arc<VirtualHost>)> = virtual_hosts
            .into_iter()
            .map(|mut host| {
                let key = host.key();
                let known = previous.and_then(|previous| previous.virtual_hosts.get(&key));
                let host = match known {
                    Some(known) if **known == host => {
                        same += 1;
                        Arc::clone(known)
                    }
                    Some(known) if known.rules == host.rules => {
                        host.rules = Arc::clone(&known.rules);
                        Arc::new(host)
                    }
                    _ => Arc::new(host),
                };
                (key, host)
            })
            .collect();
        let name = name.into();
        if let Some(previous) = previous
            && previous.virtual_hosts.len() == same
            && hosts.len() == same
            && previous.name == name
            && previous.left == left
        {
            return Arc::clone(previous);
        }
        let of_host = |(_, host): &(_, Arc<VirtualHost>)| {
            let host = Arc::clone(host);
            let domains = Arc::clone(&host.domains);
            (0..domains.len())
                .filter_map(move |at| Some((Arc::clone(domains.get(at)?), Arc::clone(&host))))
        };
        let domains = hosts.iter().flat_map(of_host).collect();
        let virtual_hosts = hosts.into_iter().collect();
        Arc::new(Self { name, domains, virtual_hosts, left })
    }

    /// The virtual host with this name in lower case.
    pub(crate) fn host(&self, key: &str) -> Option<&Arc<VirtualHost>> {
        self.virtual_hosts.get(key)
    }

    /// The virtual host that has this very domain.
    pub(crate) fn domain(&self, domain: &str) -> Option<&Arc<VirtualHost>> {
        self.domains.get(domain)
    }

    /// Whether no virtual host is left.
    pub(crate) fn has_no_hosts(&self) -> bool {
        self.virtual_hosts.is_empty()
    }

    /// Whether one was made from the other without a change.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.virtual_hosts.is_same(&other.virtual_hosts)
            && self.left.rules.is_same(&other.left.rules)
            && self.left.conflicts.is_same(&other.left.conflicts)
    }

    pub(crate) fn left(&self) -> &Left {
        &self.left
    }

    pub(crate) fn left_mut(&mut self) -> &mut Left {
        &mut self.left
    }

    /// Puts a virtual host in the place of the one with its name; its domains are its own.
    pub(crate) fn put(&mut self, host: VirtualHost) {
        let key = host.key();
        if self.virtual_hosts.get(&key).is_some_and(|known| **known == host) {
            return;
        }
        let host = Arc::new(host);
        for domain in host.domains.iter() {
            self.domains.set(domain, Arc::clone(&host));
        }
        self.virtual_hosts.insert(key, host);
    }

    /// Takes a virtual host out, whose domains are its own.
    pub(crate) fn take(&mut self, key: &str) {
        if let Some(host) = self.virtual_hosts.remove(key) {
            for domain in host.domains.iter() {
                self.domains.remove(domain);
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

    /// The virtual hosts by name, each with its domains.
    pub fn virtual_hosts(&self) -> impl Iterator<Item = (&str, &[Arc<str>])> {
        self.virtual_hosts.values().map(|host| (&*host.name, &*host.domains))
    }

    /// The routes of all virtual hosts, in order; a route stands in each that has it.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.virtual_hosts.values().flat_map(|host| host.rules.rules()).map(|rule| &rule.route)
    }

    /// The routes of the virtual host that `authority` chooses, in order.
    pub fn routes_of(&self, authority: &str) -> impl Iterator<Item = &Arc<Route>> {
        let rules = self.find(authority).map(|host| host.rules.rules()).unwrap_or_default();
        rules.iter().map(|rule| &rule.route)
    }

    /// Whether `authority` chooses the very same virtual host in `other`: what a change did not
    /// concern is shared by the tables before and after it.
    pub fn shares_virtual_host(&self, other: &Self, authority: &str) -> bool {
        self.find(authority).zip(other.find(authority)).is_some_and(|(a, b)| Arc::ptr_eq(a, b))
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
        let removed = self.left.iter().filter(|(hosts, _)| hosts.iter().any(speaks_of));
        explanation.removed.extend(removed.map(|(_, removed)| removed.clone()));
        explanation
    }

    fn find(&self, authority: &str) -> Option<&Arc<VirtualHost>> {
        self.domains.find(authority)
    }
}

impl VirtualHost {
    /// The name in lower case, which no other virtual host of the table has.
    fn key(&self) -> Arc<str> {
        if self.name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.name.to_ascii_lowercase().into()
        } else {
            Arc::clone(&self.name)
        }
    }

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
