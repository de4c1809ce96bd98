//! Redirects and the Location that they answer with.

use std::sync::Arc;

use http::StatusCode;
use meshwork_core::RequestHead;

use super::PathRewrite;
use crate::http::headers::forwarded_proto;

/// `http[].redirect`, or the redirect of a gateway server with `tls.httpsRedirect`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308.
    pub status: StatusCode,
    /// The scheme of the target; the request's where the field is empty.
    pub scheme: Option<Arc<str>>,
    /// What stands for the host.
    pub authority: RedirectAuthority,
    /// What stands for the path and query.
    pub path: RedirectPath,
}

/// The host part of a redirect's target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectAuthority {
    /// The request's, where a port that was the default of the old scheme is left out when the
    /// scheme changes; with `port`, that port instead of the request's.
    Request {
        /// `redirect.port`, unless Istio leaves it out.
        port: Option<u16>,
    },
    /// `redirect.authority`, followed by the port if there is one.
    Fixed {
        /// The text of the field.
        authority: Arc<str>,
        /// `redirect.port`, unless Istio leaves it out.
        port: Option<u16>,
    },
    /// The request's as it was received (`httpsRedirect`).
    Verbatim,
}

/// The path part of a redirect's target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectPath {
    /// The request's path and query.
    Keep,
    /// `redirect.uri`; the request's query follows unless it has one of its own.
    Replace(Arc<str>),
    /// `redirect.prefixRewrite`.
    Rewrite(PathRewrite),
}

impl Redirect {
    /// The value of the `location` header for this request.
    pub fn location(&self, head: &RequestHead<'_>) -> String {
        let scheme = self.scheme.as_deref().unwrap_or(head.scheme);
        let mut location = String::with_capacity(
            scheme.len() + head.authority.len() + head.path_and_query.len() + 16,
        );
        location.push_str(scheme);
        location.push_str("://");
        let port = match &self.authority {
            RedirectAuthority::Verbatim => {
                location.push_str(head.authority);
                None
            }
            RedirectAuthority::Fixed { authority, port } => {
                location.push_str(authority);
                *port
            }
            RedirectAuthority::Request { port } => {
                location.push_str(request_host(head, scheme, port.is_some()));
                *port
            }
        };
        if let Some(port) = port {
            location.push_str(&format!(":{port}"));
        }
        self.push_path(head, &mut location);
        location
    }

    fn push_path(&self, head: &RequestHead<'_>, location: &mut String) {
        let request = head.path_and_query;
        let mut push = |path: &str| {
            if !path.is_empty() && !path.starts_with('/') {
                location.push('/');
            }
            location.push_str(path);
        };
        match &self.path {
            RedirectPath::Keep => push(request),
            RedirectPath::Rewrite(rewrite) => push(&rewrite.apply(request)),
            RedirectPath::Replace(path) => {
                push(path);
                if !path.contains('?')
                    && let Some(at) = request.find('?')
                {
                    location.push_str(request.get(at..).unwrap_or_default());
                }
            }
        }
    }
}

/// The request's host for a redirect that names none. Envoy judges the old port by
/// `x-forwarded-proto`, not by the scheme of the request.
fn request_host<'a>(head: &RequestHead<'a>, new_scheme: &str, new_port: bool) -> &'a str {
    let authority = head.authority;
    let port_at = if authority.starts_with('[') {
        authority.rfind("]:").map(|bracket| bracket + 1)
    } else {
        authority.rfind(':')
    };
    let Some((host, port)) = port_at.and_then(|at| authority.split_at_checked(at)) else {
        return authority;
    };
    let protocol = forwarded_proto(head);
    let defaulted =
        new_scheme != protocol && matches!((protocol, port), ("http", ":80") | ("https", ":443"));
    if new_port || defaulted { host } else { authority }
}
