//! Changes of the resources that a registry is made of.

use std::sync::Arc;

use meshwork_api::{
    AnyObject, Object, kubernetes as k8s,
    networking::{ServiceEntry, WorkloadEntry},
};
use meshwork_core::ResourceRef;

/// A resource that a registry is made of.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Resource {
    /// A Kubernetes Service.
    Service(Arc<Object<k8s::Service>>),
    /// Addresses behind a Kubernetes Service.
    EndpointSlice(Arc<Object<k8s::EndpointSlice>>),
    /// A Pod: labels, identity and readiness behind an address.
    Pod(Arc<Object<k8s::Pod>>),
    /// A Node: the locality of its Pods.
    Node(Arc<Object<k8s::Node>>),
    /// A Namespace: its labels and annotations.
    Namespace(Arc<Object<k8s::Namespace>>),
    /// A ServiceEntry.
    ServiceEntry(Arc<Object<ServiceEntry>>),
    /// A WorkloadEntry.
    WorkloadEntry(Arc<Object<WorkloadEntry>>),
}

/// What happened to a resource.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// It is there now, in this form.
    Apply(Resource),
    /// It is gone. References to other kinds are ignored.
    Delete(ResourceRef),
}

impl<R: Into<Resource>> From<R> for Change {
    fn from(resource: R) -> Self {
        Self::Apply(resource.into())
    }
}

impl Resource {
    /// The resource in `object`, `None` for a kind that the registry is not made of.
    pub fn of(object: &AnyObject) -> Option<Self> {
        Some(match object {
            AnyObject::Service(object) => Arc::new(object.clone()).into(),
            AnyObject::EndpointSlice(object) => Arc::new(object.clone()).into(),
            AnyObject::Pod(object) => Arc::new(object.clone()).into(),
            AnyObject::Node(object) => Arc::new(object.clone()).into(),
            AnyObject::Namespace(object) => Arc::new(object.clone()).into(),
            AnyObject::ServiceEntry(object) => Arc::new(object.clone()).into(),
            AnyObject::WorkloadEntry(object) => Arc::new(object.clone()).into(),
            _ => return None,
        })
    }
}

macro_rules! from {
    ($($kind:ident: $spec:ty),+ $(,)?) => {
        $(
            impl From<Arc<Object<$spec>>> for Resource {
                fn from(object: Arc<Object<$spec>>) -> Self {
                    Self::$kind(object)
                }
            }
        )+
    };
}

from! {
    Service: k8s::Service,
    EndpointSlice: k8s::EndpointSlice,
    Pod: k8s::Pod,
    Node: k8s::Node,
    Namespace: k8s::Namespace,
    ServiceEntry: ServiceEntry,
    WorkloadEntry: WorkloadEntry,
}
