//! The scope after a change of VirtualServices, made from the one before.

use std::sync::Arc;

use meshwork_api::{Object, mesh::MeshConfig, networking::VirtualService};

use super::{EgressListener, EgressScope, implicit, listener, union, virtual_services};
use crate::{Proxy, Registry};

/// A VirtualService before and after a change.
type Changed<'a> =
    (Option<&'a Arc<Object<VirtualService>>>, Option<&'a Arc<Object<VirtualService>>>);

impl EgressScope {
    /// The scope after VirtualServices have changed, where nothing else has; what they do not
    /// concern is shared.
    ///
    /// Registry, proxy, `Sidecar` and mesh have to be those that the scope was computed from, and
    /// `changes` all objects that are different, with what they were before. `None` where a change
    /// may have a bearing on which services the proxy sees: then [`Self::compute`] has to tell.
    pub fn with_virtual_services<'a>(
        &self,
        registry: &Registry,
        proxy: &Proxy,
        mesh: &MeshConfig,
        changes: impl Iterator<Item = Changed<'a>> + Clone,
    ) -> Option<Self> {
        let place = |object: Option<&'a Arc<Object<VirtualService>>>| {
            let object = object?;
            Some((virtual_services::place(object, &self.namespace, mesh)?, object))
        };
        let mut scope = self.clone();
        let changes = changes.map(|(before, after)| (place(before), place(after)));
        for (before, _) in changes.clone() {
            if let Some((place, _)) = before {
                scope.virtual_services.remove(&place);
            }
        }
        for (_, after) in changes.clone() {
            if let Some((place, object)) = after {
                scope.virtual_services.insert(place, object);
            }
        }
        if self.listeners.is_empty() {
            return Some(scope);
        }
        // Where services come in by routes, or several listeners import, their order is at stake.
        let [only] = &*self.listeners else { return None };
        if self.implicit {
            return None;
        }
        let spec = self.sidecar.as_deref().map(|object| &object.spec);
        let egress = listener::egress(spec);
        let imports = listener::imports(egress.first()?, proxy);
        let mut rules = only.virtual_services.clone();
        for (before, _) in changes.clone() {
            let place = before.and_then(|(place, object)| {
                virtual_services::imported(&place, object, &imports, proxy)
            });
            if let Some(place) = place {
                rules.remove(&place);
            }
        }
        for (_, after) in changes {
            let Some((place, object)) = after else { continue };
            let Some(place) = virtual_services::imported(&place, object, &imports, proxy) else {
                continue;
            };
            let adds = implicit::of(object, registry, proxy, only).any(|service| {
                let known = self.service(service.host.as_str());
                known.is_none_or(|known| union::merged(known, &service).is_some())
            });
            if adds {
                return None;
            }
            rules.insert(place, object);
        }
        if !rules.is_same(&only.virtual_services) {
            let changed = EgressListener { virtual_services: rules, ..EgressListener::clone(only) };
            scope.listeners = Arc::new([Arc::new(changed)]);
        }
        Some(scope)
    }
}
