//! Reads the two lists of `.deny.toml` that hold without cargo-deny, too.

use std::collections::BTreeSet;

/// Which licences are allowed and which crates are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deny {
    /// SPDX identifiers, with their exceptions.
    pub licences: BTreeSet<String>,
    /// Names of crates.
    pub crates: BTreeSet<String>,
}

impl Deny {
    /// Reads the lists `licenses.allow` and `bans.deny`, which hold one text a line.
    pub fn parse(text: &str) -> Self {
        let mut deny = Self::default();
        let (mut table, mut list) = (String::new(), String::new());
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                table = name.to_owned();
            } else if let Some(name) = line.strip_suffix("= [") {
                list = name.trim().to_owned();
            } else if line.starts_with(']') {
                list.clear();
            } else if let Some(entry) = line.strip_prefix('"') {
                let entry = entry.split('"').next().unwrap_or_default().to_owned();
                match (table.as_str(), list.as_str()) {
                    ("licenses", "allow") => deny.licences.insert(entry),
                    ("bans", "deny") => deny.crates.insert(entry),
                    _ => false,
                };
            }
        }
        deny
    }
}
