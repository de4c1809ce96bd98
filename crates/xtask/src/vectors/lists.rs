//! The two checked-in lists: intended divergences, and differences that are known today.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use super::compare::{Outcome, Unit};

/// Differences that are meant: by place, the section that says so and the reason.
///
/// A line is `family/file.yaml: unit | section | reason`. Lines that begin with `#` are comments.
#[derive(Clone, Debug, Default)]
pub struct Divergences(BTreeMap<String, (String, String)>);

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// A line has not the form `place | section | reason`.
    #[error("line {0}: not `place | section | reason`")]
    Form(usize),
    /// A line names neither of the two documents that may allow a divergence.
    #[error("line {0}: `{1}` is neither a section of security.md §13.5 nor of docs/CONFORMANCE.md")]
    Section(usize, String),
}

impl Divergences {
    /// Reads the list.
    ///
    /// # Errors
    /// When it cannot be read, or a line has another form.
    pub fn read(path: &Path) -> Result<Self, ListError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ListError::Io(path.display().to_string(), error))?;
        Self::parse(&text)
    }

    /// Reads the list from its text.
    ///
    /// # Errors
    /// When a line has another form.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        let mut list = BTreeMap::new();
        for (at, line) in entries(text) {
            let mut parts = line.splitn(3, " | ").map(str::trim);
            let (Some(place), Some(section), Some(reason)) =
                (parts.next(), parts.next(), parts.next())
            else {
                return Err(ListError::Form(at));
            };
            if !section.starts_with("security.md 13.5") && !section.starts_with("CONFORMANCE") {
                return Err(ListError::Section(at, section.to_owned()));
            }
            list.insert(place.to_owned(), (section.to_owned(), reason.to_owned()));
        }
        Ok(Self(list))
    }

    /// The section and the reason, where the unit's difference is meant.
    pub fn reason(&self, unit: &Unit) -> Option<(&str, &str)> {
        let (section, reason) = self.0.get(&unit.place())?;
        Some((section, reason))
    }

    /// Entries whose unit agrees: an error.
    pub fn stale<'a>(&'a self, units: &'a [Unit]) -> Vec<&'a str> {
        stale(self.0.keys(), units)
    }

    /// All entries: place, section, reason.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0
            .iter()
            .map(|(place, (section, reason))| (place.as_str(), section.as_str(), reason.as_str()))
    }
}

/// Units that do not agree today. The list may only shrink.
#[derive(Clone, Debug, Default)]
pub struct KnownDifferences(BTreeSet<String>);

impl KnownDifferences {
    /// Reads the list: one place a line.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Self, ListError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ListError::Io(path.display().to_string(), error))?;
        Ok(Self(entries(&text).map(|(_, line)| line.to_owned()).collect()))
    }

    /// Whether the unit is known to differ.
    pub fn holds(&self, unit: &Unit) -> bool {
        self.0.contains(&unit.place())
    }

    /// The list without the entries whose unit agrees. It never grows.
    pub fn shrunk(&self, units: &[Unit]) -> String {
        let stale: BTreeSet<&str> = self.stale(units).into_iter().collect();
        let left = self.0.iter().map(String::as_str).filter(|entry| !stale.contains(entry));
        HEAD.lines().chain(left).map(|line| format!("{line}\n")).collect()
    }

    /// Entries whose unit agrees: they have to go.
    pub fn stale<'a>(&'a self, units: &'a [Unit]) -> Vec<&'a str> {
        stale(self.0.iter(), units)
    }

    /// Entries that no unit has the place of.
    pub fn unknown<'a>(&'a self, units: &[Unit]) -> Vec<&'a str> {
        let places: BTreeSet<String> = units.iter().map(Unit::place).collect();
        self.0.iter().filter(|entry| !places.contains(*entry)).map(String::as_str).collect()
    }
}

fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn stale<'a>(entries: impl Iterator<Item = &'a String>, units: &[Unit]) -> Vec<&'a str> {
    let agreed: BTreeSet<String> =
        units.iter().filter(|unit| unit.outcome == Outcome::Agreed).map(Unit::place).collect();
    entries.filter(|entry| agreed.contains(*entry)).map(String::as_str).collect()
}

const HEAD: &str = "\
# Units that do not agree today, one a line. The list may only shrink:
# `cargo xtask conformance` takes out what agrees, and nothing is ever added.";
