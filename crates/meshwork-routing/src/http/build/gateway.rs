//! The route tables of a gateway.

use std::sync::Arc;

use hashbrown::HashMap;
use http::StatusCode;
use meshwork_core::{HostPattern, Hostname, Removed};

use super::{
    compiled::{CompiledRules, KnownRules},
    destinations::Known,
    prepared::Prepared,
    rules::Compiler,
    static_match::Place,
};
use crate::{
    CompileError, RouteInputs,
    gateway::GatewayServer,
    http::{
        HttpRoutes, Redirect, RedirectAuthority, RedirectPath, Route, RouteAction,
        left::Left,
        matching::{Rule, RuleSet},
        routes::VirtualHost,
    },
};

/// Compiles the HTTP route tables of a gateway, one after the other.
pub(crate) struct GatewayTables<'a> {
    inputs: &'a RouteInputs<'a>,
    /// The VirtualServices bound to each Gateway.
    bound: HashMap<Arc<str>, Arc<[Prepared]>>,
}

/// The route table of a gateway, and what the next version of it can be made from.
#[derive(Clone, Debug)]
pub(crate) struct GatewayRoutes {
    pub(crate) routes: Arc<HttpRoutes>,
    /// What Envoy would refuse.
    pub(crate) errors: Arc<[CompileError]>,
    compiled: Arc<[Arc<CompiledRules>]>,
}

/// A virtual host in the making.
struct Draft {
    host: Arc<str>,
    name: Arc<str>,
    rules: Vec<Rule>,
    https_redirect: Option<Arc<Route>>,
}

impl<'a> GatewayTables<'a> {
    pub(crate) fn new(inputs: &'a RouteInputs<'a>) -> Self {
        Self { inputs, bound: HashMap::new() }
    }

    /// The table of the servers that share a route configuration; the previous one where nothing
    /// in it has changed.
    pub(crate) fn build(
        &mut self,
        name: &str,
        servers: &[Arc<GatewayServer>],
        previous: Option<&GatewayRoutes>,
    ) -> GatewayRoutes {
        let mut errors = Vec::new();
        let mut hosts: Vec<Draft> = Vec::new();
        let mut index: HashMap<Arc<str>, usize> = HashMap::new();
        let mut removed = Vec::new();
        // The rules of a VirtualService are those of the first server of a Gateway that uses it.
        let mut compiled: HashMap<(Arc<str>, usize), Arc<CompiledRules>> = HashMap::new();
        let known = previous.map(|previous| KnownRules::of(&previous.compiled)).unwrap_or_default();
        for server in servers {
            let redirect = server.redirects_to_https().then(|| to_https(server));
            let bound = self.bound(&server.gateway);
            for (number, service) in bound.iter().enumerate() {
                let hosts_here = intersection(server, service);
                if hosts_here.is_empty() {
                    continue;
                }
                let key = (Arc::clone(&server.gateway), number);
                let rules = match compiled.get(&key) {
                    Some(rules) => Arc::clone(rules),
                    None => {
                        let rules = self.rules(&known, server, service, &mut errors);
                        let left = rules.removed.iter().cloned();
                        removed.extend(left.map(|left| (service.hosts.clone(), left)));
                        compiled.insert(key, Arc::clone(&rules));
                        rules
                    }
                };
                if rules.rules.rules().is_empty() {
                    continue;
                }
                for host in hosts_here {
                    let draft = draft(&mut hosts, &mut index, host, server.number);
                    if let Some(draft) = draft {
                        draft.rules.extend(rules.rules.rules().iter().cloned());
                        draft.https_redirect = draft.https_redirect.take().or(redirect.clone());
                    }
                }
            }
            if redirect.is_some() {
                for host in &*server.hosts {
                    let host = host.to_ascii_lowercase();
                    if let Some(draft) = draft(&mut hosts, &mut index, host, server.number) {
                        draft.https_redirect = draft.https_redirect.take().or(redirect.clone());
                    }
                }
            }
        }
        let mut virtual_hosts: Vec<VirtualHost> =
            hosts.into_iter().map(|draft| draft.finish(&mut removed)).collect();
        if virtual_hosts.is_empty() {
            let port = servers.first().map_or(0, |server| server.number);
            virtual_hosts.push(VirtualHost {
                name: format!("blackhole:{port}").into(),
                domains: Arc::new(["*".into()]),
                rules: Arc::default(),
                https_redirect: None,
            });
        }
        let previous = previous.map(|previous| &previous.routes);
        GatewayRoutes {
            routes: HttpRoutes::new(name, virtual_hosts, Left::new(removed), previous),
            errors: errors.into(),
            compiled: compiled.into_values().collect(),
        }
    }

    fn bound(&mut self, gateway: &Arc<str>) -> Arc<[Prepared]> {
        let inputs = self.inputs;
        let known = self.bound.entry(Arc::clone(gateway)).or_insert_with(|| {
            let domain = &inputs.proxy.cluster_domain;
            inputs
                .scope
                .virtual_services_of(gateway)
                .map(|object| Prepared::new(object, domain, inputs.merged))
                .collect()
        });
        Arc::clone(known)
    }

    fn rules(
        &self,
        known: &KnownRules,
        server: &GatewayServer,
        service: &Prepared,
        errors: &mut Vec<CompileError>,
    ) -> Arc<CompiledRules> {
        let inputs = self.inputs;
        let lookup = |host: &Hostname| {
            let own = inputs
                .registry
                .service(host.as_str(), service.namespace())
                .filter(|found| found.visibility.visible_to(inputs.proxy.namespace.as_str()));
            let found = own.or_else(|| inputs.scope.service(host.as_str()))?;
            let only_port = match &*found.ports {
                [only] => Some(only.number),
                _ => None,
            };
            Some(Known { only_port, alias_of: found.alias_of.clone() })
        };
        let place = Place {
            proxy: inputs.proxy,
            gateway: &server.gateway,
            port: server.number,
            tls: server.tls().is_some(),
        };
        let compiler = Compiler { place, mesh: inputs.mesh, lookup: &lookup };
        known.compile(&compiler, service, errors)
    }
}

/// The hosts that a server and a VirtualService have in common, lower-case, each once. The
/// comparison itself minds letter case.
fn intersection(server: &GatewayServer, service: &Prepared) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for written in &*server.hosts {
        let host = match written.split_once('/') {
            Some((namespace, host)) if namespace == "*" || namespace == service.namespace() => host,
            Some(_) => continue,
            None => written,
        };
        let host = HostPattern::new(host);
        for own in &service.hosts {
            if let Some(common) = host.intersection(own) {
                let common = common.as_str().to_ascii_lowercase();
                if !hosts.contains(&common) {
                    hosts.push(common);
                }
            }
        }
    }
    hosts
}

fn draft<'d>(
    hosts: &'d mut Vec<Draft>,
    index: &mut HashMap<Arc<str>, usize>,
    host: String,
    port: u16,
) -> Option<&'d mut Draft> {
    let at = match index.get(host.as_str()) {
        Some(at) => *at,
        None => {
            let host: Arc<str> = host.into();
            index.insert(Arc::clone(&host), hosts.len());
            hosts.push(Draft {
                name: format!("{host}:{port}").into(),
                host,
                rules: Vec::new(),
                https_redirect: None,
            });
            hosts.len() - 1
        }
    };
    hosts.get_mut(at)
}

impl Draft {
    /// Rules that take everything go to the end, and only the first of them is ever reached.
    fn finish(self, removed: &mut Vec<(Box<[HostPattern]>, Removed)>) -> VirtualHost {
        let (last, mut rules): (Vec<Rule>, Vec<Rule>) =
            self.rules.into_iter().partition(|rule| rule.catch_all);
        let mut last = last.into_iter();
        if let Some(first) = last.next() {
            for other in last {
                let reason = format!(
                    "{} of {} takes every request before it",
                    first.route.rule.path, first.route.rule.resource
                );
                let removal = Removed::new(other.route.rule.clone(), reason);
                removed.push((Box::new([HostPattern::new(Arc::clone(&self.host))]), removal));
            }
            rules.push(first);
        }
        VirtualHost {
            name: self.name,
            domains: Arc::new([self.host]),
            rules: Arc::new(RuleSet::new(rules)),
            https_redirect: self.https_redirect,
        }
    }
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
