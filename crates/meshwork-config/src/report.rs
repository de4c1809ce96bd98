//! What is wrong with the configuration that is in force.

use std::fmt;

use meshwork_core::{FieldPath, ResourceRef};

use crate::Origin;

/// Everything that admission and compilation have to say, sorted by resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompileReport {
    /// The entries.
    pub diagnostics: Vec<Diagnostic>,
}

/// One thing that somebody has to know of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// The resource and the field; `None` where the text names no resource.
    pub field: Option<FieldPath>,
    /// Where the resource was read.
    pub origin: Option<Origin>,
    /// What is wrong and what meshwork does about it.
    pub message: String,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "callers have to handle every level")]
pub enum Level {
    /// A resource was refused: its last good version is in force, or nothing is.
    Alarm,
    /// A resource is in force and part of it has no effect.
    Warning,
}

impl Diagnostic {
    /// A diagnostic of a field.
    pub fn new(level: Level, field: Option<FieldPath>, message: impl Into<String>) -> Self {
        Self { level, field, origin: None, message: message.into() }
    }

    /// The resource that is meant.
    pub fn resource(&self) -> Option<&ResourceRef> {
        self.field.as_ref().map(|field| &field.resource)
    }
}

impl CompileReport {
    /// Whether a resource was refused.
    pub fn has_alarms(&self) -> bool {
        self.alarms().next().is_some()
    }

    /// The resources that were refused.
    pub fn alarms(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Alarm)
    }

    pub(crate) fn sort(&mut self) {
        self.diagnostics.sort();
        self.diagnostics.dedup();
    }
}

impl fmt::Display for CompileReport {
    /// One diagnostic a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Diagnostic {
    /// `alarm: mesh/reviews.yaml:4: VirtualService default/reviews spec.http[0].timeout: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.level)?;
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alarm => "alarm",
            Self::Warning => "warning",
        })
    }
}
