//! Which crate knows which: the layout of docs/ARCHITECTURE.md, checked.

use std::collections::BTreeSet;

use super::Project;

/// The declared edges between our crates. Every crate of the workspace stands here.
///
/// What a crate needs in its tests alone is not an edge.
const EDGES: &[(&str, &[&str])] = &[
    ("meshwork-core", &[]),
    ("meshwork-api", &["core"]),
    ("meshwork-index", &[]),
    ("meshwork-registry", &["core", "api"]),
    ("meshwork-balance", &["core"]),
    ("meshwork-identity", &["core"]),
    ("meshwork-routing", &["core", "api", "registry"]),
    ("meshwork-policy", &["core", "api", "registry", "balance"]),
    ("meshwork-authn", &["core", "api"]),
    ("meshwork-authz", &["core", "api"]),
    (
        "meshwork-config",
        &["core", "api", "registry", "routing", "policy", "balance", "authn", "authz"],
    ),
    ("meshwork-telemetry", &["core"]),
    (
        "meshwork-tower",
        &["core", "api", "config", "routing", "policy", "registry", "balance", "authz"],
    ),
    ("meshwork-transport", &["core", "tower", "identity", "policy", "routing"]),
    (
        "meshwork",
        &[
            "core",
            "api",
            "registry",
            "routing",
            "policy",
            "balance",
            "authn",
            "authz",
            "config",
            "tower",
            "identity",
            "transport",
        ],
    ),
    ("meshwork-benches", &[]),
    ("bookinfo", &["meshwork"]),
    ("xtask", &[]),
];

/// The crates below the line. They never wait, so they never reach what waits.
const BELOW: [&str; 10] = [
    "meshwork-core",
    "meshwork-api",
    "meshwork-index",
    "meshwork-registry",
    "meshwork-routing",
    "meshwork-policy",
    "meshwork-balance",
    "meshwork-identity",
    "meshwork-authn",
    "meshwork-authz",
];

/// What no crate below the line reaches.
const WAITING: [&str; 6] = ["tokio", "hyper", "tower", "mio", "socket2", "async-std"];

/// Crates that tools and tests alone use: what they know is not part of the layout.
const TOOLS: [&str; 4] = ["xtask", "meshwork-benches", "meshwork-examples", "bookinfo"];

/// Declared edges are the real edges.
pub(super) fn declared(project: &Project) -> Vec<String> {
    let own: BTreeSet<&str> = project.own().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in project.own() {
        let name = package.name.as_str();
        if TOOLS.contains(&name) {
            continue;
        }
        let Some((_, declared)) = EDGES.iter().find(|(crate_name, _)| *crate_name == name) else {
            complaints.push(format!("{name}: not in the table of edges (crates/xtask, tidy)"));
            continue;
        };
        let declared: BTreeSet<String> = declared.iter().map(|short| full(short)).collect();
        let normal = package.dependencies.iter().filter(|edge| edge.kind.is_none());
        let real: BTreeSet<String> = normal
            .map(|edge| edge.name.clone())
            .filter(|edge| own.contains(edge.as_str()) || edge.starts_with("meshwork"))
            .collect();
        for edge in real.difference(&declared) {
            complaints.push(format!("{name}: depends on {edge}, which the layout does not say"));
        }
        for edge in declared.difference(&real) {
            complaints.push(format!("{name}: does not depend on {edge}, which the layout says"));
        }
    }
    complaints
}

fn full(short: &str) -> String {
    if short == "meshwork" { short.to_owned() } else { format!("meshwork-{short}") }
}

/// Below the line nothing waits.
pub(super) fn reach(project: &Project) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in project.own() {
        let name = package.name.as_str();
        if BELOW.contains(&name) {
            let reached = project.reached(package);
            for waiting in WAITING.iter().filter(|waiting| reached.contains(*waiting)) {
                complaints.push(format!("{name}: reaches {waiting}"));
            }
        }
        if name == "meshwork-config" {
            let normal = package.dependencies.iter().filter(|edge| edge.kind.is_none());
            for edge in normal.filter(|edge| !edge.optional) {
                if WAITING.contains(&edge.name.as_str()) || edge.name == "notify" {
                    complaints.push(format!("{name}: {} is not behind a feature", edge.name));
                }
            }
        }
    }
    complaints
}

/// What can be published says what it is.
pub(super) fn published(project: &Project) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in project.own() {
        if package.publish.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        let facts = [
            ("description", package.description.is_some()),
            ("readme", package.readme.is_some()),
            ("repository", package.repository.is_some()),
            ("license", package.license.is_some()),
        ];
        for (fact, _) in facts.iter().filter(|(_, stands)| !stands) {
            complaints.push(format!("{}: no `{fact}` in its manifest", package.name));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::{Dependency, Package};

    fn project(name: &str, edges: &[&str]) -> Project {
        let mut project = Project::default();
        let package = |name: &str| Package {
            id: name.to_owned(),
            name: name.to_owned(),
            ..Package::default()
        };
        let mut own = package(name);
        for edge in edges {
            let name = (*edge).to_owned();
            own.dependencies.push(Dependency { name: name.clone(), kind: None, optional: false });
            project.packages.insert(name, package(edge));
        }
        project.graph.insert(own.id.clone(), edges.iter().map(|edge| (*edge).to_owned()).collect());
        project.members.insert(own.id.clone());
        project.packages.insert(own.id.clone(), own);
        project
    }

    #[test]
    fn an_edge_more_or_less_is_a_complaint() {
        assert_eq!(declared(&project("meshwork-balance", &["meshwork-core"])), [""; 0]);
        assert_eq!(declared(&project("meshwork-balance", &[])).len(), 1);
        let more = project("meshwork-balance", &["meshwork-core", "meshwork-api"]);
        assert_eq!(declared(&more).len(), 1);
        assert_eq!(declared(&project("meshwork-news", &[])).len(), 1);
    }

    #[test]
    fn waiting_below_the_line_is_a_complaint() {
        assert_eq!(reach(&project("meshwork-routing", &["tokio"])).len(), 1);
        assert_eq!(reach(&project("meshwork-tower", &["tokio"])), [""; 0]);
        assert_eq!(reach(&project("meshwork-config", &["tokio"])).len(), 1);
    }
}
