//! Metadata of objects.

use crate::Map;
use crate::Timestamp;
use crate::proto::message;

message! {
    /// What Kubernetes knows of every object: its name, labels, age and version.
    pub struct ObjectMeta: "io.k8s.meta.v1.ObjectMeta" {
        /// The name, unique in its namespace and kind.
        pub name: String = "name",
        /// The prefix from which an API server makes a name when there is none.
        pub generate_name: String = "generateName",
        /// The namespace; empty where none was given (a source decides what that means) and for
        /// objects of the whole cluster.
        pub namespace: String = "namespace",
        /// Labels; selectors of other objects read them.
        pub labels: Map<String, String> = "labels",
        /// Annotations.
        pub annotations: Map<String, String> = "annotations",
        /// When the object was created: older resources win where Istio has to choose.
        pub creation_timestamp: Option<Timestamp> = "creationTimestamp",
        /// When the object was marked for deletion.
        pub deletion_timestamp: Option<Timestamp> = "deletionTimestamp",
        /// The version of the object in its cluster; changes with every write.
        pub resource_version: String = "resourceVersion",
        /// The version of the spec; changes when the spec does.
        pub generation: i64 = "generation",
        /// The identity of the object across names and time.
        pub uid: String = "uid",
        /// The objects that this one belongs to.
        pub owner_references: Vec<OwnerReference> = "ownerReferences",
    }
}

message! {
    /// An object that another one belongs to.
    pub struct OwnerReference: "io.k8s.meta.v1.OwnerReference" {
        /// The owner's group and version.
        pub api_version: String = "apiVersion",
        /// The owner's kind.
        pub kind: String = "kind",
        /// The owner's name.
        pub name: String = "name",
        /// The owner's identity.
        pub uid: String = "uid",
        /// Whether the owner is the one that manages this object.
        pub controller: bool = "controller",
    }
}
