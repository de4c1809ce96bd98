//! What istiod's admission webhook says of an object.
//!
//! An API server asks the webhook about every object of Istio's kinds, once its own schema checks
//! are through. The webhook reads the object into the same messages that istiod works with and
//! applies the rules that stand here, a file per subject. Rules need no other object. All of them
//! are applied, so that a report is complete.

mod authentication;
mod authorization_policy;
mod authorization_rule;
mod client_tls;
mod connection_pool;
mod destination_rule;
mod findings;
mod gateway;
mod http_action;
mod http_match;
mod http_route;
mod l4_route;
mod load_balancer;
mod metadata;
mod place;
pub(crate) mod primitive;
mod semantics;
mod server_tls;
mod service_entry;
mod shared;
mod sidecar;
mod telemetry;
mod unreachable;
mod virtual_service;
mod workload;

use crate::proto::Reading;
use crate::{AnyObject, Layer, ObjectMeta, Report};
use findings::Findings;
pub(crate) use metadata::records as metadata_records;
use place::Place;
use serde_json::Value;
use std::fmt;

/// The webhook's answer, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Taken.
    Accepted,
    /// Taken, with warnings for the client.
    Warned,
    /// Refused: a rule is broken.
    Rejected,
    /// Refused: the JSON does not fit the kind's type.
    Unparsable,
}

impl Verdict {
    /// Whether the object is taken.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::Warned)
    }
}

impl fmt::Display for Verdict {
    /// `accepted`, `warned`, `rejected`, `unparsable`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Warned => "warned",
            Self::Rejected => "rejected",
            Self::Unparsable => "unparsable",
        })
    }
}

/// What the webhook answers to an object as it is written.
///
/// It reads as istiod does: unknown fields are ignored, names in snake case are taken. An object
/// that cannot be read has its problems in the report, in the layer [`Layer::Reading`].
///
/// ```
/// use meshwork_api::validation::{Verdict, verdict};
/// let object = serde_json::json!({
///     "apiVersion": "networking.istio.io/v1",
///     "kind": "VirtualService",
///     "metadata": { "name": "reviews" },
///     "spec": { "hosts": ["reviews"], "http": [{ "timeout": "1s" }] },
/// });
/// let (answer, report) = verdict(&object);
/// assert_eq!(answer, Verdict::Rejected);
/// assert_eq!(report.violations[0].path, "spec.http[0]");
/// ```
pub fn verdict(object: &Value) -> (Verdict, Report) {
    let mut report = Report::new();
    let mut reading = Reading::default();
    let read = AnyObject::read(object, &mut reading);
    for problem in reading.finish() {
        if problem.kind.is_unreadable() {
            report.error(Layer::Reading, problem.path, problem.kind.to_string());
        }
    }
    if report.is_empty() {
        metadata::unread(object, &mut report);
    }
    let Some(read) = read.filter(|_| report.is_empty()) else {
        return (Verdict::Unparsable, report);
    };
    read.check(&mut report);
    let answer = if report.is_rejected() {
        Verdict::Rejected
    } else if report.is_empty() {
        Verdict::Accepted
    } else {
        Verdict::Warned
    };
    (answer, report)
}

impl AnyObject {
    /// What istiod's admission webhook says of the object.
    ///
    /// It is pure, and needs no other object. Objects of kinds that are not Istio's, or that are
    /// not enforced, have nothing to be said of. What an API server says before the webhook is
    /// [`crate::schema::check`]'s.
    pub fn validate(&self) -> Report {
        let mut report = Report::new();
        self.check(&mut report);
        report
    }

    fn check(&self, report: &mut Report) {
        let out = &mut Findings::new(report);
        let metadata = self.metadata();
        match self {
            Self::AuthorizationPolicy(policy) => {
                metadata::annotations(metadata, Some(policy.spec.action), out);
            }
            Self::VirtualService(_)
            | Self::DestinationRule(_)
            | Self::Gateway(_)
            | Self::ServiceEntry(_)
            | Self::WorkloadEntry(_)
            | Self::WorkloadGroup(_)
            | Self::Sidecar(_)
            | Self::ProxyConfig(_)
            | Self::PeerAuthentication(_)
            | Self::RequestAuthentication(_)
            | Self::Telemetry(_)
            | Self::NotEnforced(_) => metadata::annotations(metadata, None, out),
            Self::Unknown(object) if is_of_istio(&object.api_version) => {
                let message = format!("`{}` is not a kind of this API group", object.kind);
                out.error(&Place::root("kind"), message);
            }
            _ => {}
        }
        match self {
            Self::VirtualService(object) => virtual_service::check(metadata, &object.spec, out),
            Self::DestinationRule(object) => destination_rule::check(metadata, &object.spec, out),
            Self::Gateway(object) => gateway::check(metadata, &object.spec, out),
            Self::ServiceEntry(object) => service_entry::check(metadata, &object.spec, out),
            Self::WorkloadEntry(object) => workload::check_entry(&object.spec, out),
            Self::WorkloadGroup(object) => workload::check_group(&object.spec, out),
            Self::Sidecar(object) => sidecar::check(metadata, &object.spec, out),
            Self::ProxyConfig(object) => telemetry::check_proxy_config(&object.spec, out),
            Self::PeerAuthentication(object) => authentication::check_peer(&object.spec, out),
            Self::RequestAuthentication(object) => {
                authentication::check_request(&object.spec, out);
            }
            Self::AuthorizationPolicy(object) => authorization_policy::check(&object.spec, out),
            Self::Telemetry(object) => telemetry::check(&object.spec, out),
            _ => {}
        }
    }
}

/// Whether an `apiVersion` is of a group that istiod's webhook is asked about.
pub(crate) fn is_of_istio(api_version: &str) -> bool {
    let groups = ["networking", "security", "telemetry", "extensions"];
    let group = api_version.split_once('/').and_then(|(group, _)| group.strip_suffix(".istio.io"));
    group.is_some_and(|group| groups.contains(&group))
}

/// The namespace of an object; a client fills `default` in where there is none.
fn namespace_of(metadata: &ObjectMeta) -> &str {
    match metadata.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    }
}
