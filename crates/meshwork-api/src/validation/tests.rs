//! Tests of the rules, a table per subject.
