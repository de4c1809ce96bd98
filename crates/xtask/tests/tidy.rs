//! The project is tidy.

use xtask::tidy::{Project, check};

#[test]
fn the_project_is_tidy() {
    let project = Project::load().unwrap();
    assert!(project.own().count() > 10, "cargo knows the workspace");
    assert!(project.files.len() > 100, "git knows the files");
    assert!(project.deny.licences.contains("MIT"), ".deny.toml is read");
    assert!(project.deny.crates.contains("openssl"), ".deny.toml is read");
    let complaints = check(&project);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
