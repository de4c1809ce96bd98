//! `cargo xtask tidy`: what holds for the whole project, whoever changes it.

mod deny;
mod edges;
mod examples;
mod files;
mod licences;
mod project;

pub use deny::Deny;
pub use project::{Dependency, Package, Project, ProjectError, Target};

/// Everything that is not as it should be; empty when all is well.
pub fn check(project: &Project) -> Vec<String> {
    let mut complaints = edges::declared(project);
    complaints.extend(edges::reach(project));
    complaints.extend(edges::published(project));
    complaints.extend(licences::check(project));
    complaints.extend(files::check(project));
    complaints.extend(examples::check(project));
    complaints
}
