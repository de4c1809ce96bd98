//! The rules of one VirtualService at one place.

use meshwork_api::{mesh::MeshConfig, networking::HttpMatchRequest};
use meshwork_core::{FieldPath, Removed};

use super::{
    actions::{self, Cx},
    clauses,
    destinations::{Destinations, Known},
    diagnostics::Diagnostics,
    prepared::Prepared,
    static_match::Place,
};
use crate::{
    CompileError,
    http::{RouteAction, matching::Rule},
};

/// What rules are compiled from, beside their VirtualService.
#[derive(Clone, Copy)]
pub(super) struct Compiler<'a> {
    pub(super) place: Place<'a>,
    pub(super) mesh: &'a MeshConfig,
    pub(super) lookup: &'a dyn Fn(&meshwork_core::Hostname) -> Option<Known>,
}

/// The rules that are left of a VirtualService, and what was taken out.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
    pub(super) removed: Vec<Removed>,
}

impl Compiler<'_> {
    /// One rule for each match that can hold here, up to the first that takes everything.
    pub(super) fn compile(&self, service: &Prepared, errors: &mut Vec<CompileError>) -> Rules {
        let destinations = Destinations {
            lookup: self.lookup,
            namespace: service.namespace(),
            cluster_domain: &self.place.proxy.cluster_domain,
            listener_port: self.place.port,
        };
        let cx = Cx { destinations: &destinations, mesh: self.mesh, tls: self.place.tls };
        let mut out = Rules::default();
        let mut taken: Option<FieldPath> = None;
        for (index, entry) in service.object.spec.http.iter().enumerate() {
            let matches: Vec<Option<&HttpMatchRequest>> = match entry.match_.as_slice() {
                [] => vec![None],
                list => list.iter().map(Some).collect(),
            };
            for (number, written) in matches.into_iter().enumerate() {
                let rule = match written {
                    Some(_) => service.matched(index, number),
                    None => service.entry(index),
                };
                if let Some(by) = &taken {
                    let reason = format!("{} takes every request before it", by.path);
                    out.removed.push(Removed::new(rule, reason));
                    continue;
                }
                if let Some(written) = written
                    && let Some(reason) = self.place.excludes(written, service.namespace())
                {
                    out.removed.push(Removed::new(rule, reason));
                    continue;
                }
                let catch_all = self.rule(service, index, written, &rule, &cx, errors, &mut out);
                if catch_all || written.is_none() {
                    taken = Some(rule);
                }
            }
        }
        out
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one loop, split for reading")]
    fn rule(
        &self,
        service: &Prepared,
        index: usize,
        written: Option<&HttpMatchRequest>,
        rule: &FieldPath,
        cx: &Cx<'_>,
        errors: &mut Vec<CompileError>,
        out: &mut Rules,
    ) -> bool {
        let Some(entry) = service.object.spec.http.get(index) else { return false };
        let mut diagnostics = Diagnostics::new(rule, errors);
        let compiled = clauses::compile(written, &mut diagnostics);
        let refused = diagnostics.refused();
        let base = service.entry(index);
        let mut diagnostics = Diagnostics::new(&base, errors);
        let mut route = actions::route(entry, compiled.matched, rule.clone(), cx, &mut diagnostics);
        if let Some(reason) = refused {
            route.action = RouteAction::Invalid { reason };
        }
        let own = written.map_or("", |written| written.name.as_str());
        let name = match own {
            "" => entry.name.clone(),
            own => format!("{}.{own}", entry.name),
        };
        route.name = (!name.is_empty()).then(|| name.into());
        out.rules.push(Rule {
            clauses: compiled.clauses.into(),
            route: route.into(),
            catch_all: compiled.catch_all,
        });
        compiled.catch_all
    }
}
