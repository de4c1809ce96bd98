//! Cross-origin requests: preflight answers and the headers of actual answers.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use meshwork_core::{RequestHead, StringMatch};

use crate::http::headers::single_value;

/// `http[].corsPolicy`. It applies only where the matched route forwards to a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsPolicy {
    /// Origins that are allowed, whole values; an exact `*` allows every origin.
    pub allow_origins: Arc<[StringMatch]>,
    /// `allowMethods`, joined with commas; `*` alone echoes what the preflight asks for.
    pub allow_methods: Option<HeaderValue>,
    /// `allowHeaders`, joined with commas; `*` alone echoes what the preflight asks for.
    pub allow_headers: Option<HeaderValue>,
    /// `exposeHeaders`, joined with commas.
    pub expose_headers: Option<HeaderValue>,
    /// `maxAge` in whole seconds.
    pub max_age: Option<HeaderValue>,
    /// `allowCredentials`.
    pub allow_credentials: bool,
    /// Whether a preflight of an origin that is not allowed goes to the backend
    /// (`unmatchedPreflights` other than `IGNORE`).
    pub forward_unmatched_preflights: bool,
}

impl CorsPolicy {
    /// The headers of the answer to a preflight, which has status 200 and no body; `None` where
    /// the request is none or goes on to the backend.
    pub fn preflight(&self, head: &RequestHead<'_>) -> Option<HeaderMap> {
        let origin = origin(head)?;
        let asked = asked_method(head)?;
        let allowed = self.allows(&origin);
        if !allowed && self.forward_unmatched_preflights {
            return None;
        }
        let mut answer = HeaderMap::new();
        if allowed {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        // Credentials do not depend on the origin here, and what is asked may be nothing.
        self.allow_credentials(&mut answer);
        let asked_headers = single_value(head.headers, &header::ACCESS_CONTROL_REQUEST_HEADERS)
            .unwrap_or(HeaderValue::from_static(""));
        let lists = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, echo(self.allow_methods.as_ref(), asked)),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                echo(self.allow_headers.as_ref(), asked_headers),
            ),
            (
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                self.expose_headers.clone().filter(|_| allowed),
            ),
            (header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone()),
        ];
        for (name, value) in lists {
            if let Some(value) = value {
                answer.insert(name, value);
            }
        }
        Some(answer)
    }

    /// Sets the headers of the answer to an actual request of an allowed origin, over whatever
    /// the backend or the route has set.
    pub fn decorate(&self, head: &RequestHead<'_>, answer: &mut HeaderMap) {
        let Some(origin) = origin(head) else { return };
        if asked_method(head).is_some() || !self.allows(&origin) {
            return;
        }
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        self.allow_credentials(answer);
        if let Some(exposed) = &self.expose_headers {
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.allow_origins.iter().any(|allowed| match allowed {
            StringMatch::Exact(text) if &**text == "*" => true,
            allowed => allowed.is_match_bytes(origin.as_bytes()),
        })
    }

    fn allow_credentials(&self, answer: &mut HeaderMap) {
        if self.allow_credentials {
            let yes = HeaderValue::from_static("true");
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
    }
}

fn origin(head: &RequestHead<'_>) -> Option<HeaderValue> {
    non_empty(head, &header::ORIGIN)
}

/// The method that a preflight asks for.
fn asked_method(head: &RequestHead<'_>) -> Option<HeaderValue> {
    if head.method != "OPTIONS" {
        return None;
    }
    non_empty(head, &header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn non_empty(head: &RequestHead<'_>, name: &HeaderName) -> Option<HeaderValue> {
    single_value(head.headers, name).filter(|value| !value.is_empty())
}

fn echo(list: Option<&HeaderValue>, asked: HeaderValue) -> Option<HeaderValue> {
    match list {
        Some(star) if star == "*" => Some(asked),
        list => list.cloned(),
    }
}
