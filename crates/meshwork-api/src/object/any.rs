//! Objects of any kind.

use super::{Object, ObjectMeta, Resource};
use crate::kubernetes as k8s;
use crate::networking::{
    DestinationRule, Gateway, ProxyConfig, ServiceEntry, Sidecar, VirtualService, WorkloadEntry,
    WorkloadGroup,
};
use crate::proto::{Field, Reading, Step};
use crate::security::{AuthorizationPolicy, PeerAuthentication, RequestAuthentication};
use crate::telemetry::Telemetry;
use meshwork_core::ResourceRef;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// An object whose fields this crate does not know; they are kept as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpaqueObject {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// Name, namespace, labels, age.
    pub metadata: ObjectMeta,
    /// The whole object, metadata included.
    pub value: Value,
}

macro_rules! kinds {
    ($( $(#[$meta:meta])* $variant:ident($spec:ty): $group:literal, $versions:expr, $body:ident, $scoped:literal; )+) => {
        /// An object of any kind.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyObject {
            $( $(#[$meta])* $variant(Object<$spec>), )+
            /// A kind of Istio that is recognised and has no effect here: EnvoyFilter,
            /// WasmPlugin, TrafficExtension.
            NotEnforced(OpaqueObject),
            /// A kind of the Kubernetes Gateway API; these are not supported yet.
            Unsupported(OpaqueObject),
            /// A kind that has no meaning for a mesh, or a misspelt one.
            Unknown(OpaqueObject),
        }

        $(
            impl Resource for $spec {
                const KIND: &'static str = stringify!($variant);
                const GROUP: &'static str = $group;
                const VERSIONS: &'static [&'static str] = $versions;
                const BODY: super::Body = super::Body::$body;
                const CLUSTER_SCOPED: bool = $scoped;
            }

            impl From<Object<$spec>> for AnyObject {
                fn from(object: Object<$spec>) -> Self {
                    Self::$variant(object)
                }
            }
        )+

        impl AnyObject {
            /// The kinds with a typed form, as pairs of group and kind.
            pub const KINDS: &'static [(&'static str, &'static str)] =
                &[$( ($group, stringify!($variant)) ),+];

            /// The kind, `VirtualService`.
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$variant(_) => stringify!($variant), )+
                    Self::NotEnforced(object)
                    | Self::Unsupported(object)
                    | Self::Unknown(object) => &object.kind,
                }
            }

            /// Group and version as the object gives them, `networking.istio.io/v1`.
            pub fn api_version(&self) -> &str {
                match self {
                    $( Self::$variant(object) => &object.api_version, )+
                    Self::NotEnforced(object)
                    | Self::Unsupported(object)
                    | Self::Unknown(object) => &object.api_version,
                }
            }

            /// Name, namespace, labels, age.
            pub fn metadata(&self) -> &ObjectMeta {
                match self {
                    $( Self::$variant(object) => &object.metadata, )+
                    Self::NotEnforced(object)
                    | Self::Unsupported(object)
                    | Self::Unknown(object) => &object.metadata,
                }
            }

            /// Name, namespace, labels, age, to be changed.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self {
                    $( Self::$variant(object) => &mut object.metadata, )+
                    Self::NotEnforced(object)
                    | Self::Unsupported(object)
                    | Self::Unknown(object) => &mut object.metadata,
                }
            }

            /// The fields of the kind; `None` for a kind without a typed form.
            pub fn descriptor(&self) -> Option<&'static crate::proto::Descriptor> {
                match self {
                    $( Self::$variant(_) => {
                        Some(<$spec as crate::proto::Message>::DESCRIPTOR)
                    } )+
                    Self::NotEnforced(_) | Self::Unsupported(_) | Self::Unknown(_) => None,
                }
            }

            /// Where the fields of the kind stand in the object.
            pub(crate) fn body(&self) -> Option<super::Body> {
                match self {
                    $( Self::$variant(_) => Some(super::Body::$body), )+
                    Self::NotEnforced(_) | Self::Unsupported(_) | Self::Unknown(_) => None,
                }
            }

            /// Every kind with a typed form, and its fields.
            pub fn descriptors()
            -> impl Iterator<Item = (&'static str, &'static crate::proto::Descriptor)> {
                [$( (stringify!($variant), <$spec as crate::proto::Message>::DESCRIPTOR) ),+]
                    .into_iter()
            }

            /// Reads an object; `None` when it is none, which is then noted.
            pub(crate) fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
                let (group, kind) = envelope(value, reading)?;
                Some(match (group, kind) {
                    $( ($group, stringify!($variant)) => {
                        Self::$variant(Object::<$spec>::read(value, reading)?)
                    } )+
                    _ => Self::opaque(group, kind, value, reading),
                })
            }
        }

        impl Serialize for AnyObject {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(object) => object.serialize(serializer), )+
                    Self::NotEnforced(object)
                    | Self::Unsupported(object)
                    | Self::Unknown(object) => object.value.serialize(serializer),
                }
            }
        }
    };
}

kinds! {
    /// Which destination a request takes.
    VirtualService(VirtualService): "networking.istio.io", NETWORKING, Spec, false;
    /// How a destination is talked to.
    DestinationRule(DestinationRule): "networking.istio.io", NETWORKING, Spec, false;
    /// Which ports and hosts a gateway proxy serves.
    Gateway(Gateway): "networking.istio.io", NETWORKING, Spec, false;
    /// A service that Kubernetes does not know.
    ServiceEntry(ServiceEntry): "networking.istio.io", NETWORKING, Spec, false;
    /// A workload that is no Pod.
    WorkloadEntry(WorkloadEntry): "networking.istio.io", NETWORKING, Spec, false;
    /// What the workload entries of one group have in common.
    WorkloadGroup(WorkloadGroup): "networking.istio.io", NETWORKING, Spec, false;
    /// What a proxy can see and accept.
    Sidecar(Sidecar): "networking.istio.io", NETWORKING, Spec, false;
    /// Settings of proxy processes.
    ProxyConfig(ProxyConfig): "networking.istio.io", &["v1beta1"], Spec, false;
    /// Whether a workload takes mTLS, plaintext or both.
    PeerAuthentication(PeerAuthentication): "security.istio.io", SECURITY, Spec, false;
    /// Which JSON Web Tokens a workload trusts.
    RequestAuthentication(RequestAuthentication): "security.istio.io", SECURITY, Spec, false;
    /// Which requests and connections a workload admits.
    AuthorizationPolicy(AuthorizationPolicy): "security.istio.io", SECURITY, Spec, false;
    /// Metrics, access logs and traces of workloads.
    Telemetry(Telemetry): "telemetry.istio.io", &["v1", "v1alpha1"], Spec, false;
    /// A Kubernetes service.
    Service(k8s::Service): "", &["v1"], SpecAndStatus, false;
    /// Addresses behind a Kubernetes service.
    EndpointSlice(k8s::EndpointSlice): "discovery.k8s.io", &["v1"], Root, false;
    /// A workload of the cluster.
    Pod(k8s::Pod): "", &["v1"], SpecAndStatus, false;
    /// A machine of the cluster; its labels hold the locality.
    Node(k8s::Node): "", &["v1"], SpecAndStatus, true;
    /// A namespace; its labels matter to selectors.
    Namespace(k8s::Namespace): "", &["v1"], SpecAndStatus, true;
    /// The identity of workloads.
    ServiceAccount(k8s::ServiceAccount): "", &["v1"], Root, false;
    /// Certificates and keys.
    Secret(k8s::Secret): "", &["v1"], Root, false;
    /// Text by key, the MeshConfig among it.
    ConfigMap(k8s::ConfigMap): "", &["v1"], Root, false;
    /// A set of equal Pods.
    Deployment(k8s::Deployment): "apps", &["v1"], SpecAndStatus, false;
}

impl AnyObject {
    /// Which object this is.
    pub fn reference(&self) -> ResourceRef {
        let ObjectMeta { namespace, name, .. } = self.metadata();
        ResourceRef::new(self.kind(), namespace.as_str(), name.as_str())
    }

    fn opaque<'v>(group: &str, kind: &str, value: &'v Value, reading: &mut Reading<'v>) -> Self {
        let metadata = match value.get("metadata") {
            None | Some(Value::Null) => None,
            Some(metadata) => {
                reading.at(Step::Key("metadata"), |reading| ObjectMeta::read(metadata, reading))
            }
        };
        let object = OpaqueObject {
            api_version: text(value, "apiVersion").unwrap_or_default().to_owned(),
            kind: kind.to_owned(),
            metadata: metadata.unwrap_or_default(),
            value: value.clone(),
        };
        match (group, kind) {
            ("networking.istio.io", "EnvoyFilter")
            | ("extensions.istio.io", "WasmPlugin" | "TrafficExtension") => {
                Self::NotEnforced(object)
            }
            ("gateway.networking.k8s.io" | "gateway.networking.x-k8s.io", _) => {
                Self::Unsupported(object)
            }
            _ => Self::Unknown(object),
        }
    }
}

impl<'de> Deserialize<'de> for AnyObject {
    /// Reads as istiod does: unknown fields are ignored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::proto::deserialize_with(deserializer, Self::read)
    }
}

/// Group and kind of an object; `None` when it has none, which is then noted.
fn envelope<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<(&'v str, &'v str)> {
    if !value.is_object() {
        return reading.wrong_type("an object", value);
    }
    let Some(kind) = text(value, "kind").filter(|kind| !kind.is_empty()) else {
        return reading.invalid("an object needs a `kind`");
    };
    let Some(version) = text(value, "apiVersion").filter(|version| !version.is_empty()) else {
        return reading.invalid("an object needs an `apiVersion`");
    };
    let group = version.split_once('/').map_or("", |(group, _)| group);
    Some((group, kind))
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

const NETWORKING: &[&str] = &["v1", "v1beta1", "v1alpha3"];
const SECURITY: &[&str] = &["v1", "v1beta1"];
