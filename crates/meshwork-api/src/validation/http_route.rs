//! HTTP routes: which actions go together, and the smaller ones.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::header::{is_authority, is_token};
use super::primitive::scalar::{is_grpc_status, is_retry_condition};
use super::semantics::Semantics;
use super::shared::{count, duration, regex};
use super::{http_action, http_match};
use crate::networking::{
    AbortError, CorsPolicy, FaultAbort, FaultDelay, Headers, HttpDelayType, HttpFaultInjection,
    HttpRetry, HttpRewrite, HttpRoute, Percent, StringMatch, StringMatchType,
};

/// One entry of `http`.
pub(super) fn check(
    place: &Place<'_>,
    route: &HttpRoute,
    semantics: Semantics,
    out: &mut Findings<'_>,
) {
    conflicts(place, route, semantics.delegate, out);
    http_match::check(place, &route.match_, out);
    http_action::headers(place, route.headers.as_deref(), out);
    if let Some(cors) = &route.cors_policy {
        check_cors(&place.field("corsPolicy"), cors, out);
    }
    if let Some(fault) = &route.fault {
        check_fault(&place.field("fault"), fault, out);
    }
    mirrors(place, route, out);
    if let Some(redirect) = &route.redirect {
        http_action::redirect(&place.field("redirect"), redirect, &route.match_, out);
    }
    if let Some(response) = &route.direct_response {
        http_action::direct_response(&place.field("directResponse"), response, out);
    }
    if let Some(retries) = &route.retries {
        check_retries(&place.field("retries"), retries, out);
    }
    if let Some(rewrite) = &route.rewrite {
        check_rewrite(&place.field("rewrite"), rewrite, out);
    }
    authority_once(place, route.rewrite.as_deref(), route.headers.as_deref(), out);
    http_action::destinations(place, &route.route, semantics, out);
    duration(place, "timeout", route.timeout, out);
}

/// Which actions exclude each other.
fn conflicts(place: &Place<'_>, route: &HttpRoute, delegate: bool, out: &mut Findings<'_>) {
    if route.delegate.is_some() {
        if delegate {
            out.error(&place.field("delegate"), "a delegate cannot delegate further");
        } else {
            for (name, present) in
                [("redirect", route.redirect.is_some()), ("route", !route.route.is_empty())]
            {
                if present {
                    out.error(&place.field(name), "is the delegate's to say");
                }
            }
            return;
        }
    }
    let others = [
        ("route", !route.route.is_empty()),
        ("fault", route.fault.is_some()),
        ("rewrite", route.rewrite.is_some()),
    ];
    let action = if route.redirect.is_some() {
        if route.direct_response.is_some() {
            out.error(place, "`redirect` and `directResponse` exclude each other");
        }
        Some("redirect")
    } else {
        route.direct_response.as_ref().map(|_| "directResponse")
    };
    match action {
        Some(action) => {
            for (name, _) in others.into_iter().filter(|(_, present)| *present) {
                out.error(place, format!("`{action}` and `{name}` exclude each other"));
            }
        }
        None if route.route.is_empty() => {
            out.error(place, "needs one of `route`, `redirect`, `directResponse` and `delegate`");
        }
        None => {}
    }
    if route.mirror.is_some() && !route.mirrors.is_empty() {
        out.error(place, "`mirror` and `mirrors` exclude each other");
    }
}

fn mirrors(place: &Place<'_>, route: &HttpRoute, out: &mut Findings<'_>) {
    if let Some(value) = route.mirror_percent {
        let place = place.field("mirrorPercent");
        if value > 100 {
            out.error(&place, format!("{value} is more than 100"));
        }
        out.warn(&place, "is deprecated; use `mirrorPercentage`");
    }
    mirror_percentage(&place.field("mirrorPercentage"), route.mirror_percentage.as_ref(), out);
    if let Some(mirror) = &route.mirror {
        http_action::destination(&place.field("mirror"), mirror, out);
    }
    for (index, mirror) in route.mirrors.iter().enumerate() {
        let place = place.item("mirrors", index);
        match &mirror.destination {
            None => out.error(&place.field("destination"), "is required"),
            Some(destination) => {
                http_action::destination(&place.field("destination"), destination, out);
                mirror_percentage(&place.field("percentage"), mirror.percentage.as_ref(), out);
            }
        }
    }
}

fn mirror_percentage(place: &Place<'_>, percentage: Option<&Percent>, out: &mut Findings<'_>) {
    if let Some(Percent { value, .. }) = percentage
        && (*value > 100.0 || *value < 0.0)
    {
        out.error(&place.field("value"), format!("{value} is not in the range 0 to 100"));
    }
}

fn check_cors(place: &Place<'_>, cors: &CorsPolicy, out: &mut Findings<'_>) {
    for (index, origin) in cors.allow_origins.iter().enumerate() {
        check_origin(&place.item("allowOrigins", index), origin, out);
    }
    for (index, method) in cors.allow_methods.iter().enumerate() {
        if !METHODS.contains(&method.as_str()) {
            let message = format!("{} is not a method, nor `*`", quote(method));
            out.error(&place.item("allowMethods", index), message);
        }
    }
    for (list, headers) in
        [("allowHeaders", &cors.allow_headers), ("exposeHeaders", &cors.expose_headers)]
    {
        for (index, header) in headers.iter().enumerate() {
            if header != "*" && !is_token(header) {
                let message = format!("{} is not a header name, nor `*`", quote(header));
                out.error(&place.item(list, index), message);
            }
        }
    }
    duration(place, "maxAge", cors.max_age, out);
    if cors.max_age.is_some_and(|age| age.as_nanos() > 0 && age.as_nanos() % 1_000_000_000 != 0) {
        out.error(&place.field("maxAge"), "must be a whole number of seconds");
    }
}

fn check_origin(place: &Place<'_>, origin: &StringMatch, out: &mut Findings<'_>) {
    let text = match &origin.match_type {
        Some(StringMatchType::Exact(text) | StringMatchType::Prefix(text)) => text,
        Some(StringMatchType::Regex(text)) => {
            regex(place, "regex", text, out);
            return;
        }
        None => "",
    };
    if text.is_empty() {
        out.error(place, "needs one of `exact`, `prefix` and `regex`, and none of them empty");
    }
}

fn check_fault(place: &Place<'_>, fault: &HttpFaultInjection, out: &mut Findings<'_>) {
    if fault.abort.is_none() && fault.delay.is_none() {
        out.error(place, "needs `abort` or `delay`");
    }
    if let Some(abort) = &fault.abort {
        check_abort(&place.field("abort"), abort, out);
    }
    if let Some(delay) = &fault.delay {
        check_delay(&place.field("delay"), delay, out);
    }
}

fn check_abort(place: &Place<'_>, abort: &FaultAbort, out: &mut Findings<'_>) {
    fault_percentage(place, abort.percentage.as_ref(), out);
    match &abort.error_type {
        Some(AbortError::HttpStatus(status)) if !(200..=600).contains(status) => {
            let message = format!("{status} is not a status from 200 to 599");
            out.error(&place.field("httpStatus"), message);
        }
        Some(AbortError::GrpcStatus(status)) if !is_grpc_status(status) => {
            let message = format!("{} is not a gRPC status such as `UNAVAILABLE`", quote(status));
            out.error(&place.field("grpcStatus"), message);
        }
        Some(AbortError::Http2Error(_)) => {
            out.error(&place.field("http2Error"), "is not supported");
        }
        // istiod has a warning for an abort without an error, which never reaches the client.
        _ => {}
    }
}

fn check_delay(place: &Place<'_>, delay: &FaultDelay, out: &mut Findings<'_>) {
    fault_percentage(place, delay.percentage.as_ref(), out);
    match &delay.http_delay_type {
        Some(HttpDelayType::FixedDelay(fixed)) => duration(place, "fixedDelay", Some(*fixed), out),
        Some(HttpDelayType::ExponentialDelay(mean)) => {
            duration(place, "exponentialDelay", Some(*mean), out);
            out.error(&place.field("exponentialDelay"), "is not supported");
        }
        None => {}
    }
}

fn fault_percentage(place: &Place<'_>, percentage: Option<&Percent>, out: &mut Findings<'_>) {
    if let Some(Percent { value, .. }) = percentage
        && (*value < 0.0 || *value > 100.0 || (*value > 0.0 && *value < 0.0001))
    {
        let message = format!("{value} is neither 0 nor in the range 0.0001 to 100");
        out.error(&place.field("percentage"), message);
    }
}

fn check_retries(place: &Place<'_>, retries: &HttpRetry, out: &mut Findings<'_>) {
    count(place, "attempts", retries.attempts, out);
    let has_policy = retries.per_try_timeout.is_some()
        || !retries.retry_on.is_empty()
        || retries.retry_remote_localities.is_some();
    if retries.attempts == 0 && has_policy {
        out.error(
            &place.field("attempts"),
            "0 turns retries off, so no policy can stand beside it",
        );
    }
    duration(place, "perTryTimeout", retries.per_try_timeout, out);
    if !retries.retry_on.is_empty() {
        for condition in retries.retry_on.split(',').filter(|text| !is_retry_condition(text)) {
            let message = format!(
                "{} is neither a retry condition nor a status (there can be no space around it)",
                quote(condition)
            );
            out.error(&place.field("retryOn"), message);
        }
    }
    duration(place, "backoff", retries.backoff, out);
}

fn check_rewrite(place: &Place<'_>, rewrite: &HttpRewrite, out: &mut Findings<'_>) {
    let Some(by_regex) = &rewrite.uri_regex_rewrite else {
        if rewrite.uri.is_empty() && rewrite.authority.is_empty() {
            out.error(place, "needs one of `uri`, `uriRegexRewrite` and `authority`");
        }
        return;
    };
    if !rewrite.uri.is_empty() {
        out.error(place, "`uri` and `uriRegexRewrite` exclude each other");
    }
    let place = place.field("uriRegexRewrite");
    if by_regex.match_.is_empty() || by_regex.rewrite.is_empty() {
        out.error(&place, "needs both `match` and `rewrite`");
    }
    if !by_regex.match_.is_empty() {
        regex(&place, "match", &by_regex.match_, out);
    }
}

/// The authority can be changed in one place only.
fn authority_once(
    place: &Place<'_>,
    rewrite: Option<&HttpRewrite>,
    headers: Option<&Headers>,
    out: &mut Findings<'_>,
) {
    let Some(request) = headers.and_then(|headers| headers.request.as_ref()) else { return };
    let mut current = rewrite.map_or("", |rewrite| rewrite.authority.as_str());
    for (key, value) in request.set.iter().chain(&request.add) {
        if !is_authority(key) {
            continue;
        }
        if !current.is_empty() {
            let message =
                format!("the authority is changed to {} and to {}", quote(current), quote(value));
            out.error(&place.field("headers"), message);
            return;
        }
        current = value;
    }
}

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];
