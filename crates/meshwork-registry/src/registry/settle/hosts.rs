//! What declares a host: services and entries, aliases, and the host put together of them.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_core::{AddressRange, Hostname, Namespace};

use super::{context, set};
use crate::{
    Resolution, Service,
    derive::{Context, EntryView, kubernetes},
    registry::{
        Registry,
        endpoints::pool,
        host::{HostEntry, HostRecord},
        inputs::{Dirty, Name},
        views::resolve_aliases,
    },
};

impl Registry {
    pub(super) fn settle_service(&mut self, key: Name, dirty: &mut Dirty) {
        let namespace = self.inputs.namespaces.get(key.0.as_str()).map(|object| &**object);
        let new =
            self.inputs.services.get(&key).map(|object| {
                Arc::new(kubernetes::service(object, namespace, &mut context!(self)))
            });
        let old = self.views.services.get(&key).cloned();
        if old == new {
            return;
        }
        for (service, present) in [(&old, false), (&new, true)] {
            let Some(service) = service else { continue };
            self.declare(service, present, dirty);
            if let Some(target) = &service.alias_of
                && service.resolution == Resolution::Alias
            {
                dirty.aliases = true;
                let alias = present.then(|| (service.host.clone(), target.clone()));
                set(&mut self.views.aliases, key.clone(), alias);
            }
        }
        set(&mut self.views.services, key, new);
    }

    pub(super) fn settle_entry(&mut self, key: Name, dirty: &mut Dirty) {
        let namespace = self.inputs.namespaces.get(key.0.as_str()).map(|object| &**object);
        let new = self
            .inputs
            .entries
            .get(&key)
            .map(|object| Arc::new(EntryView::of(object, namespace, &mut context!(self))));
        let old = self.views.entries.get(&key).cloned();
        if old == new {
            return;
        }
        for (view, present) in [(&old, false), (&new, true)] {
            for service in view.iter().flat_map(|view| &view.services) {
                self.declare(service, present, dirty);
            }
        }
        let selector = new.as_ref().and_then(|view| view.selector.clone());
        set(&mut self.views.selecting, key.clone(), selector);
        set(&mut self.views.entries, key, new);
    }

    fn declare(&mut self, service: &Arc<Service>, present: bool, dirty: &mut Dirty) {
        let host = (service.host.clone(), service.namespace.clone());
        dirty.hosts.insert(host.clone());
        let declared = present.then(|| Arc::clone(service));
        set(&mut self.views.declared, (host, service.age()), declared);
    }

    pub(super) fn settle_aliases(&mut self, dirty: &mut Dirty) {
        let new = resolve_aliases(&self.views.aliases);
        let old = std::mem::replace(&mut self.views.aliases_of, Arc::new(new));
        let new = &self.views.aliases_of;
        let hosts: BTreeSet<&Hostname> = old.keys().chain(new.keys()).collect();
        for host in hosts.into_iter().filter(|host| old.get(*host) != new.get(*host)) {
            let record = self.hosts.get(host.as_str());
            for entry in record.iter().flat_map(|record| &record.namespaces) {
                dirty.hosts.insert((host.clone(), entry.namespace.clone()));
            }
        }
    }

    /// Puts together what a host is in a namespace: services, aliases, endpoints.
    pub(super) fn settle_host(&mut self, host: &Hostname, namespace: &Namespace) {
        let old = self.hosts.get(host).and_then(|record| record.entry(namespace.as_str())).cloned();
        let aliases = self.views.aliases_of.get(host);
        let key = (host.clone(), namespace.clone());
        let mut services = Vec::new();
        for (_, raw) in self.views.declared.group(&key) {
            let service = match aliases {
                Some(aliases) if raw.resolution != Resolution::Alias => {
                    Arc::new(Service { aliases: Arc::clone(aliases), ..Service::clone(raw) })
                }
                _ => Arc::clone(raw),
            };
            // What did not change stays the same object.
            let same = old.iter().flat_map(|entry| &entry.services).find(|old| **old == service);
            services.push(same.cloned().unwrap_or(service));
        }
        let new = (!services.is_empty()).then(|| {
            let endpoints =
                pool(self, namespace, &services, old.as_deref().map(|old| &old.endpoints));
            Arc::new(HostEntry { namespace: namespace.clone(), services, endpoints })
        });
        if old == new {
            return;
        }
        let listed = |entry: &Option<Arc<HostEntry>>, service: &Arc<Service>| {
            let services = entry.iter().flat_map(|entry| &entry.services);
            services.into_iter().any(|other| Arc::ptr_eq(other, service))
        };
        for service in old.iter().flat_map(|entry| &entry.services) {
            if !listed(&new, service) {
                self.publish(service, false);
            }
        }
        for service in new.iter().flat_map(|entry| &entry.services) {
            if !listed(&old, service) {
                self.publish(service, true);
            }
        }
        let mut record = self.hosts.get(host).cloned().unwrap_or_default();
        record.set(namespace, new);
        let record = (!record.namespaces.is_empty()).then_some(record);
        set::<_, HostRecord>(&mut self.hosts, host.clone(), record);
    }

    fn publish(&mut self, service: &Arc<Service>, present: bool) {
        let list =
            if service.visibility.is_public() { &mut self.public } else { &mut self.restricted };
        let age = service.age();
        let declared = service.addresses.iter().filter_map(AddressRange::single);
        for address in declared.chain(service.allocated_addresses.iter().copied()) {
            let value = present.then(|| Arc::clone(service));
            set(&mut self.by_address, (address, age.clone()), value);
        }
        set(list, age, present.then(|| Arc::clone(service)));
    }
}
