//! From texts to events: reading is the admission of files.

use std::collections::BTreeMap;

use meshwork_api::{
    AnyObject, Report, Severity, Violation,
    read::{Diagnostic, Located, ReadOutcome, Reader},
    selector::WorkloadSelector,
};
use meshwork_core::{ResourceRef, Selector};

use crate::{Applied, Event, Origin, Refusal};

/// The events that a text of YAML or JSON documents stands for: `Apply` for each resource that is
/// admitted, `Refuse` for each that is not and for each document that cannot be read.
///
/// ```
/// use meshwork_api::read::Reader;
/// use meshwork_config::{Event, events_of};
/// let events = events_of(&Reader::default(), "reviews.yaml", b"kind: VirtualServise");
/// assert!(matches!(&events[..], [Event::Refuse(refusal)] if refusal.resource.is_none()));
/// ```
pub fn events_of(reader: &Reader, name: &str, text: &[u8]) -> Vec<Event> {
    let ReadOutcome { objects, refused, diagnostics, .. } = reader.bytes(name, text);
    let applied = objects.into_iter().map(|located| {
        let origin = Some(origin_of(&located));
        let mut report = located.report().clone();
        report.extend(located.unenforced().iter().cloned());
        Event::Apply(Box::new(Applied { object: located.object, origin, report }))
    });
    let selectors: BTreeMap<_, _> = refused
        .iter()
        .map(|located| (located.object.reference(), selector_of(&located.object)))
        .collect();
    let mut by_resource: BTreeMap<(Option<ResourceRef>, usize), Vec<Diagnostic>> = BTreeMap::new();
    let errors = diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
    for (index, found) in errors.enumerate() {
        // What belongs to no resource stands for itself.
        let own = if found.resource.is_some() { 0 } else { index };
        by_resource.entry((found.resource.clone(), own)).or_default().push(found);
    }
    let refused = by_resource.into_iter().map(|((resource, _), found)| {
        let selector = resource.as_ref().and_then(|resource| selectors.get(resource)?.clone());
        Event::Refuse(refusal(resource, selector, &found))
    });
    applied.chain(refused).collect()
}

fn refusal(
    resource: Option<ResourceRef>,
    selector: Option<Selector>,
    found: &[Diagnostic],
) -> Refusal {
    let origin = found.first().map(|first| Origin {
        file: first.source.name().into(),
        line: u32::try_from(first.position().line).unwrap_or(u32::MAX),
    });
    let mut report = Report::new();
    report.extend(found.iter().map(|found| {
        let Diagnostic { layer, path, message, .. } = found;
        let position = found.position();
        Violation::error(*layer, path.as_str(), format!("{message} (line {})", position.line))
    }));
    let rendered: Vec<_> = found.iter().map(|found| found.render(false)).collect();
    Refusal { resource, origin, selector, report, rendered: rendered.join("\n") }
}

fn origin_of(located: &Located<AnyObject>) -> Origin {
    let line = located.locate("").map_or(1, |position| position.line);
    Origin { file: located.source().name().into(), line: u32::try_from(line).unwrap_or(u32::MAX) }
}

/// The workloads that a refused security resource is about, as far as it can be read.
fn selector_of(object: &AnyObject) -> Option<Selector> {
    let written: &Option<WorkloadSelector> = match object {
        AnyObject::PeerAuthentication(object) => &object.spec.selector,
        AnyObject::RequestAuthentication(object) => &object.spec.selector,
        AnyObject::AuthorizationPolicy(object) => &object.spec.selector,
        _ => return None,
    };
    let labels = written.iter().flat_map(|selector| &selector.match_labels);
    Some(Selector::labels(labels.map(|(key, value)| (key.as_str(), value.as_str())).collect()))
}
