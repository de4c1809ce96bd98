//! Compiled rules that can be used again, and what they depend on.

use std::{cell::RefCell, sync::Arc};

use hashbrown::HashMap;
use meshwork_api::{Object, networking::VirtualService};
use meshwork_core::{Hostname, Removed};

use super::{
    destinations::Known,
    prepared::Prepared,
    rules::{Compiler, Rules},
};
use crate::{CompileError, http::matching::RuleSet};

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
    pub(super) removed: Vec<Removed>,
    errors: Vec<CompileError>,
}

/// Rules that were compiled for a gateway's table before, by the address of their VirtualService.
///
/// The objects are held by the entries, so an address stands for one object only.
#[derive(Default)]
pub(super) struct KnownRules(HashMap<*const Object<VirtualService>, Vec<Arc<CompiledRules>>>);

impl KnownRules {
    pub(super) fn of(compiled: &[Arc<CompiledRules>]) -> Self {
        let mut known = Self::default();
        for rules in compiled {
            let address = Arc::as_ptr(&rules.object);
            known.0.entry(address).or_default().push(Arc::clone(rules));
        }
        known
    }

    /// The rules of a VirtualService: those of before where neither it nor its destinations have
    /// changed.
    pub(super) fn compile(
        &self,
        compiler: &Compiler<'_>,
        service: &Prepared,
        errors: &mut Vec<CompileError>,
    ) -> Arc<CompiledRules> {
        let known = self.0.get(&Arc::as_ptr(&service.object)).into_iter().flatten();
        let compiled = CompiledRules::of(known, compiler, service);
        for error in &compiled.errors {
            if !errors.contains(error) {
                errors.push(error.clone());
            }
        }
        compiled
    }
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
        removed,
        errors,
    }
}
