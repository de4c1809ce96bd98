//! The workload that this process is.

use std::{env, fs, net::IpAddr};

use meshwork_api::mesh::ProxyConfig;
use meshwork_core::Labels;
use meshwork_registry::Proxy;

/// The workload that this process is: what a sidecar would learn from its Pod.
///
/// Namespace and labels decide which resources apply: `Sidecar`s, `sourceLabels`, selectors of
/// security policies.
///
/// ```
/// use meshwork::Workload;
/// let me = Workload::new("default", "reviews-v2-abcde")
///     .label("app", "reviews")
///     .label("version", "v2")
///     .service_account("bookinfo-reviews");
/// assert_eq!(me.namespace(), "default");
/// ```
#[derive(Clone, Debug)]
pub struct Workload {
    name: String,
    labels: Vec<(String, String)>,
    trust_domain: Option<String>,
    proxy: Proxy,
}

/// The environment does not say which workload this is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// A variable is missing.
    #[error("the environment variable `{0}` is not set")]
    Missing(&'static str),
    /// A variable cannot be read as what it stands for.
    #[error("the environment variable `{name}` holds `{value}`, which is not {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The labels file cannot be read.
    #[error("the labels file `{path}`: {reason}")]
    Labels {
        /// Its path.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl Workload {
    /// A workload of `namespace`; `name` is its Pod's.
    pub fn new(namespace: &str, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            labels: Vec::new(),
            trust_domain: None,
            proxy: Proxy::sidecar(namespace),
        }
    }

    /// The workload of a gateway: `namespace` is the one that it runs in, whose Secrets it may use;
    /// its labels are what Gateways select it by.
    pub fn gateway(namespace: &str, name: impl Into<String>) -> Self {
        Self { proxy: Proxy::gateway(namespace), ..Self::new(namespace, name) }
    }

    /// The workload that the environment describes, as Istio's injection template sets it:
    /// `POD_NAME`, `POD_NAMESPACE`, and where they are set `SERVICE_ACCOUNT`, `INSTANCE_IP`,
    /// `TRUST_DOMAIN`, `PROXY_CONFIG`, and `ISTIO_LABELS_FILE`, the path of a downward API file with
    /// one `key="value"` a line.
    ///
    /// `PROXY_CONFIG` stands in the place of MeshConfig `defaultConfig`: whoever injects it has
    /// merged the mesh's settings with those of the annotation `proxy.istio.io/config`.
    ///
    /// # Errors
    /// [`WorkloadError`] names the variable or the line.
    pub fn from_env() -> Result<Self, WorkloadError> {
        Self::from_variables(&|name| env::var(name).ok())
    }

    fn from_variables(
        variable: &dyn Fn(&'static str) -> Option<String>,
    ) -> Result<Self, WorkloadError> {
        let required = |name| variable(name).ok_or(WorkloadError::Missing(name));
        let mut workload = Self::new(&required("POD_NAMESPACE")?, required("POD_NAME")?);
        if let Some(account) = variable("SERVICE_ACCOUNT") {
            workload = workload.service_account(&account);
        }
        if let Some(value) = variable("INSTANCE_IP") {
            let address = value.parse().map_err(|_| WorkloadError::Invalid {
                name: "INSTANCE_IP",
                value,
                expected: "an IP address",
            })?;
            workload = workload.address(address);
        }
        if let Some(trust_domain) = variable("TRUST_DOMAIN") {
            workload = workload.trust_domain(trust_domain);
        }
        if let Some(text) = variable("PROXY_CONFIG") {
            let config = serde_json::from_str::<ProxyConfig>(&text);
            if config.is_err() {
                let (name, expected) = ("PROXY_CONFIG", "a ProxyConfig in JSON");
                return Err(WorkloadError::Invalid { name, value: text, expected });
            }
            workload.proxy.metadata.insert("PROXY_CONFIG".into(), text.into());
        }
        if let Some(path) = variable("ISTIO_LABELS_FILE") {
            let failed = |reason: String| WorkloadError::Labels { path: path.clone(), reason };
            let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
            for (index, line) in text.lines().enumerate() {
                let (key, value) = label(line)
                    .ok_or_else(|| failed(format!("line {} is not `key=\"value\"`", index + 1)))?;
                workload = workload.label(key, value);
            }
        }
        Ok(workload)
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((key.into(), value.into()));
        let labels = self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        self.proxy.labels = labels.collect::<Labels>();
        self
    }

    /// The service account; `default` unless said otherwise.
    #[must_use]
    pub fn service_account(mut self, name: &str) -> Self {
        self.proxy.service_account = name.into();
        self
    }

    /// The trust domain, where the process knows it and nobody hands it a MeshConfig: it takes the
    /// place of MeshConfig `trustDomain`. `cluster.local` where neither says.
    #[must_use]
    pub fn trust_domain(mut self, trust_domain: impl Into<String>) -> Self {
        self.trust_domain = Some(trust_domain.into());
        self
    }

    pub(crate) fn own_trust_domain(&self) -> Option<&str> {
        self.trust_domain.as_deref()
    }

    /// The proxy's own settings, in the place of MeshConfig `defaultConfig`: what Istio's injection
    /// makes of the mesh's settings and the annotation `proxy.istio.io/config`.
    #[must_use]
    pub fn proxy_config(mut self, config: &ProxyConfig) -> Self {
        // What was read once can be written.
        if let Ok(text) = serde_json::to_string(config) {
            self.proxy.metadata.insert("PROXY_CONFIG".into(), text.into());
        }
        self
    }

    /// Adds an address of the workload; the registry finds its services by it.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.proxy.addresses.push(address);
        self
    }

    /// The name of the Pod.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.proxy.namespace.as_str()
    }

    /// What the registry and the routes are computed for.
    pub fn proxy(&self) -> &Proxy {
        &self.proxy
    }
}

impl From<Proxy> for Workload {
    /// For a proxy that says more of itself: a locality, a cluster, a gateway.
    fn from(proxy: Proxy) -> Self {
        let labels = proxy.labels.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Self { name: String::new(), labels, trust_domain: None, proxy }
    }
}

/// One line of a downward API labels file; the value is quoted as Go quotes strings.
fn label(line: &str) -> Option<(String, String)> {
    let (key, quoted) = line.split_once('=')?;
    let value = quoted.strip_prefix('"')?.strip_suffix('"')?;
    Some((key.to_owned(), value.replace("\\\"", "\"").replace("\\\\", "\\")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_describes_the_workload() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("labels");
        fs::write(&file, "app=\"web\"\nversion=\"v1\"\n").unwrap();
        let file = file.display().to_string();
        let workload = Workload::from_variables(&|name| {
            Some(match name {
                "POD_NAME" => "web-1".into(),
                "POD_NAMESPACE" => "shop".into(),
                "SERVICE_ACCOUNT" => "web".into(),
                "INSTANCE_IP" => "10.0.0.1".into(),
                "TRUST_DOMAIN" => "shop.example".into(),
                "PROXY_CONFIG" => r#"{"proxyHeaders":{"server":{"disabled":true}}}"#.into(),
                _ => file.clone(),
            })
        })
        .unwrap();
        assert_eq!((workload.namespace(), workload.name()), ("shop", "web-1"));
        assert_eq!(workload.proxy().labels.get("version"), Some("v1"));
        assert_eq!(workload.proxy().addresses.len(), 1);
        assert_eq!(workload.own_trust_domain(), Some("shop.example"));
        assert!(workload.proxy().metadata.contains_key("PROXY_CONFIG"));
    }

    #[test]
    fn what_is_missing_or_unreadable_is_named() {
        let missing = Workload::from_variables(&|_| None).unwrap_err();
        assert_eq!(missing.to_string(), "the environment variable `POD_NAMESPACE` is not set");
        let invalid = Workload::from_variables(&|name| {
            Some(if name == "INSTANCE_IP" { "here" } else { "x" }.into())
        });
        assert!(invalid.unwrap_err().to_string().contains("`INSTANCE_IP` holds `here`"));
    }
}
