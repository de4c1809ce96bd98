//! What a source says of its resources.

use std::{fmt, sync::Arc};

use meshwork_api::{AnyObject, Layer, Report};
use meshwork_core::{ResourceRef, Selector};

/// A change of configuration, as a source tells it.
///
/// A source that lists everything it has sends `Init`, then one `Apply` or `Refuse` for each
/// resource, then `InitDone`: what it had told before and did not tell again is gone. Between
/// listings it sends single changes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A listing begins.
    Init,
    /// A resource that was admitted, new or changed.
    Apply(Box<Applied>),
    /// A resource that was not admitted; its last good version stays in force.
    Refuse(Refusal),
    /// A resource is gone, and its last good version with it.
    Delete(ResourceRef),
    /// A listing is complete.
    InitDone,
}

impl Event {
    /// The change that `object` is new or has changed, for resources that are written in code.
    pub fn apply(object: impl Into<AnyObject>) -> Self {
        Self::Apply(Box::new(Applied {
            object: object.into(),
            origin: None,
            report: Report::new(),
        }))
    }

    /// A text that cannot be read at all; what it held before stays in force.
    pub fn unreadable(file: &str, reason: &str) -> Self {
        let mut report = Report::new();
        report.error(Layer::Reading, "", reason);
        let origin = Some(Origin { file: file.into(), line: 1 });
        let rendered = format!("{file}: {reason}");
        Self::Refuse(Refusal { resource: None, origin, selector: None, report, rendered })
    }

    /// The change that a resource is gone.
    pub fn delete(resource: ResourceRef) -> Self {
        Self::Delete(resource)
    }
}

/// A resource that was admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The resource.
    pub object: AnyObject,
    /// Where it was read, for diagnostics.
    pub origin: Option<Origin>,
    /// The warnings that admission had.
    pub report: Report,
}

/// A resource that was not admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which one; `None` where not even that could be read.
    pub resource: Option<ResourceRef>,
    /// Where it was read.
    pub origin: Option<Origin>,
    /// Which workloads it is about, as far as that could be read; `None` where it could not, which
    /// means all.
    pub selector: Option<Selector>,
    /// Why.
    pub report: Report,
    /// The report as a compiler would print it, with the lines that are meant; empty where there
    /// are none.
    pub rendered: String,
}

/// Where a resource was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The file, or another name of the text.
    pub file: Arc<str>,
    /// The line on which the resource begins, from 1.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
