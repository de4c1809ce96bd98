//! The files: how long they are, how they begin, and what they must not hold.

use std::{env, fs, path::Path};

use super::Project;

/// Lines that a source file may have.
const LONGEST: usize = 500;

pub(super) fn check(project: &Project) -> Vec<String> {
    let machine = machine_paths(&project.root);
    let mut complaints = Vec::new();
    for file in &project.files {
        let Ok(text) = fs::read_to_string(project.root.join(file)) else { continue };
        if file.extension().is_some_and(|end| end == "rs") {
            complaints.extend(source(file, &text));
        }
        complaints.extend(machine_words(file, &text, &machine));
    }
    complaints
}

fn source(file: &Path, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST && !is_test(file) {
        complaints.push(format!("{}: {lines} lines, {LONGEST} at most", file.display()));
    }
    let first = text.lines().next().unwrap_or_default();
    if !first.starts_with("//! ") && !first.starts_with("#![doc = include_str!(") {
        let say = "does not begin with a `//!` line that says what it holds";
        complaints.push(format!("{}: {say}", file.display()));
    }
    complaints
}

/// Tests and benches may be long.
fn is_test(file: &Path) -> bool {
    let folder = |part: &str| matches!(part, "tests" | "benches" | "fuzz");
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    file.iter().filter_map(|part| part.to_str()).any(folder)
        || matches!(name, "tests.rs" | "test.rs")
}

/// The folders that only this machine has.
fn machine_paths(root: &Path) -> Vec<String> {
    let temporary = env::temp_dir();
    let parent = root.parent().filter(|parent| **parent != temporary && parent.iter().count() > 1);
    let home = env::var("HOME").ok().filter(|home| home.len() > 1);
    let parent = parent.and_then(Path::to_str).map(str::to_owned);
    parent.into_iter().chain(home).map(|path| format!("{path}/")).collect()
}

fn machine_words(file: &Path, text: &str, machine: &[String]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let place = || format!("{}:{}", file.display(), at + 1);
        for path in machine.iter().filter(|path| names(line, path)) {
            complaints.push(format!("{}: names `{path}`, a folder of this machine", place()));
        }
        if registry_host(line) {
            complaints.push(format!("{}: names the host of a registry", place()));
        }
    }
    complaints
}

/// Whether the line names the path itself, and not a longer one that ends like it.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|before| !before.is_alphanumeric() && !"/.-_~*}".contains(before))
    })
}

/// Whether the line holds the address of a package registry or of its mirror.
fn registry_host(line: &str) -> bool {
    let hosts = ["static", "index", "proxy", "registry", "files", "deb"];
    line.split("://").skip(1).any(|rest| {
        let first = rest.split(['.', '/', ':', '"']).next().unwrap_or_default();
        let is_host = rest.get(first.len()..).is_some_and(|rest| rest.starts_with('.'));
        is_host && hosts.contains(&first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_unnamed_sources_are_complaints() {
        let long = format!("//! Long.\n{}", "\n".repeat(LONGEST));
        assert_eq!(source(Path::new("src/a.rs"), &long).len(), 1);
        assert_eq!(source(Path::new("tests/a.rs"), &long).len(), 0);
        assert_eq!(source(Path::new("src/a.rs"), "use std::fs;\n").len(), 1);
    }

    #[test]
    fn words_of_a_machine_are_complaints() {
        let machine = ["/somewhere/".to_owned()];
        let check = |line: &str| machine_words(Path::new("a"), line, &machine).len();
        assert_eq!(check("see /somewhere/else"), 1);
        assert_eq!(check("see ./target/somewhere/else"), 0);
        assert_eq!(check(&["https:/", "/index.crates.example/"].concat()), 1);
        assert_eq!(check("https://github.com/a/b"), 0);
    }
}
