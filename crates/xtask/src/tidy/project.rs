//! What cargo and git know of the project.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use super::Deny;

/// The project: its packages, the graph of what they depend on, and its files.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// All packages of the graph by cargo's id.
    pub packages: BTreeMap<String, Package>,
    /// The ids of its own packages.
    pub members: BTreeSet<String>,
    /// For each package, what it needs when it is built or run.
    pub graph: BTreeMap<String, BTreeSet<String>>,
    /// Its files, relative to its folder.
    pub files: Vec<PathBuf>,
    /// Which licences and crates are allowed.
    pub deny: Deny,
}

/// A package.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Package {
    /// Cargo's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its licence as an SPDX expression.
    pub license: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Its README.
    pub readme: Option<PathBuf>,
    /// Its repository.
    pub repository: Option<String>,
    /// Where it may be published; an empty list means nowhere.
    pub publish: Option<Vec<String>>,
    /// The dependencies its manifest declares.
    pub dependencies: Vec<Dependency>,
    /// What cargo builds of it.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// Something that cargo builds.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// Its name.
    pub name: String,
    /// `lib`, `example`, `test`, ….
    pub kind: Vec<String>,
    /// Its first file.
    pub src_path: PathBuf,
}

/// A dependency of a manifest.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// `dev`, `build`, or none for a normal one.
    pub kind: Option<String>,
    /// Whether a feature turns it on.
    pub optional: bool,
}

/// Why the project cannot be examined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// A program could not be run.
    #[error("`{0}`: {1}")]
    Run(&'static str, io::Error),
    /// A program failed.
    #[error("`{0}` failed: {1}")]
    Failed(&'static str, String),
    /// The answer of cargo cannot be read.
    #[error("`cargo metadata`: {0}")]
    Metadata(#[from] serde_json::Error),
    /// A file cannot be read.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Project {
    /// Asks cargo and git.
    ///
    /// # Errors
    /// When either cannot be run, or answers in another form.
    pub fn load() -> Result<Self, ProjectError> {
        let root = crate::root();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let platform = "--filter-platform=x86_64-unknown-linux-gnu";
        let mut command = Command::new(cargo);
        command.args(["metadata", "--format-version=1", platform]);
        let text = run(command.current_dir(&root), "cargo metadata")?;
        let metadata: Metadata = serde_json::from_slice(&text)?;
        let mut graph = BTreeMap::new();
        for node in metadata.resolve.nodes {
            let needed = node.deps.into_iter().filter(|edge| {
                edge.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
            });
            graph.insert(node.id, needed.map(|edge| edge.pkg).collect());
        }
        let deny = root.join(".deny.toml");
        let text = fs::read_to_string(&deny).map_err(|error| ProjectError::File(deny, error))?;
        let packages = metadata.packages.into_iter();
        Ok(Self {
            packages: packages.map(|package| (package.id.clone(), package)).collect(),
            members: metadata.workspace_members,
            graph,
            files: files(&root)?,
            deny: Deny::parse(&text),
            root,
        })
    }

    /// Its own packages.
    pub fn own(&self) -> impl Iterator<Item = &Package> {
        self.members.iter().filter_map(|id| self.packages.get(id))
    }

    /// Everything that a package needs when it is built or run, directly or not.
    pub fn reached(&self, from: &Package) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from.id.as_str()];
        while let Some(id) = open.pop() {
            for next in self.graph.get(id).into_iter().flatten() {
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        seen.iter()
            .filter_map(|id| self.packages.get(*id))
            .map(|found| found.name.as_str())
            .collect()
    }
}

fn run(command: &mut Command, name: &'static str) -> Result<Vec<u8>, ProjectError> {
    let output = command.output().map_err(|error| ProjectError::Run(name, error))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(ProjectError::Failed(name, error))
    }
}

/// The files that are, or would be, under version control.
fn files(root: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let mut command = Command::new("git");
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let text = run(command.current_dir(root), "git ls-files")?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let names = text.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    let mut files: Vec<PathBuf> = names.filter(|name| root.join(name).is_file()).collect();
    files.sort();
    files.dedup();
    Ok(files)
}
