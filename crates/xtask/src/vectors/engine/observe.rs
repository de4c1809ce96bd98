//! Puts together what was seen of a case: by the client, by the endpoints, by the access log.

use std::time::Duration;

use meshwork_tower::AccessLogEntry;

use crate::vectors::answer::Observation;

use super::{
    accept::{Accepted, names},
    client::Got,
    network::Arrival,
};

/// Everything that was seen of one connection.
pub(super) struct Seen {
    pub(super) got: Got,
    pub(super) accepted: Accepted,
    pub(super) log: Option<AccessLogEntry>,
    pub(super) received: Vec<Arrival>,
    pub(super) elapsed: Duration,
}

impl Seen {
    /// As the vectors tell it. `members` gives the endpoints of a cluster.
    pub(super) fn observation(self, members: impl Fn(&str) -> Vec<String>) -> Observation {
        let mut seen = Observation::default();
        let Self { got, accepted, log, received, elapsed } = self;
        seen.elapsed = elapsed;
        seen.flags.extend(accepted.flags);
        seen.details = accepted.details;
        seen.destination = accepted.cluster;
        seen.attempts = accepted.attempts;
        match got {
            Got::Http { status, headers, body } => {
                seen.status = Some(status);
                seen.response_headers = headers;
                seen.body = Some(body);
            }
            Got::Bytes => seen.connection = Some("open".to_owned()),
            Got::Closed if accepted.refused => seen.connection = Some("refused".to_owned()),
            Got::Closed => seen.connection = Some("closed".to_owned()),
            Got::Silence => seen.connection = Some("no answer".to_owned()),
        }
        let is_http = log.is_some();
        if let Some(entry) = log {
            seen.flags.extend(names(&entry.info.flags.to_string()));
            seen.details = entry.info.details.as_deref().map(str::to_owned).or(seen.details);
            seen.route = entry.info.route.as_deref().map(str::to_owned);
            seen.destination = entry.info.cluster.as_deref().map(str::to_owned);
            seen.attempts = entry.info.attempts.iter().map(ToString::to_string).collect();
        }
        let (own, mirrored) = if is_http { part(received, &seen) } else { (received, Vec::new()) };
        let plain = |arrival: Arrival| arrival.received;
        seen.received = own.into_iter().last().map(plain);
        seen.mirrored = mirrored.into_iter().map(plain).collect();
        let endpoint = seen.received.as_ref().and_then(|received| received.endpoint.clone());
        seen.members = seen.destination.as_deref().map(members).unwrap_or_default();
        if seen.members.is_empty() {
            // There is but one place to go: the one that was dialled.
            seen.members.extend(endpoint);
        }
        seen
    }
}

/// Parts what endpoints saw into the tries of the request and its mirrors.
fn part(arrivals: Vec<Arrival>, seen: &Observation) -> (Vec<Arrival>, Vec<Arrival>) {
    let mut left: Vec<&String> = seen.attempts.iter().collect();
    let (mut own, mut mirrored) = (Vec::new(), Vec::new());
    for one in arrivals {
        let is_ours = seen.destination.as_ref().is_none_or(|cluster| **cluster == *one.cluster);
        let at = left.iter().position(|attempt| one.received.endpoint.as_ref() == Some(*attempt));
        match at.filter(|_| is_ours) {
            Some(at) => {
                left.remove(at);
                own.push(one);
            }
            None => mirrored.push(one),
        }
    }
    (own, mirrored)
}
