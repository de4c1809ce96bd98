//! The table itself, which is data.

use super::{Coverage, FieldCoverage};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Every field of every kind, kind by kind.
pub fn table() -> &'static [FieldCoverage] {
    &loaded().rows
}

/// What becomes of a field: the kind, the message inside of it and the JSON name.
///
/// ```
/// use meshwork_api::coverage;
/// assert!(coverage::of("VirtualService", "HTTPRoute", "timeout").is_some());
/// assert!(coverage::of("VirtualService", "HTTPRoute", "patience").is_none());
/// ```
pub fn of(kind: &str, message: &str, field: &str) -> Option<Coverage> {
    let Loaded { rows, index } = loaded();
    index.get(&(kind, message, field)).and_then(|at| rows.get(*at)).map(|row| row.coverage)
}

/// The table as a Markdown document.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Coverage\n\nWhat becomes of every field, generated from the table of `meshwork-api`: \
         *enforced* (with the recorded scenario or test that fails when the field is ignored), \
         *elsewhere* (with who sees to it), *rejected* or *advisory* (read and validated, without \
         effect; setting it yields a finding).\n",
    );
    let mut kind = "";
    for row in table() {
        if row.kind != kind {
            kind = row.kind;
            text.push_str(&format!("\n## {kind}\n\n| field | |\n|---|---|\n"));
        }
        text.push_str(&format!("| `{}.{}` | {} |\n", row.message, row.field, row.coverage));
    }
    text
}

struct Loaded {
    rows: Vec<FieldCoverage>,
    index: HashMap<(&'static str, &'static str, &'static str), usize>,
}

fn loaded() -> &'static Loaded {
    static LOADED: OnceLock<Loaded> = OnceLock::new();
    LOADED.get_or_init(|| {
        // A row that does not parse would be missing, which a test notices.
        let rows: Vec<FieldCoverage> = TEXT.lines().filter_map(row).collect();
        let index = rows
            .iter()
            .enumerate()
            .map(|(at, row)| ((row.kind, row.message, row.field), at))
            .collect();
        Loaded { rows, index }
    })
}

/// Reads `VirtualService HTTPRoute.timeout enforced http-action/timeouts`.
pub(super) fn row(line: &'static str) -> Option<FieldCoverage> {
    let (kind, rest) = line.split_once(' ')?;
    let (name, rest) = rest.split_once(' ')?;
    let (message, field) = name.rsplit_once('.')?;
    let (status, detail) = rest.split_once(' ').unwrap_or((rest, ""));
    let coverage = match status {
        "enforced" => Coverage::Enforced { evidence: detail },
        "elsewhere" => Coverage::Elsewhere { by: detail },
        "rejected" => Coverage::Rejected { why: detail },
        "advisory" => Coverage::Advisory { note: detail },
        _ => return None,
    };
    Some(FieldCoverage { kind, message, field, coverage })
}

pub(super) const TEXT: &str = include_str!("table.txt");
