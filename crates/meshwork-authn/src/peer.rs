//! PeerAuthentication: scopes, precedence, ports.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use meshwork_api::{
    Object,
    security::{MutualTls, PeerAuthentication},
};
use meshwork_core::{FieldPath, Labels, ResourceRef};

use crate::MtlsMode;

/// All PeerAuthentications of a mesh, ready to be asked.
///
/// There are three scopes: the mesh (root namespace, no selector), a namespace (no selector) and a
/// workload (a selector). Within a scope the oldest policy decides alone; between scopes the
/// narrower one wins where it sets a mode. A policy with a selector in the root namespace applies
/// to nothing, in Istio and here.
#[derive(Clone, Debug, Default)]
pub struct PeerAuthn {
    mesh: Option<Scope>,
    namespaces: HashMap<Arc<str>, Scope>,
    workloads: HashMap<Arc<str>, Vec<WorkloadPolicy>>,
    ignored: Vec<(FieldPath, &'static str)>,
}

#[derive(Clone, Debug)]
struct Scope {
    mode: Option<MtlsMode>,
    policy: ResourceRef,
}

#[derive(Clone, Debug)]
struct WorkloadPolicy {
    labels: Labels,
    mode: Option<MtlsMode>,
    ports: BTreeMap<u32, Option<MtlsMode>>,
    policy: ResourceRef,
}

/// What one workload asks of its peers, port by port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WorkloadMtls {
    mode: MtlsMode,
    ports: BTreeMap<u16, MtlsMode>,
    policy: Option<ResourceRef>,
}

impl WorkloadMtls {
    /// The mode of a port of the workload (a target port, not a Service port).
    pub fn mode(&self, port: u16) -> MtlsMode {
        self.ports.get(&port).copied().unwrap_or(self.mode)
    }

    /// The mode of all ports that `portLevelMtls` does not name.
    pub fn default_mode(&self) -> MtlsMode {
        self.mode
    }

    /// The ports that `portLevelMtls` names, with their modes.
    pub fn ports(&self) -> impl Iterator<Item = (u16, MtlsMode)> {
        self.ports.iter().map(|(port, mode)| (*port, *mode))
    }

    /// The policy that set the mode; `None` where Istio's default stands.
    pub fn policy(&self) -> Option<&ResourceRef> {
        self.policy.as_ref()
    }
}

impl PeerAuthn {
    /// Sorts the policies by scope and age.
    pub fn compile<'a>(
        policies: impl IntoIterator<Item = &'a Object<PeerAuthentication>>,
        root_namespace: &str,
    ) -> Self {
        let mut policies: Vec<_> = policies.into_iter().collect();
        policies.sort_by(|a, b| age(a).cmp(&age(b)));
        let mut compiled = Self::default();
        for policy in policies {
            compiled.add(policy, root_namespace);
        }
        compiled
    }

    fn add(&mut self, policy: &Object<PeerAuthentication>, root_namespace: &str) {
        let namespace: Arc<str> = policy.metadata.namespace.as_str().into();
        let labels: Labels = policy
            .spec
            .selector
            .iter()
            .flat_map(|selector| &selector.match_labels)
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let mode = field(policy.spec.mtls.as_ref());
        let reference = policy.reference();
        let is_root = &*namespace == root_namespace;
        if labels.is_empty() {
            if policy.spec.port_level_mtls.as_ref().is_some_and(|ports| !ports.is_empty()) {
                self.ignore(
                    &reference,
                    "spec.portLevelMtls",
                    "only a policy with a selector has ports",
                );
            }
            let scope = Scope { mode, policy: reference };
            let taken = if is_root {
                self.mesh.is_some()
            } else {
                self.namespaces.contains_key(&namespace)
            };
            match (taken, is_root) {
                (true, _) => {
                    self.ignore(&scope.policy, "", "an older policy of the same scope decides");
                }
                (false, true) => self.mesh = Some(scope),
                (false, false) => {
                    self.namespaces.insert(namespace, scope);
                }
            }
        } else if is_root {
            self.ignore(
                &reference,
                "spec.selector",
                "a selector in the root namespace selects nothing",
            );
        } else {
            let ports = policy.spec.port_level_mtls.iter().flatten();
            self.workloads.entry(namespace).or_default().push(WorkloadPolicy {
                labels,
                mode,
                ports: ports.map(|(port, mtls)| (*port, field(Some(mtls)))).collect(),
                policy: reference,
            });
        }
    }

    fn ignore(&mut self, policy: &ResourceRef, path: &str, reason: &'static str) {
        self.ignored.push((FieldPath::new(policy.clone(), path), reason));
    }

    /// What the workload with these labels asks of its peers.
    pub fn workload(&self, namespace: &str, labels: &Labels) -> WorkloadMtls {
        let own = self
            .workloads
            .get(namespace)
            .and_then(|policies| policies.iter().find(|policy| policy.labels.is_subset_of(labels)));
        let scopes = [self.mesh.as_ref(), self.namespaces.get(namespace)];
        let own_mode = own.and_then(|own| Some((own.mode?, &own.policy)));
        let decided = scopes
            .into_iter()
            .flatten()
            .filter_map(|scope| Some((scope.mode?, &scope.policy)))
            .chain(own_mode)
            .last();
        let mode = decided.map(|(mode, _)| mode).unwrap_or_default();
        let ports = own.into_iter().flat_map(|own| &own.ports);
        WorkloadMtls {
            mode,
            ports: ports
                .filter_map(|(port, set)| Some((u16::try_from(*port).ok()?, set.unwrap_or(mode))))
                .collect(),
            policy: decided.map(|(_, policy)| policy.clone()),
        }
    }

    /// The mode by which clients judge a whole service: its namespace's, else the mesh's. Workload
    /// policies have no say, which is Istio's behaviour.
    pub fn service(&self, namespace: &str) -> MtlsMode {
        let of_namespace = self.namespaces.get(namespace).and_then(|scope| scope.mode);
        of_namespace.or_else(|| self.mesh.as_ref().and_then(|mesh| mesh.mode)).unwrap_or_default()
    }

    /// Fields that have no effect, with the reason; for diagnostics.
    pub fn ignored(&self) -> &[(FieldPath, &'static str)] {
        &self.ignored
    }
}

fn field(mtls: Option<&MutualTls>) -> Option<MtlsMode> {
    mtls.and_then(|mtls| MtlsMode::from_field(mtls.mode))
}

fn age(policy: &Object<PeerAuthentication>) -> impl Ord + '_ {
    let meta = &policy.metadata;
    (meta.creation_timestamp, meta.name.as_str(), meta.namespace.as_str())
}

#[cfg(test)]
mod tests;
