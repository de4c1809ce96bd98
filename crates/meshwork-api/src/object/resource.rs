//! Objects of one kind.

use super::ObjectMeta;
use crate::proto::{Field, Message, ProblemKind, Reading, Shape, Step, closest, read_member};
use meshwork_core::ResourceRef;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A kind of object.
///
/// Implemented by the specs of this crate: `VirtualService`, `Gateway`, `kubernetes::Service`, …
#[expect(private_bounds, reason = "the trait is sealed: kinds are declared in this crate")]
pub trait Resource: Message + Field + Clone + std::fmt::Debug + PartialEq {
    /// The kind, `VirtualService`.
    const KIND: &'static str;
    /// The API group, `networking.istio.io`; empty for the core group of Kubernetes.
    const GROUP: &'static str;
    /// The versions that are served, the preferred one first.
    const VERSIONS: &'static [&'static str];
    /// Where the fields stand in the object.
    const BODY: Body;
    /// Whether objects of the kind live in no namespace.
    const CLUSTER_SCOPED: bool;
}

/// Where the fields of a kind stand in its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Under `spec`.
    Spec,
    /// Under `spec`, and a typed `status` beside it.
    SpecAndStatus,
    /// Beside `metadata`.
    Root,
}

/// An object: metadata and a body of one kind.
///
/// ```
/// use meshwork_api::{Object, ObjectMeta, networking::{HttpRoute, VirtualService}};
/// let object = Object {
///     metadata: ObjectMeta { name: "reviews".into(), ..Default::default() },
///     spec: VirtualService { hosts: vec!["reviews".into()], ..Default::default() },
///     ..Object::default()
/// };
/// assert_eq!(object.reference().to_string(), "VirtualService reviews");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Object<S> {
    /// Group and version, `networking.istio.io/v1`.
    pub api_version: String,
    /// The kind, `VirtualService`.
    pub kind: String,
    /// Name, namespace, labels, age.
    pub metadata: ObjectMeta,
    /// What the object says.
    pub spec: S,
    /// What controllers say of it; not read by meshwork, only kept.
    pub status: Option<Value>,
}

impl<S: Resource> Default for Object<S> {
    fn default() -> Self {
        let version = S::VERSIONS.first().copied().unwrap_or("v1");
        Self {
            api_version: match S::GROUP {
                "" => version.to_owned(),
                group => format!("{group}/{version}"),
            },
            kind: S::KIND.to_owned(),
            metadata: ObjectMeta::default(),
            spec: S::default(),
            status: None,
        }
    }
}

impl<S: Resource> Object<S> {
    /// An object with this name in this namespace.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, spec: S) -> Self {
        let metadata =
            ObjectMeta { namespace: namespace.into(), name: name.into(), ..Default::default() };
        Self { metadata, spec, ..Self::default() }
    }

    /// Which object this is.
    pub fn reference(&self) -> ResourceRef {
        let ObjectMeta { namespace, name, .. } = &self.metadata;
        ResourceRef::new(S::KIND, namespace.as_str(), name.as_str())
    }
}

impl<S: Resource> Field for Object<S> {
    fn read<'v>(value: &'v Value, reading: &mut Reading<'v>) -> Option<Self> {
        let Value::Object(map) = value else {
            return reading.wrong_type("an object", value);
        };
        let mut object = Self::default();
        for (key, value) in map {
            match key.as_str() {
                "apiVersion" => set(&mut object.api_version, key, value, reading),
                "kind" => set(&mut object.kind, key, value, reading),
                "metadata" => set(&mut object.metadata, key, value, reading),
                "spec" if S::BODY != Body::Root => set(&mut object.spec, key, value, reading),
                "status" if S::BODY == Body::SpecAndStatus => {
                    read_member(&mut object.spec, map, key, value, reading);
                }
                "status" => object.status = Some(value.clone()).filter(|v| !v.is_null()),
                _ if S::BODY == Body::Root => {
                    read_member(&mut object.spec, map, key, value, reading);
                }
                _ => reading.at(Step::Key(key), |reading| {
                    let suggestion = closest(key, TOP_LEVEL.into_iter()).map(str::to_owned);
                    reading.report(ProblemKind::UnknownField { suggestion });
                }),
            }
        }
        Some(object)
    }

    fn is_unset(&self) -> bool {
        false
    }

    fn shape() -> Shape {
        Shape::Message(S::DESCRIPTOR)
    }
}

impl<S: Resource> Serialize for Object<S> {
    fn serialize<Out: Serializer>(&self, serializer: Out) -> Result<Out::Ok, Out::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("apiVersion", &self.api_version)?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("metadata", &self.metadata)?;
        match S::BODY {
            Body::Spec => map.serialize_entry("spec", &self.spec)?,
            Body::SpecAndStatus => {
                let mut spec =
                    serde_json::to_value(&self.spec).map_err(serde::ser::Error::custom)?;
                let status = spec.as_object_mut().and_then(|spec| spec.remove("status"));
                map.serialize_entry("spec", &spec)?;
                if let Some(status) = status {
                    map.serialize_entry("status", &status)?;
                }
            }
            Body::Root => self.spec.write_fields(&mut map)?,
        }
        if let Some(status) = &self.status {
            map.serialize_entry("status", status)?;
        }
        map.end()
    }
}

impl<'de, S: Resource> Deserialize<'de> for Object<S> {
    /// Reads as istiod does: unknown fields are ignored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::proto::deserialize(deserializer)
    }
}

fn set<'v, T: Field>(field: &mut T, key: &'v str, value: &'v Value, reading: &mut Reading<'v>) {
    if value.is_null() {
        return;
    }
    if let Some(read) = reading.at(Step::Key(key), |reading| T::read(value, reading)) {
        *field = read;
    }
}

const TOP_LEVEL: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
