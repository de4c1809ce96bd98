//! What is wrong with a rule, collected while it is compiled.

use std::sync::Arc;

use meshwork_core::FieldPath;

use crate::CompileError;

/// Errors below one field of one resource.
pub(super) struct Diagnostics<'a> {
    base: &'a FieldPath,
    errors: &'a mut Vec<CompileError>,
    /// The first error that makes the rule one that Envoy refuses.
    refused: Option<Arc<str>>,
}

impl<'a> Diagnostics<'a> {
    pub(super) fn new(base: &'a FieldPath, errors: &'a mut Vec<CompileError>) -> Self {
        Self { base, errors, refused: None }
    }

    /// Notes something that makes Envoy refuse the rule.
    pub(super) fn refuse(&mut self, field: &str, message: impl Into<String>) {
        let message = message.into();
        self.refused.get_or_insert_with(|| format!("{field}: {message}").into());
        self.note(field, message);
    }

    /// Notes something that has no effect.
    pub(super) fn note(&mut self, field: &str, message: impl Into<String>) {
        let path = format!("{}.{field}", self.base.path);
        let field = FieldPath::new(self.base.resource.clone(), path);
        let error = CompileError::new(field, message);
        // Rules are compiled for each port anew.
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Why the rule is refused, if it is.
    pub(super) fn refused(&self) -> Option<Arc<str>> {
        self.refused.clone()
    }
}
