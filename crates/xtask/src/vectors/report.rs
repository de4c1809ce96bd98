//! The table, the differences and the JSON of a run.

use std::io::{self, Write};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{
    compare::{Mismatch, Outcome, Unit},
    lists::Divergences,
};

/// How many of a family came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// As recorded.
    pub agreed: usize,
    /// Not as recorded.
    pub differ: usize,
    /// Not as recorded, on purpose.
    pub diverges: usize,
    /// Not expressed by the runner yet.
    pub unsupported: usize,
}

impl Count {
    /// All of them.
    pub fn total(&self) -> usize {
        self.agreed + self.differ + self.diverges + self.unsupported
    }

    fn add(&mut self, other: Self) {
        self.agreed += other.agreed;
        self.differ += other.differ;
        self.diverges += other.diverges;
        self.unsupported += other.unsupported;
    }
}

/// The result of a run.
#[derive(Debug)]
pub struct Report<'a> {
    units: &'a [Unit],
    divergences: &'a Divergences,
}

/// How many differences are printed without `--verbose`.
const FIRST: usize = 20;

impl<'a> Report<'a> {
    /// A report of these units.
    pub fn new(units: &'a [Unit], divergences: &'a Divergences) -> Self {
        Self { units, divergences }
    }

    /// The counts by family, in order of their names.
    pub fn families(&self) -> IndexMap<String, Count> {
        let mut families: IndexMap<String, Count> = IndexMap::new();
        for unit in self.units {
            let count = families.entry(unit.family.clone()).or_default();
            match &unit.outcome {
                Outcome::Agreed => count.agreed += 1,
                Outcome::Differ(_) if self.divergences.reason(unit).is_some() => {
                    count.diverges += 1;
                }
                Outcome::Differ(_) => count.differ += 1,
                Outcome::Unsupported(_) => count.unsupported += 1,
            }
        }
        families.sort_keys();
        families
    }

    /// The sum over all families.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        self.families().values().for_each(|count| total.add(*count));
        total
    }

    /// Whether nothing differs, nothing is unsupported and no listed divergence agrees.
    pub fn is_clean(&self) -> bool {
        let total = self.total();
        let stale = !self.divergences.stale(self.units).is_empty();
        total.total() > 0 && total.differ == 0 && total.unsupported == 0 && !stale
    }

    /// Writes the table: a line a family.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut row = |name: &str, cells: [String; 5]| {
            let [agreed, differ, diverges, unsupported, total] = cells;
            writeln!(
                out,
                "{name:<20} {agreed:>8} {differ:>8} {diverges:>8} {unsupported:>11} {total:>8}"
            )
        };
        let head = ["agreed", "differ", "diverges", "unsupported", "total"];
        row("family", head.map(str::to_owned))?;
        let cells = |count: Count| {
            [count.agreed, count.differ, count.diverges, count.unsupported, count.total()]
                .map(|number| number.to_string())
        };
        for (family, count) in self.families() {
            row(&family, cells(count))?;
        }
        row("total", cells(self.total()))
    }

    /// Writes the differences: the first ones, or all with what is unsupported.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn differences(&self, out: &mut dyn Write, all: bool) -> io::Result<()> {
        let limit = if all { usize::MAX } else { FIRST };
        let mut hidden = 0;
        let mut shown = 0;
        for unit in self.units {
            let Outcome::Differ(found) = &unit.outcome else { continue };
            let reason = self.divergences.reason(unit);
            if reason.is_some() && !all {
                continue;
            }
            if shown == limit {
                hidden += 1;
                continue;
            }
            shown += 1;
            writeln!(out, "{}", unit.place())?;
            if let Some((section, reason)) = reason {
                writeln!(out, "    diverges: {section}: {reason}")?;
            }
            if !unit.asked.is_empty() {
                writeln!(out, "    sent      {}", unit.asked)?;
            }
            for Mismatch { field, expected, got } in found {
                writeln!(out, "    {field}\n      expected {expected}\n      got      {got}")?;
            }
        }
        if hidden > 0 {
            writeln!(out, "… and {hidden} more (--verbose shows all)")?;
        }
        if all {
            for unit in self.units {
                if let Outcome::Unsupported(reason) = &unit.outcome {
                    writeln!(out, "{}\n    unsupported: {reason}", unit.place())?;
                }
            }
        }
        for entry in self.divergences.stale(self.units) {
            writeln!(out, "error: listed as a divergence, but it agrees: {entry}")?;
        }
        Ok(())
    }

    /// Everything as JSON.
    pub fn json(&self) -> Value {
        let families: serde_json::Map<String, Value> = self
            .families()
            .into_iter()
            .map(|(family, count)| {
                let value = json!({
                    "agreed": count.agreed,
                    "differ": count.differ,
                    "diverges": count.diverges,
                    "unsupported": count.unsupported,
                    "total": count.total(),
                });
                (family, value)
            })
            .collect();
        let differences: Vec<Value> =
            self.units.iter().filter_map(|unit| self.entry(unit)).collect();
        json!({ "families": families, "differences": differences })
    }

    fn entry(&self, unit: &Unit) -> Option<Value> {
        let (outcome, fields) = match &unit.outcome {
            Outcome::Agreed => return None,
            Outcome::Unsupported(reason) => ("unsupported", json!(reason)),
            Outcome::Differ(found) => {
                let fields: Vec<Value> = found
                    .iter()
                    .map(|one| {
                        json!({ "field": one.field, "expected": one.expected, "got": one.got })
                    })
                    .collect();
                let meant = self.divergences.reason(unit).is_some();
                (if meant { "diverges" } else { "differ" }, Value::Array(fields))
            }
        };
        Some(json!({
            "family": unit.family,
            "file": unit.file,
            "case": unit.name,
            "sent": unit.asked,
            "outcome": outcome,
            "fields": fields,
        }))
    }
}
