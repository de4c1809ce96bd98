//! All rules of a mesh, and the look-up of the one that counts.

use std::{collections::BTreeMap, sync::Arc};

use meshwork_api::{Object, mesh::MeshConfig, networking::DestinationRule};
use meshwork_core::{Hostname, Labels, Namespace, Selector};
use meshwork_registry::{Proxy, Service};

use super::{Rule, pool::Pool};

/// The DestinationRules of a mesh, indexed, with the mesh's defaults.
///
/// Which rule counts for a client and a service is decided by the namespaces first: the client's
/// own rules, then those that the service's namespace exports, then those of the root namespace.
/// Only within one of these the most specific host wins.
#[derive(Clone, Debug)]
pub struct DestinationPolicies {
    mesh: Arc<MeshConfig>,
    cluster_domain: Arc<str>,
    /// By namespace: rules for clients of the same namespace.
    local: BTreeMap<Namespace, Pool>,
    /// By namespace: rules for clients of others.
    exported: BTreeMap<Namespace, Pool>,
    /// Rules of the root namespace that are private to it.
    root: Pool,
}

impl DestinationPolicies {
    /// Indexes `rules`. They may come in any order; `mesh` supplies the defaults, and names
    /// without a dot are completed within `cluster_domain` (`cluster.local`).
    ///
    /// Rules are expected to have passed Istio's validation; what it would refuse is read as
    /// istiod would read it.
    pub fn compile<'a>(
        rules: impl IntoIterator<Item = &'a Object<DestinationRule>>,
        mesh: Arc<MeshConfig>,
        cluster_domain: &str,
    ) -> Self {
        let mut index = Self {
            mesh,
            cluster_domain: cluster_domain.into(),
            local: BTreeMap::new(),
            exported: BTreeMap::new(),
            root: Pool::default(),
        };
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by_cached_key(|rule| {
            let meta = &rule.metadata;
            let created =
                meta.creation_timestamp.map_or(i64::MIN, meshwork_api::Timestamp::unix_seconds);
            let without_selector = rule.spec.workload_selector.is_none();
            (without_selector, created, meta.name.clone(), meta.namespace.clone())
        });
        for rule in rules {
            index.insert(&Arc::new(index.read(rule)));
        }
        index
    }

    /// The mesh's configuration that defaults come from.
    pub const fn mesh(&self) -> &Arc<MeshConfig> {
        &self.mesh
    }

    /// The rule that counts for requests of `client` to `service`, if any.
    pub fn rule(&self, client: &Proxy, service: &Service) -> Option<&Arc<Rule>> {
        self.rule_for_host(client, &service.host, &service.namespace)
    }

    /// As [`rule`](Self::rule), by the host and namespace of the service.
    pub fn rule_for_host(
        &self,
        client: &Proxy,
        host: &Hostname,
        namespace: &Namespace,
    ) -> Option<&Arc<Rule>> {
        self.choose(&client.namespace, host, namespace, Some(&client.labels))
    }

    /// The rule that counts for requests that reach `server` as an instance of `service`: its
    /// connection pool limits them. Rules with a workload selector do not count here.
    pub fn inbound_rule(&self, server: &Proxy, service: &Service) -> Option<&Arc<Rule>> {
        self.choose(&server.namespace, &service.host, &service.namespace, None)
    }

    fn choose(
        &self,
        client: &Namespace,
        host: &Hostname,
        namespace: &Namespace,
        labels: Option<&Labels>,
    ) -> Option<&Arc<Rule>> {
        let mut catch_all = None;
        for rule in self.candidates(client, host, namespace) {
            if !rule.has_selector() {
                // The last one, that is the youngest of those that could not be merged.
                catch_all = Some(rule);
            } else if rule.namespace == *client
                && labels.is_some_and(|labels| rule.selector.selects(labels))
            {
                return Some(rule);
            }
        }
        catch_all
    }

    /// The rules of the first place that has any for the host.
    fn candidates<'a>(
        &'a self,
        client: &Namespace,
        host: &Hostname,
        namespace: &Namespace,
    ) -> Vec<&'a Arc<Rule>> {
        let own = if client.as_str() == self.root_namespace() {
            Some(&self.root)
        } else {
            self.local.get(client)
        };
        if let Some(rules) = own.and_then(|pool| pool.most_specific(host)) {
            return rules.iter().collect();
        }
        for owner in [namespace.as_str(), self.root_namespace()] {
            let rules = self.exported.get(owner).and_then(|pool| pool.most_specific(host));
            let visible: Vec<_> = rules
                .unwrap_or_default()
                .iter()
                .filter(|rule| rule.is_exported_to(client.as_str()))
                .collect();
            if !visible.is_empty() {
                return visible;
            }
        }
        Vec::new()
    }

    fn read(&self, object: &Object<DestinationRule>) -> Rule {
        let spec = &object.spec;
        let namespace = Namespace::from(object.metadata.namespace.as_str());
        let selector = spec.workload_selector.as_ref().map(|selector| {
            let labels = selector.match_labels.iter();
            Selector::labels(labels.map(|(key, value)| (key.as_str(), value.as_str())).collect())
        });
        Rule {
            resource: object.reference(),
            merged: Vec::new(),
            host: Hostname::qualify(&spec.host, namespace.as_str(), &self.cluster_domain),
            export_to: match selector {
                // A rule for some workloads never leaves its namespace.
                Some(_) => [Arc::from(".")].into(),
                None => spec.export_to.iter().map(|entry| Arc::from(entry.as_str())).collect(),
            },
            selector: selector.unwrap_or_else(Selector::all),
            synthesized: object.metadata.annotations.contains_key("internal.istio.io/parents"),
            subsets: first_of_each_name(&spec.subsets),
            traffic_policy: spec.traffic_policy.clone(),
            namespace,
        }
    }

    fn insert(&mut self, rule: &Arc<Rule>) {
        let has = |entry: &str| rule.export_to.contains(entry);
        let namespace = rule.namespace.as_str();
        if rule.export_to.is_empty() || has("*") || has(".") || has(namespace) {
            self.local.entry(rule.namespace.clone()).or_default().insert(rule);
        }
        let default = &self.mesh.default_destination_rule_export_to;
        let is_private = if rule.export_to.is_empty() {
            default.iter().any(|entry| entry == ".")
        } else {
            rule.export_to.len() == 1 && (has(".") || has(namespace))
        };
        if !is_private {
            self.exported.entry(rule.namespace.clone()).or_default().insert(rule);
        } else if namespace == self.root_namespace() {
            self.root.insert(rule);
        }
    }

    fn root_namespace(&self) -> &str {
        match self.mesh.root_namespace.as_str() {
            "" => "istio-system",
            root => root,
        }
    }
}

impl Rule {
    fn is_exported_to(&self, client: &str) -> bool {
        self.export_to.is_empty() || self.export_to.contains("*") || self.export_to.contains(client)
    }
}

fn first_of_each_name(
    subsets: &[meshwork_api::networking::Subset],
) -> Vec<meshwork_api::networking::Subset> {
    let mut kept: Vec<meshwork_api::networking::Subset> = Vec::new();
    for subset in subsets {
        if kept.iter().all(|earlier| earlier.name != subset.name) {
            kept.push(subset.clone());
        }
    }
    kept
}
