//! The error for names that an enumeration does not have.

/// A text is not the name of a value of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not one of {}", listed(expected))]
pub struct UnknownName {
    name: String,
    expected: &'static [&'static str],
}

impl UnknownName {
    pub(crate) fn new(name: &str, expected: &'static [&'static str]) -> Self {
        Self { name: name.chars().take(64).collect(), expected }
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
