//! The table and the types say the same.

use super::table::{TEXT, row};
use super::walk::{reachable, short_name};
use super::{Coverage, table};
use crate::AnyObject;
use crate::mesh::MeshConfig;
use std::collections::BTreeSet;

fn declared() -> Vec<String> {
    AnyObject::descriptors()
        .chain([("MeshConfig", MeshConfig::descriptor())])
        .flat_map(|(kind, descriptor)| {
            reachable(descriptor).into_iter().flat_map(move |message| {
                message
                    .fields()
                    .map(move |(field, _)| format!("{kind} {}.{field}", short_name(message)))
            })
        })
        .collect()
}

#[test]
fn every_field_of_the_types_stands_in_the_table_once() {
    let declared = declared();
    let listed: Vec<String> =
        table().iter().map(|row| format!("{} {}.{}", row.kind, row.message, row.field)).collect();
    let missing: Vec<_> = declared.iter().filter(|name| !listed.contains(name)).collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    let stale: Vec<_> = listed.iter().filter(|name| !declared.contains(name)).collect();
    assert!(stale.is_empty(), "no such field: {stale:#?}");
    let distinct: BTreeSet<_> = listed.iter().collect();
    assert_eq!(distinct.len(), listed.len(), "a field stands twice");
}

#[test]
fn every_line_is_a_row_with_its_reason() {
    for line in TEXT.lines() {
        let row = row(line).unwrap_or_else(|| panic!("not a row: {line}"));
        let reason = match row.coverage {
            Coverage::Enforced { evidence } => evidence,
            Coverage::Elsewhere { by } => by,
            Coverage::Rejected { why } => why,
            Coverage::Advisory { note } => note,
        };
        assert!(!reason.is_empty(), "no reason: {line}");
    }
}

/// A scenario is `family/name`; a test is its crate and its file there.
#[test]
fn what_is_enforced_names_its_evidence() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for row in table() {
        let Coverage::Enforced { evidence } = row.coverage else { continue };
        let found = match evidence.split_once(' ') {
            Some((name, file)) => crates.join(name).join(file).is_file(),
            None => crates.join(format!("xtask/vectors/{evidence}.yaml")).is_file(),
        };
        assert!(found, "{row:?}");
    }
}
