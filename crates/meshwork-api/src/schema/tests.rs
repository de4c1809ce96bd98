//! Tests of the schemas, a table per subject.
