//! Pods and what makes them.

use super::IntOrString;
use crate::Map;
use crate::ObjectMeta;
use crate::proto::message;

message! {
    /// A workload of the cluster (`spec`).
    pub struct Pod: "io.k8s.core.v1.PodSpec" {
        /// The account that it runs as; `default` where it is empty.
        pub service_account_name: String = "serviceAccountName",
        /// The node on which it runs.
        pub node_name: String = "nodeName",
        /// Its DNS host name.
        pub hostname: String = "hostname",
        /// Its DNS subdomain.
        pub subdomain: String = "subdomain",
        /// Whether it shares the network of its node; such Pods are not in the mesh.
        pub host_network: bool = "hostNetwork",
        /// Its containers.
        pub containers: Vec<Container> = "containers",
        /// Its init containers, native sidecars among them.
        pub init_containers: Vec<Container> = "initContainers",
        /// Its state.
        pub status: Option<Box<PodStatus>> = "status",
    }
}

message! {
    /// A container of a Pod.
    pub struct Container: "io.k8s.core.v1.Container" {
        /// Its name.
        pub name: String = "name",
        /// Its image.
        pub image: String = "image",
        /// The ports that it declares; services refer to them by name.
        pub ports: Vec<ContainerPort> = "ports",
        /// How the kubelet finds out whether it can take traffic.
        pub readiness_probe: Option<Box<Probe>> = "readinessProbe",
        /// How the kubelet finds out whether it still works.
        pub liveness_probe: Option<Box<Probe>> = "livenessProbe",
        /// How the kubelet finds out whether it has started.
        pub startup_probe: Option<Box<Probe>> = "startupProbe",
    }
}

message! {
    /// A port that a container declares.
    pub struct ContainerPort: "io.k8s.core.v1.ContainerPort" {
        /// The name by which services can refer to it.
        pub name: String = "name",
        /// The number, 1 to 65535.
        pub container_port: u32 = "containerPort",
        /// `TCP` (also where it is empty), `UDP` or `SCTP`.
        pub protocol: String = "protocol",
    }
}

message! {
    /// A check of a container by the kubelet.
    pub struct Probe: "io.k8s.core.v1.Probe" {
        /// By an HTTP request.
        pub http_get: Option<HttpGetAction> = "httpGet",
        /// By a TCP connection.
        pub tcp_socket: Option<TcpSocketAction> = "tcpSocket",
        /// By a gRPC health check.
        pub grpc: Option<GrpcAction> = "grpc",
    }
}

message! {
    /// A check by an HTTP request.
    pub struct HttpGetAction: "io.k8s.core.v1.HTTPGetAction" {
        /// The path, `/` where it is empty.
        pub path: String = "path",
        /// The port, by number or by name.
        pub port: Option<IntOrString> = "port",
        /// The host, the Pod's address where it is empty.
        pub host: String = "host",
        /// `HTTP` (also where it is empty) or `HTTPS`.
        pub scheme: String = "scheme",
    }
}

message! {
    /// A check by a TCP connection.
    pub struct TcpSocketAction: "io.k8s.core.v1.TCPSocketAction" {
        /// The port, by number or by name.
        pub port: Option<IntOrString> = "port",
        /// The host, the Pod's address where it is empty.
        pub host: String = "host",
    }
}

message! {
    /// A check by gRPC.
    pub struct GrpcAction: "io.k8s.core.v1.GRPCAction" {
        /// The port.
        pub port: u32 = "port",
        /// The service that is asked for.
        pub service: String = "service",
    }
}

message! {
    /// The state of a Pod.
    pub struct PodStatus: "io.k8s.core.v1.PodStatus" {
        /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        pub phase: String = "phase",
        /// Its address.
        pub pod_ip: String = "podIP",
        /// All its addresses, the one above first.
        pub pod_ips: Vec<PodIp> = "podIPs",
        /// The address of its node.
        pub host_ip: String = "hostIP",
        /// What is so of it, `Ready` above all.
        pub conditions: Vec<PodCondition> = "conditions",
    }
}

message! {
    /// An address of a Pod.
    pub struct PodIp: "io.k8s.core.v1.PodIP" {
        /// The address.
        pub ip: String = "ip",
    }
}

message! {
    /// Something that is so, not so, or unknown of a Pod.
    pub struct PodCondition: "io.k8s.core.v1.PodCondition" {
        /// What: `Ready`, `PodScheduled`, …
        pub type_: String = "type",
        /// `True`, `False` or `Unknown`.
        pub status: String = "status",
    }
}

message! {
    /// A set of equal Pods (`spec`).
    pub struct Deployment: "io.k8s.apps.v1.DeploymentSpec" {
        /// How many Pods are wanted; `None` counts as 1.
        pub replicas: Option<i32> = "replicas",
        /// Which Pods belong to it.
        pub selector: Option<LabelSelector> = "selector",
        /// What its Pods look like.
        pub template: Option<Box<PodTemplate>> = "template",
    }
}

message! {
    /// What the Pods of a set look like.
    pub struct PodTemplate: "io.k8s.core.v1.PodTemplateSpec" {
        /// Their labels and annotations.
        pub metadata: Option<ObjectMeta> = "metadata",
        /// The rest.
        pub spec: Option<Pod> = "spec",
    }
}

message! {
    /// Selects objects by their labels; all conditions have to hold.
    pub struct LabelSelector: "io.k8s.meta.v1.LabelSelector" {
        /// Labels with the value that they must have.
        pub match_labels: Map<String, String> = "matchLabels",
        /// Further conditions.
        pub match_expressions: Vec<LabelSelectorRequirement> = "matchExpressions",
    }
}

message! {
    /// A condition on one label.
    pub struct LabelSelectorRequirement: "io.k8s.meta.v1.LabelSelectorRequirement" {
        /// The label.
        pub key: String = "key",
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        pub operator: String = "operator",
        /// What it is compared with.
        pub values: Vec<String> = "values",
    }
}
