//! `cargo xtask conformance`: writes docs/CONFORMANCE.md from a run over the vectors in the project.

use std::{collections::BTreeMap, fmt::Write};

use crate::vectors::{
    compare::{Outcome, Unit},
    lists::Divergences,
    report::{Count, Report},
};

/// The page, as a run gives it.
pub fn page(units: &[Unit], divergences: &Divergences) -> String {
    let report = Report::new(units, divergences);
    let mut text = String::from(HEAD);
    text.push_str("| family | agreed | differ | diverges | unsupported | total |\n");
    text.push_str("|---|---:|---:|---:|---:|---:|\n");
    let mut row = |name: &str, count: Count| {
        let Count { agreed, differ, diverges, unsupported } = count;
        let total = count.total();
        let _infallible = writeln!(
            text,
            "| {name} | {agreed} | {differ} | {diverges} | {unsupported} | {total} |"
        );
    };
    for (family, count) in report.families() {
        row(&family, count);
    }
    row("**all**", report.total());
    text.push_str("\n## Not supported yet\n\n");
    text.push_str(&unsupported(units));
    text.push_str(
        "\n## Intended divergences\n\nWhere meshwork answers otherwise on purpose. Each is listed, \
         case by case, in\n`crates/xtask/vectors/intended-divergences.txt`.\n\n",
    );
    let mut any = false;
    for (place, section, reason) in divergences.iter() {
        any = true;
        let _infallible = writeln!(text, "- `{place}` ({section}): {reason}");
    }
    if !any {
        text.push_str("None.\n");
    }
    text
}

/// The reasons why units cannot be expressed yet, with how many of which family.
fn unsupported(units: &[Unit]) -> String {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for unit in units {
        if let Outcome::Unsupported(reason) = &unit.outcome {
            *reasons.entry((reason, &unit.family)).or_default() += 1;
        }
    }
    if reasons.is_empty() {
        return "Nothing.\n".to_owned();
    }
    let mut text = String::new();
    for ((reason, family), count) in reasons {
        let _infallible = writeln!(text, "- {family}: {count} × {reason}");
    }
    text
}

const HEAD: &str = "\
# Conformance

What istiod and Envoy really do was recorded: configurations as a cluster holds them, and the answer that each
connection and request got. `crates/xtask/vectors` holds these recordings, and `cargo xtask vectors DIR...` runs them
through the same layers and decision functions that a user of meshwork builds with, over an in-memory network and in
virtual time. This page is written by `cargo xtask conformance`; a test holds that it is current.

A unit is one case, one verdict of the admission webhook, one verdict of the schema, or one cluster's derived policy.
*Agreed* is as recorded, field by field. *Differ* is not, and is a fault of ours: each is listed in
`crates/xtask/vectors/known-differences.txt`, which may only shrink. *Diverges* is a difference on purpose.
*Unsupported* is what the runner cannot express yet.

`cargo xtask vectors --sockets N --seed S` runs a sample over real sockets with real handshakes instead and compares
both runs; `cargo xtask interop` speaks mutual TLS with a real Envoy, where there is one.

";
