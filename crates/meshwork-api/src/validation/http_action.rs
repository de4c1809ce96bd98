//! What HTTP routes do: destinations, redirects, answers, changes of headers.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::header::{check_value, is_authority};
use super::primitive::name::{check_wildcard_domain, is_dns_label};
use super::semantics::Semantics;
use super::shared::port;
use crate::networking::{
    Destination, HeaderOperations, Headers, HttpBodySpecifier, HttpDirectResponse,
    HttpMatchRequest, HttpRedirect, HttpRouteDestination, RedirectPort, StringMatchType,
};

/// `headers` of a route or of one of its destinations.
pub(super) fn headers(place: &Place<'_>, headers: Option<&Headers>, out: &mut Findings<'_>) {
    let Some(headers) = headers else { return };
    let place = place.field("headers");
    if let Some(request) = &headers.request {
        operations(&place.field("request"), request, true, out);
    }
    if let Some(response) = &headers.response {
        operations(&place.field("response"), response, false, out);
    }
}

fn operations(
    place: &Place<'_>,
    operations: &HeaderOperations,
    request: bool,
    out: &mut Findings<'_>,
) {
    for (list, entries) in [("set", &operations.set), ("add", &operations.add)] {
        for (name, value) in entries {
            let place = place.entry(list, name);
            // The authority of a request may be set and added to, by either name.
            if !(request && is_authority(name)) {
                changeable(&place, name, out);
            }
            if let Err(error) = check_value(value) {
                out.error(&place, format!("the value {} {error}", quote(value)));
            }
        }
    }
    for (index, name) in operations.remove.iter().enumerate() {
        changeable(&place.item("remove", index), name, out);
    }
}

/// Pseudo-headers and the host are not for routes to change.
fn changeable(place: &Place<'_>, name: &str, out: &mut Findings<'_>) {
    if name.is_empty() {
        out.error(place, "the name of a header must not be empty");
    } else if name.starts_with(':') || name.eq_ignore_ascii_case("host") {
        out.error(place, format!("the header {} cannot be changed here", quote(name)));
    }
}

/// `route` of an HTTP route.
pub(super) fn destinations(
    place: &Place<'_>,
    list: &[HttpRouteDestination],
    semantics: Semantics,
    out: &mut Findings<'_>,
) {
    for (index, entry) in list.iter().enumerate() {
        let place = place.item("route", index);
        headers(&place, entry.headers.as_deref(), out);
        weighted(&place, entry.destination.as_ref(), entry.weight, semantics, out);
    }
    total_weight(place, list.iter().map(|entry| entry.weight), out);
}

/// A destination and its share.
pub(super) fn weighted(
    place: &Place<'_>,
    to: Option<&Destination>,
    weight: i32,
    semantics: Semantics,
    out: &mut Findings<'_>,
) {
    match to {
        None => out.error(&place.field("destination"), "is required"),
        Some(to) if !semantics.from_gateway_api => {
            destination(&place.field("destination"), to, out);
        }
        Some(_) => {}
    }
    if weight < 0 {
        out.error(&place.field("weight"), "must not be negative");
    }
}

/// Several destinations need weights, or none of them gets anything.
pub(super) fn total_weight(
    place: &Place<'_>,
    weights: impl ExactSizeIterator<Item = i32>,
    out: &mut Findings<'_>,
) {
    if weights.len() > 1 && weights.fold(0i32, i32::wrapping_add) == 0 {
        out.error(&place.field("route"), "the weights of the destinations add up to 0");
    }
}

/// A host with, perhaps, a subset and a port.
pub(super) fn destination(place: &Place<'_>, destination: &Destination, out: &mut Findings<'_>) {
    let Destination { host, subset, port: selector, .. } = destination;
    if host == "*" {
        out.error(&place.field("host"), "`*` is no destination");
    } else if let Err(error) = check_wildcard_domain(host) {
        out.error(&place.field("host"), format!("the host {} {error}", quote(host)));
    }
    if !subset.is_empty() && !is_dns_label(subset) {
        out.error(&place.field("subset"), format!("{} is not the name of a subset", quote(subset)));
    }
    if let Some(selector) = selector {
        port(&place.field("port"), "number", selector.number, out);
    }
}

/// `redirect`.
pub(super) fn redirect(
    place: &Place<'_>,
    redirect: &HttpRedirect,
    matches: &[HttpMatchRequest],
    out: &mut Findings<'_>,
) {
    if !redirect.prefix_rewrite.is_empty() {
        if !redirect.uri.is_empty() {
            out.error(place, "`uri` and `prefixRewrite` exclude each other");
        }
        let other = matches
            .iter()
            .filter_map(|matched| matched.uri.as_ref())
            .any(|uri| !matches!(uri.match_type, Some(StringMatchType::Prefix(_))));
        if other {
            let message = "needs `prefix` in every match of a URI: nothing else can be replaced";
            out.error(&place.field("prefixRewrite"), message);
        }
    }
    let names_nothing =
        [&redirect.uri, &redirect.prefix_rewrite, &redirect.authority, &redirect.scheme]
            .into_iter()
            .all(String::is_empty);
    if names_nothing && redirect.redirect_port.is_none() {
        out.error(place, "needs a new URI, authority, scheme or port");
    }
    if redirect.redirect_code != 0 && !(300..=399).contains(&redirect.redirect_code) {
        let message = format!("{} is not a status from 300 to 399", redirect.redirect_code);
        out.error(&place.field("redirectCode"), message);
    }
    if !matches!(redirect.scheme.as_str(), "" | "http" | "https") {
        let message = format!("{} is neither `http` nor `https`", quote(&redirect.scheme));
        out.error(&place.field("scheme"), message);
    }
    if let Some(RedirectPort::Port(number)) = redirect.redirect_port
        && number > 0
    {
        port(place, "port", number, out);
    }
}

/// `directResponse`.
pub(super) fn direct_response(
    place: &Place<'_>,
    response: &HttpDirectResponse,
    out: &mut Findings<'_>,
) {
    let size = match response.body.as_ref().and_then(|body| body.specifier.as_ref()) {
        Some(HttpBodySpecifier::String(text)) => text.len(),
        Some(HttpBodySpecifier::Bytes(bytes)) => bytes.0.len(),
        None => 0,
    };
    if size > 1024 * 1024 {
        out.error(&place.field("body"), "is larger than 1 MiB");
    } else if size > 100 * 1024 {
        out.warn(&place.field("body"), "is larger than 100 KiB, which slows configuration down");
    }
    if !(200..=600).contains(&response.status) {
        let message = format!("{} is not a status from 200 to 599", response.status);
        out.error(&place.field("status"), message);
    }
}
