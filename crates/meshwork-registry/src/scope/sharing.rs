//! Keeps the identity of what comes out of two computations alike.

use std::{collections::HashMap, sync::Arc};

use meshwork_core::Hostname;

use super::{EgressListener, EgressScope};
use crate::Service;

impl EgressScope {
    /// The same scope, with every service and listener that is equal to one of `previous` being
    /// that very object, so that whoever compiles from scopes can tell by identity what changed.
    #[must_use]
    pub fn sharing(mut self, previous: &Self) -> Self {
        self.services = list(&self.services, &previous.services);
        if self.by_host == previous.by_host {
            self.by_host = Arc::clone(&previous.by_host);
        }
        let rules = &previous.virtual_services;
        if self.virtual_services.changes(rules).next().is_none() {
            self.virtual_services = rules.clone();
        }
        let listeners = self.listeners.iter().enumerate().map(|(index, new)| {
            match previous.listeners.get(index) {
                Some(old) => listener(new, old),
                None => Arc::clone(new),
            }
        });
        let listeners: Vec<_> = listeners.collect();
        self.listeners = if same(&listeners, &previous.listeners) {
            previous.listeners.clone()
        } else {
            listeners.into()
        };
        self
    }
}

fn listener(new: &Arc<EgressListener>, old: &Arc<EgressListener>) -> Arc<EgressListener> {
    let services = list(&new.services, &old.services);
    let same_place =
        new.port == old.port && new.bind == old.bind && new.binds_to_port == old.binds_to_port;
    let same_rules = new.virtual_services.changes(&old.virtual_services).next().is_none();
    if same_place && same_rules && Arc::ptr_eq(&services, &old.services) {
        return Arc::clone(old);
    }
    let virtual_services = if same_rules { &old.virtual_services } else { &new.virtual_services };
    Arc::new(EgressListener {
        services,
        virtual_services: virtual_services.clone(),
        ..EgressListener::clone(new)
    })
}

/// Whether both hold the same objects in the same order.
fn same<T>(one: &[Arc<T>], other: &[Arc<T>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| Arc::ptr_eq(a, b))
}

fn list(new: &Arc<[Arc<Service>]>, old: &Arc<[Arc<Service>]>) -> Arc<[Arc<Service>]> {
    if same(new, old) {
        return Arc::clone(old);
    }
    let mut known: HashMap<&Hostname, Vec<&Arc<Service>>> = HashMap::new();
    for service in old.iter() {
        known.entry(&service.host).or_default().push(service);
    }
    let shared = new.iter().map(|service| {
        let known = known.get(&service.host).into_iter().flatten();
        let mut equal = known.filter(|old| Arc::ptr_eq(old, service) || **old == service);
        equal.next().map_or_else(|| Arc::clone(service), |old| Arc::clone(old))
    });
    let shared: Vec<_> = shared.collect();
    if same(&shared, old) { Arc::clone(old) } else { shared.into() }
}
