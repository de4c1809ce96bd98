//! Compiled rules that can be used again, and what they depend on.

use std::{cell::RefCell, sync::Arc};

use meshwork_api::{Object, networking::VirtualService};
use meshwork_core::Hostname;

use super::{
    destinations::Known,
    prepared::Prepared,
    rules::{Compiler, Rules},
};
use crate::{
    CompileError,
    http::{left::LeftOut, matching::RuleSet},
};

/// The rules of one VirtualService at one place, as they were compiled.
#[derive(Debug)]
pub(crate) struct CompiledRules {
    /// What was compiled; the same object compiles to the same rules.
    object: Arc<Object<VirtualService>>,
    /// The gateway (or `mesh`), the listener's or server's port, and whether TLS is ended there.
    gateway: Arc<str>,
    port: u16,
    tls: bool,
    /// The destinations that were looked up, with what was found.
    looked_up: Vec<(Hostname, Option<Known>)>,
    pub(super) rules: Arc<RuleSet>,
    left: Arc<[LeftOut]>,
    errors: Vec<CompileError>,
}

impl CompiledRules {
    /// The rules of a VirtualService: one of `known` where that is still what it compiles to.
    pub(super) fn of<'k>(
        mut known: impl Iterator<Item = &'k Arc<Self>>,
        compiler: &Compiler<'_>,
        service: &Prepared,
    ) -> Arc<Self> {
        let place = &compiler.place;
        let same = |(host, found): &(Hostname, Option<Known>)| (compiler.lookup)(host) == *found;
        let known = known.find(|known| {
            Arc::ptr_eq(&known.object, &service.object)
                && *known.gateway == *place.gateway
                && (known.port, known.tls) == (place.port, place.tls)
                && known.looked_up.iter().all(same)
        });
        known.map_or_else(|| Arc::new(compile(compiler, service)), Arc::clone)
    }

    /// What was taken out.
    pub(super) fn left_out(&self) -> impl Iterator<Item = LeftOut> {
        self.left.iter().cloned()
    }

    /// The same, as a list of its own; `None` where nothing was.
    pub(super) fn left(&self) -> Option<&Arc<[LeftOut]>> {
        Some(&self.left).filter(|left| !left.is_empty())
    }

    /// What Envoy would refuse.
    pub(crate) fn errors(&self) -> &[CompileError] {
        &self.errors
    }
}

fn compile(compiler: &Compiler<'_>, service: &Prepared) -> CompiledRules {
    let looked_up = RefCell::new(Vec::new());
    let lookup = |host: &Hostname| {
        let found = (compiler.lookup)(host);
        looked_up.borrow_mut().push((host.clone(), found.clone()));
        found
    };
    let mut errors = Vec::new();
    let recording = Compiler { lookup: &lookup, ..*compiler };
    let Rules { rules, removed } = recording.compile(service, &mut errors);
    CompiledRules {
        object: Arc::clone(&service.object),
        gateway: compiler.place.gateway.into(),
        port: compiler.place.port,
        tls: compiler.place.tls,
        looked_up: looked_up.into_inner(),
        rules: Arc::new(RuleSet::new(rules)),
        left: if removed.is_empty() {
            Arc::default()
        } else {
            removed.into_iter().map(|removed| (service.hosts.clone(), removed)).collect()
        },
        errors,
    }
}
