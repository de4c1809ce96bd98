//! The examples by name: all there, short, and found from the README.

use std::fs;

use super::{Project, Target};

/// Those that users are promised.
const PROMISED: [&str; 11] = [
    "hyper_service",
    "axum_service",
    "tonic_client_server",
    "routes_only",
    "authz_only",
    "balance_only",
    "sidecar_proxy",
    "gateway",
    "custom_source",
    "custom_balancer",
    "custom_identity",
];

/// An example has fewer lines than this.
const LONGEST: usize = 120;

pub(super) fn check(project: &Project) -> Vec<String> {
    let Some(package) = project.own().find(|package| package.name == "meshwork-examples") else {
        return vec!["there is no package `meshwork-examples`".into()];
    };
    let examples = package.targets.iter().filter(|target| is_example(target));
    let readme = fs::read_to_string(project.root.join("README.md")).unwrap_or_default();
    let mut complaints = Vec::new();
    for name in PROMISED {
        if !examples.clone().any(|example| example.name == name) {
            complaints.push(format!("examples: there is no `{name}`"));
        }
    }
    for example in examples {
        let text = fs::read_to_string(&example.src_path).unwrap_or_default();
        complaints.extend(of_example(&example.name, &text, &readme));
    }
    complaints
}

fn is_example(target: &Target) -> bool {
    target.kind.iter().any(|kind| kind == "example")
}

fn of_example(name: &str, text: &str, readme: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = text.lines().count();
    if lines == 0 || lines >= LONGEST {
        let say = format!("{lines} lines, fewer than {LONGEST} are promised");
        complaints.push(format!("examples/{name}.rs: {say}"));
    }
    if !readme.contains(&format!("(examples/{name}.rs)")) {
        complaints.push(format!("examples/{name}.rs: the README has no link to it"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_short_and_linked() {
        let link = "[one](examples/one.rs)";
        assert_eq!(of_example("one", "//! One.\n", link), [""; 0]);
        assert_eq!(of_example("one", &"line\n".repeat(120), link).len(), 1);
        assert_eq!(of_example("one", "", link).len(), 1);
        assert_eq!(of_example("two", "//! Two.\n", link).len(), 1);
    }

    #[test]
    fn what_is_promised_is_there() {
        let mut project = Project::default();
        assert_eq!(check(&project).len(), 1, "no package");
        let package =
            crate::tidy::Package { name: "meshwork-examples".into(), ..Default::default() };
        project.members.insert(String::new());
        project.packages.insert(String::new(), package);
        assert_eq!(check(&project).len(), PROMISED.len());
    }
}
