//! Reads scenario files and parts each into its question and its key.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::{
    recorded::{Key, Sealed, VerdictRecord},
    scenario::{Backends, Case, Proxy, Question, Send},
};

/// Why a scenario cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file or folder cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file has not the form of a scenario.
    #[error("{path}: {message}")]
    Form {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// A scenario file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scenario {
    /// The name of its folder.
    pub family: String,
    /// Its file name.
    pub file: String,
    /// What it asks.
    pub question: Question,
    /// What was recorded.
    pub key: Key,
}

impl Scenario {
    /// `family/file`.
    pub fn place(&self) -> String {
        format!("{}/{}", self.family, self.file)
    }

    /// Reads one file.
    ///
    /// # Errors
    /// When it cannot be read, or holds anything that the description of the vectors does not name.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        let name = |part: Option<&std::ffi::OsStr>| {
            part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let family = name(path.parent().and_then(Path::file_name));
        Self::parse(family, name(path.file_name()), &text)
            .map_err(|message| ReadError::Form { path: path.to_owned(), message })
    }

    /// Reads a scenario from its text.
    ///
    /// # Errors
    /// What is wrong with it, with line and column where YAML knows them.
    pub fn parse(family: String, file: String, text: &str) -> Result<Self, String> {
        let options = serde_saphyr::options! { strict_booleans: true };
        let raw: File = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| error.to_string())?;
        let (question, key) = raw.part()?;
        Ok(Self { family, file, question, key })
    }
}

/// All scenario files below the folders (or the files themselves), sorted.
///
/// # Errors
/// When a folder cannot be read, or holds no scenario at all.
pub fn find(roots: &[PathBuf]) -> Result<Vec<PathBuf>, ReadError> {
    let mut found = Vec::new();
    for root in roots {
        let before = found.len();
        walk(root, &mut found)?;
        if found.len() == before {
            let message = "no scenario (`*.yaml`) below this folder".to_owned();
            return Err(ReadError::Form { path: root.clone(), message });
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.is_file() {
        if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            found.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(failed)? {
        walk(&entry.map_err(failed)?.path(), found)?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    about: String,
    mesh: Option<Value>,
    #[serde(default)]
    resources: Vec<Value>,
    #[serde(default)]
    proxies: IndexMap<String, Proxy>,
    #[serde(default)]
    backends: Backends,
    #[serde(default)]
    backend_ports: Vec<u16>,
    #[serde(default)]
    identities: IndexMap<String, String>,
    #[serde(default)]
    verdicts: Vec<Value>,
    #[serde(default)]
    schema: Vec<Value>,
    findings: Option<Value>,
    #[serde(default)]
    clusters: IndexMap<String, IndexMap<String, Value>>,
    #[serde(default)]
    cases: Vec<FileCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCase {
    name: String,
    proxy: String,
    send: Send,
    backends: Option<Backends>,
    #[serde(default)]
    exact: BTreeSet<String>,
    expect: Value,
}

impl File {
    fn part(self) -> Result<(Question, Key), String> {
        let refused = self.refused()?;
        let names = |clusters: &IndexMap<String, Value>| clusters.keys().cloned().collect();
        let question_clusters = self
            .clusters
            .iter()
            .map(|(proxy, clusters)| (proxy.clone(), names(clusters)))
            .collect();
        let seal = |values: Vec<Value>| values.into_iter().map(Sealed::new).collect::<Vec<_>>();
        let mut question = Question {
            about: self.about,
            mesh: self.mesh,
            resources: self.resources,
            refused,
            proxies: self.proxies,
            backends: self.backends,
            backend_ports: self.backend_ports,
            identities: self.identities,
            cases: Vec::with_capacity(self.cases.len()),
            clusters: question_clusters,
            verdicts: self.verdicts.len(),
            schema: self.schema.len(),
            findings: self.findings.is_some(),
        };
        let mut key = Key {
            cases: Vec::with_capacity(self.cases.len()),
            clusters: IndexMap::new(),
            verdicts: seal(self.verdicts),
            schema: seal(self.schema),
            findings: self.findings.map(Sealed::new),
        };
        for (proxy, clusters) in self.clusters {
            let sealed = clusters.into_iter().map(|(name, value)| (name, Sealed::new(value)));
            key.clusters.insert(proxy, sealed.collect());
        }
        for case in self.cases {
            let FileCase { name, proxy, send, backends, exact, expect } = case;
            if !question.proxies.contains_key(&proxy) {
                return Err(format!("case `{name}`: no proxy `{proxy}`"));
            }
            question.cases.push(Case { name, proxy, send, backends });
            key.cases.push((Sealed::new(expect), exact));
        }
        Ok((question, key))
    }

    /// Which resources the webhook refused. The verdicts stand in the order of the Istio objects.
    fn refused(&self) -> Result<Vec<bool>, String> {
        let mut refused = vec![false; self.resources.len()];
        if self.verdicts.is_empty() {
            return Ok(refused);
        }
        let istio: Vec<usize> = (0..self.resources.len())
            .filter(|&at| self.resources.get(at).is_some_and(is_istio))
            .collect();
        if istio.len() != self.verdicts.len() {
            return Err(format!("{} verdicts for {} objects", self.verdicts.len(), istio.len()));
        }
        for (at, verdict) in istio.into_iter().zip(&self.verdicts) {
            let verdict = VerdictRecord::deserialize(verdict).map_err(|error| error.to_string())?;
            if let Some(slot) = refused.get_mut(at) {
                *slot = verdict.refuses();
            }
        }
        Ok(refused)
    }
}

/// Whether istiod's webhook sees the object.
pub(crate) fn is_istio(resource: &Value) -> bool {
    resource
        .get("apiVersion")
        .and_then(Value::as_str)
        .and_then(|version| version.split('/').next())
        .is_some_and(|group| group.ends_with(".istio.io"))
}
