//! What a route answers without asking an endpoint.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header::LOCATION};
use meshwork_core::RequestHead;
use meshwork_routing::{Route, RouteAction};

use crate::LocalReply;

/// The answer of a route that forwards nothing; `None` where it forwards.
pub(super) fn own_answer(route: &Route, head: &RequestHead<'_>) -> Option<LocalReply> {
    Some(match &route.action {
        RouteAction::Redirect(redirect) => {
            let reply = LocalReply::new(redirect.status, "direct_response");
            match HeaderValue::from_str(&redirect.location(head)) {
                Ok(location) => reply.header(LOCATION, location),
                Err(_) => LocalReply::new(StatusCode::INTERNAL_SERVER_ERROR, "invalid_location"),
            }
        }
        RouteAction::DirectResponse(direct) => {
            let reply = LocalReply::new(direct.status, "direct_response")
                .body(Bytes::copy_from_slice(&direct.body));
            match direct.location(head).as_deref().map(HeaderValue::from_str) {
                Some(Ok(location)) => reply.header(LOCATION, location),
                _ => reply,
            }
        }
        RouteAction::BlackHole => LocalReply::new(StatusCode::BAD_GATEWAY, "direct_response"),
        RouteAction::Invalid { reason } => {
            LocalReply::new(StatusCode::INTERNAL_SERVER_ERROR, "invalid_route")
                .body(reason.to_string())
        }
        RouteAction::Forward(_) | RouteAction::Passthrough | RouteAction::DynamicForward => {
            return None;
        }
        _ => LocalReply::new(StatusCode::INTERNAL_SERVER_ERROR, "unknown_route_action"),
    })
}

/// Whether the body is left out of an answer.
pub(super) fn is_head(method: &Method) -> bool {
    *method == Method::HEAD
}
