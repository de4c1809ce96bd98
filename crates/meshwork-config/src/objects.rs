//! The resources that are in force, by kind.

use std::sync::Arc;

use meshwork_api::{
    AnyObject, Object,
    networking::{DestinationRule, Gateway, Sidecar, VirtualService},
    security::{AuthorizationPolicy, PeerAuthentication, RequestAuthentication},
};
use meshwork_core::{PersistentMap, ResourceRef};

use crate::Credential;

/// Namespace and name.
pub(crate) type Key = (Arc<str>, Arc<str>);

/// Objects of one kind, in the order of namespace and name. A clone is one pointer.
#[derive(Clone, Debug)]
pub(crate) struct Kind<S>(PersistentMap<Key, Arc<Object<S>>>);

impl<S> Default for Kind<S> {
    fn default() -> Self {
        Self(PersistentMap::default())
    }
}

impl<S> Kind<S> {
    pub(crate) fn by_name(&self) -> &PersistentMap<Key, Arc<Object<S>>> {
        &self.0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Object<S>>> {
        self.0.values()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Object<S>>> {
        self.iter().cloned().collect()
    }

    /// Whether nothing has come, gone or changed between the two.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    fn insert(&mut self, resource: &ResourceRef, object: Object<S>) {
        self.0.insert(key(resource), Arc::new(object));
    }

    fn remove(&mut self, resource: &ResourceRef) {
        self.0.remove(&key(resource));
    }
}

fn key(resource: &ResourceRef) -> Key {
    (resource.namespace.clone(), resource.name.clone())
}

/// The kinds that are read as whole lists when a snapshot is compiled. Services, endpoints and
/// workloads are the registry's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    pub(crate) virtual_services: Kind<VirtualService>,
    pub(crate) destination_rules: Kind<DestinationRule>,
    pub(crate) gateways: Kind<Gateway>,
    pub(crate) sidecars: Kind<Sidecar>,
    pub(crate) peer_authentications: Kind<PeerAuthentication>,
    pub(crate) request_authentications: Kind<RequestAuthentication>,
    pub(crate) authorization_policies: Kind<AuthorizationPolicy>,
    /// What Secrets hold for TLS; nothing else is kept of them.
    pub(crate) credentials: PersistentMap<Key, Arc<Credential>>,
}

impl Objects {
    /// Whether both hold the same security resources.
    pub(crate) fn has_security_of(&self, other: &Self) -> bool {
        self.peer_authentications.is_same(&other.peer_authentications)
            && self.request_authentications.is_same(&other.request_authentications)
            && self.authorization_policies.is_same(&other.authorization_policies)
    }

    /// Takes an object of one of the kinds; hands back any other.
    pub(crate) fn insert(
        &mut self,
        resource: &ResourceRef,
        object: AnyObject,
    ) -> Option<AnyObject> {
        match object {
            AnyObject::VirtualService(object) => self.virtual_services.insert(resource, object),
            AnyObject::DestinationRule(object) => self.destination_rules.insert(resource, object),
            AnyObject::Gateway(object) => self.gateways.insert(resource, object),
            AnyObject::Sidecar(object) => self.sidecars.insert(resource, object),
            AnyObject::PeerAuthentication(object) => {
                self.peer_authentications.insert(resource, object);
            }
            AnyObject::RequestAuthentication(object) => {
                self.request_authentications.insert(resource, object);
            }
            AnyObject::AuthorizationPolicy(object) => {
                self.authorization_policies.insert(resource, object);
            }
            AnyObject::Secret(object) => match Credential::of(object) {
                Some(held) => drop(self.credentials.insert(key(resource), Arc::new(held))),
                None => drop(self.credentials.remove(&key(resource))),
            },
            other => return Some(other),
        }
        None
    }

    /// Removes the object, if it is of one of the kinds.
    pub(crate) fn remove(&mut self, resource: &ResourceRef) {
        match &*resource.kind {
            "VirtualService" => self.virtual_services.remove(resource),
            "DestinationRule" => self.destination_rules.remove(resource),
            "Gateway" => self.gateways.remove(resource),
            "Sidecar" => self.sidecars.remove(resource),
            "PeerAuthentication" => self.peer_authentications.remove(resource),
            "RequestAuthentication" => self.request_authentications.remove(resource),
            "AuthorizationPolicy" => self.authorization_policies.remove(resource),
            "Secret" => drop(self.credentials.remove(&key(resource))),
            _ => {}
        }
    }
}
