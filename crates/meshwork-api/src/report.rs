//! What validation found.

use std::fmt;

/// Everything that is wrong with one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order in which the checks found them.
    pub violations: Vec<Violation>,
}

impl Report {
    /// A report without violations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a violation.
    pub fn push(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// Adds an error.
    pub fn error(&mut self, layer: Layer, path: impl Into<String>, message: impl Into<String>) {
        self.push(Violation::error(layer, path, message));
    }

    /// Adds a warning.
    pub fn warn(&mut self, layer: Layer, path: impl Into<String>, message: impl Into<String>) {
        self.push(Violation::warning(layer, path, message));
    }

    /// Whether the object is refused: one of the violations is an error.
    pub fn is_rejected(&self) -> bool {
        self.violations.iter().any(|violation| violation.severity == Severity::Error)
    }

    /// Whether the object is refused by this layer.
    pub fn is_rejected_by(&self, layer: Layer) -> bool {
        self.iter().any(|v| v.layer == layer && v.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.violations.is_empty()
    }

    /// The violations.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.violations.iter()
    }

    /// The violations that refuse the object.
    pub fn errors(&self) -> impl Iterator<Item = &Violation> {
        self.iter().filter(|violation| violation.severity == Severity::Error)
    }

    /// The violations that do not.
    pub fn warnings(&self) -> impl Iterator<Item = &Violation> {
        self.iter().filter(|violation| violation.severity == Severity::Warning)
    }
}

impl<'a> IntoIterator for &'a Report {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Report {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.violations.into_iter()
    }
}

impl Extend<Violation> for Report {
    fn extend<I: IntoIterator<Item = Violation>>(&mut self, violations: I) {
        self.violations.extend(violations);
    }
}

impl fmt::Display for Report {
    /// One violation a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{violation}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, from the object's root: `spec.http[2].match[0].uri.regex`; empty for the object.
    pub path: String,
    /// Who would say so.
    pub layer: Layer,
    /// Whether the object is refused.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, what the user wrote in backticks.
    pub message: String,
}

impl Violation {
    /// A violation that refuses the object.
    pub fn error(layer: Layer, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), layer, severity: Severity::Error, message: message.into() }
    }

    /// A violation that does not refuse the object.
    pub fn warning(layer: Layer, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), layer, severity: Severity::Warning, message: message.into() }
    }
}

impl fmt::Display for Violation {
    /// `error[admission] spec.http[0].route[0].weight: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}] ", self.severity, self.layer)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Who finds a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Layer {
    /// The text cannot be read as this kind of object.
    Reading,
    /// An API server, by Istio's CustomResourceDefinitions.
    Schema,
    /// istiod's admission webhook.
    Admission,
    /// The [coverage](crate::coverage): the field is valid, but nothing here enforces it.
    Coverage,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reading => "reading",
            Self::Schema => "schema",
            Self::Admission => "admission",
            Self::Coverage => "coverage",
        })
    }
}

/// How bad a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The object is taken.
    Warning,
    /// The object is refused.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
