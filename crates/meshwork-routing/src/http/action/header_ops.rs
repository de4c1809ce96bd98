//! Header operations of one level: what is removed, set and added.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use meshwork_core::RequestHead;

use super::{Format, FormatContext};
use crate::http::headers::{is_joined_request_header, is_joined_response_header};

/// Which message headers belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "HTTP has no third kind of message")]
pub enum MessageKind {
    /// A request.
    Request,
    /// An answer.
    Response,
}

/// One level of `headers`: removals first, then every set, then every addition.
///
/// Values are evaluated from the state after the removals, before anything is set. A value that
/// comes out empty does nothing: an existing header stays. `:`-names and Host are not part of
/// this; a Host that is set is the route's authority.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HeaderOps {
    /// The messages that these operations are for.
    pub kind: MessageKind,
    /// `remove`.
    pub remove: Arc<[HeaderName]>,
    /// `set`, by name.
    pub set: Arc<[(HeaderName, Format)]>,
    /// `add`, by name; each adds a line, or joins the value to one that Envoy keeps in a slot.
    pub add: Arc<[(HeaderName, Format)]>,
}

impl HeaderOps {
    /// Operations that do nothing.
    pub fn none(kind: MessageKind) -> Self {
        Self { kind, remove: Arc::default(), set: Arc::default(), add: Arc::default() }
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty() && self.add.is_empty()
    }

    /// Changes the headers of a message.
    ///
    /// `cx` gives what operators ask for; the headers of the message itself (`REQ` in a request,
    /// `RESP` in an answer) are read from `headers`.
    pub fn apply(&self, headers: &mut HeaderMap, cx: &FormatContext<'_>) {
        for name in &*self.remove {
            headers.remove(name);
        }
        if self.set.is_empty() && self.add.is_empty() {
            return;
        }
        let set = self.evaluate(&self.set, headers, cx);
        let add = self.evaluate(&self.add, headers, cx);
        for (name, value) in set {
            headers.insert(name, value);
        }
        for (name, value) in add {
            self.append(headers, name, value);
        }
    }

    fn evaluate(
        &self,
        list: &[(HeaderName, Format)],
        headers: &HeaderMap,
        cx: &FormatContext<'_>,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let mut cx = *cx;
        match self.kind {
            MessageKind::Request => {
                cx.request = cx.request.map(|head| {
                    RequestHead::new(
                        head.method,
                        head.scheme,
                        head.authority,
                        head.path_and_query,
                        headers,
                    )
                });
            }
            MessageKind::Response => cx.response = Some(headers),
        }
        list.iter()
            .filter_map(|(name, format)| {
                let value = HeaderValue::from_maybe_shared(format.evaluate(&cx)).ok()?;
                (!value.is_empty()).then(|| (name.clone(), value))
            })
            .collect()
    }

    fn append(&self, headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
        let joined = match self.kind {
            MessageKind::Request => is_joined_request_header(name.as_str()),
            MessageKind::Response => is_joined_response_header(name.as_str()),
        };
        match headers.get_mut(&name) {
            Some(old) if joined => {
                let both = [old.as_bytes(), b",", value.as_bytes()].concat();
                if let Ok(both) = HeaderValue::from_maybe_shared(both) {
                    *old = both;
                }
            }
            _ => {
                headers.append(name, value);
            }
        }
    }
}
