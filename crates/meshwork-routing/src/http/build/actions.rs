//! From an `http` entry to the action of its routes.

use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use meshwork_api::{
    mesh::MeshConfig,
    networking::{
        AbortError, CorsPolicy as WrittenCors, HttpBodySpecifier, HttpDelayType,
        HttpDirectResponse, HttpFaultInjection, HttpRedirect, HttpRewrite, HttpRoute, Percent,
        RedirectPort, RedirectPortSelection, StringMatch as WrittenMatch, StringMatchType,
        UnmatchedPreflights,
    },
};
use meshwork_core::{FieldPath, Re2Rewrite, StringMatch};

use super::{destinations::Destinations, diagnostics::Diagnostics, header_ops::Level, retries};
use crate::http::{
    AbortStatus, AvoidPreviousHosts, CorsPolicy, DirectResponse, Fault, FaultAbort, FaultDelay,
    Fraction, MatchedPath, MessageKind, Mirror, PathRewrite, Redirect, RedirectAuthority,
    RedirectPath, Rewrite, Route, RouteAction, WeightedDestination, grpc_code,
};

/// What an entry's action is compiled from, beside the entry.
pub(super) struct Cx<'a> {
    pub(super) destinations: &'a Destinations<'a>,
    pub(super) mesh: &'a MeshConfig,
    /// Whether the listener ends TLS.
    pub(super) tls: bool,
}

/// The route of an entry for one of its matches, without its name. What Envoy refuses becomes a
/// route that answers 500.
pub(super) fn route(
    entry: &HttpRoute,
    matched: MatchedPath,
    rule: FieldPath,
    cx: &Cx<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Route {
    let mut level = Level::read(entry.headers.as_deref(), "headers", diagnostics);
    let mut route = Route::new(rule, RouteAction::BlackHole);
    if let Some(written) = &entry.redirect {
        route.action = redirect(written, matched, cx, diagnostics);
    } else if let Some(written) = &entry.direct_response {
        route.action = direct_response(written, diagnostics);
    } else {
        let (destinations, only) = destinations(entry, cx, diagnostics);
        if let Some(only) = only {
            level = level.with(only);
        }
        let avoid = match entry.route.len() {
            1 => AvoidPreviousHosts::UnlessHashed,
            _ => AvoidPreviousHosts::Always,
        };
        let written = entry.retries.as_ref().or(cx.mesh.default_http_retry_policy.as_ref());
        route.retry = retries::policy(written, avoid);
        route.action = RouteAction::Forward(destinations.into());
        route.rewrite = rewrite(entry.rewrite.as_deref(), matched, diagnostics);
        route.timeout =
            entry.timeout.filter(|timeout| !timeout.is_zero()).map(meshwork_api::Duration::as_std);
        if entry.mirror.is_some() || !entry.mirrors.is_empty() {
            route.mirrors = mirrors(entry, cx).into();
        }
        route.authority = level.authority.clone();
        route.cors = entry.cors_policy.as_ref().map(|cors| cors_policy(cors, diagnostics));
    }
    route.request_headers = level.request.build(MessageKind::Request);
    route.response_headers = level.response.build(MessageKind::Response);
    route.fault = entry.fault.as_ref().and_then(|written| fault(written, diagnostics));
    if let Some(reason) = diagnostics.refused() {
        return Route::new(route.rule, RouteAction::Invalid { reason });
    }
    route
}

/// The destinations of an entry, and the header operations of one that is alone.
fn destinations(
    entry: &HttpRoute,
    cx: &Cx<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Vec<WeightedDestination>, Option<Level>) {
    let alone = entry.route.len() == 1;
    let mut only = None;
    let mut destinations = Vec::with_capacity(entry.route.len());
    for (index, written) in entry.route.iter().enumerate() {
        let Some(destination) = &written.destination else {
            diagnostics.refuse(&format!("route[{index}].destination"), "a destination is needed");
            continue;
        };
        let weight = u32::try_from(written.weight).unwrap_or_default();
        if weight == 0 && !alone {
            continue;
        }
        let field = format!("route[{index}].headers");
        let level = Level::read(written.headers.as_deref(), &field, diagnostics);
        let (level, authority) = if alone {
            only = Some(level);
            (Level::default(), None)
        } else {
            let authority = level.authority.clone();
            (level, authority)
        };
        destinations.push(WeightedDestination {
            destination: cx.destinations.resolve(destination),
            names_port: destination.port.is_some(),
            weight,
            request_headers: level.request.build(MessageKind::Request),
            response_headers: level.response.build(MessageKind::Response),
            authority,
        });
    }
    if destinations.is_empty() {
        diagnostics.refuse("route", "no destination has a weight");
    }
    (destinations, only)
}

fn rewrite(
    written: Option<&HttpRewrite>,
    matched: MatchedPath,
    diagnostics: &mut Diagnostics<'_>,
) -> Rewrite {
    let mut rewrite = Rewrite::default();
    let Some(written) = written else { return rewrite };
    if let Some(regex) = &written.uri_regex_rewrite {
        match Re2Rewrite::new(&regex.match_, &regex.rewrite) {
            Ok(compiled) => {
                if !compiled.is_effective() {
                    let message = "the replacement has a group or an escape that RE2 does not know, so paths stay as they are";
                    diagnostics.note("rewrite.uriRegexRewrite.rewrite", message);
                }
                rewrite.path = Some(PathRewrite::Regex(compiled));
            }
            Err(error) => {
                diagnostics.refuse("rewrite.uriRegexRewrite.match", error.to_string());
            }
        }
    } else if !written.uri.is_empty() {
        let with = written.uri.as_str().into();
        rewrite.path = Some(PathRewrite::Matched { matched, with });
    }
    rewrite.authority = non_empty(&written.authority);
    rewrite
}

fn redirect(
    written: &HttpRedirect,
    matched: MatchedPath,
    cx: &Cx<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> RouteAction {
    let status = match written.redirect_code {
        0 | 301 => StatusCode::MOVED_PERMANENTLY,
        302 => StatusCode::FOUND,
        303 => StatusCode::SEE_OTHER,
        307 => StatusCode::TEMPORARY_REDIRECT,
        308 => StatusCode::PERMANENT_REDIRECT,
        code => {
            let message = format!("{code} is none of 301, 302, 303, 307 and 308");
            diagnostics.refuse("redirect.redirectCode", message);
            StatusCode::MOVED_PERMANENTLY
        }
    };
    let port = redirect_port(written, cx);
    let path = if !written.prefix_rewrite.is_empty() {
        let with = written.prefix_rewrite.as_str().into();
        RedirectPath::Rewrite(PathRewrite::Matched { matched, with })
    } else if written.uri.is_empty() {
        RedirectPath::Keep
    } else {
        RedirectPath::Replace(written.uri.as_str().into())
    };
    RouteAction::Redirect(Redirect {
        status,
        scheme: non_empty(&written.scheme),
        authority: match non_empty(&written.authority) {
            Some(authority) => RedirectAuthority::Fixed { authority, port },
            None => RedirectAuthority::Request { port },
        },
        path,
    })
}

/// The port of a redirect, left out where it is the scheme's own.
fn redirect_port(written: &HttpRedirect, cx: &Cx<'_>) -> Option<u16> {
    let port = match written.redirect_port.as_ref()? {
        RedirectPort::Port(port) => u16::try_from(*port).ok()?,
        RedirectPort::DerivePort(RedirectPortSelection::FromRequestPort) => {
            cx.destinations.listener_port
        }
        RedirectPort::DerivePort(_) => return None,
    };
    let scheme = match written.scheme.as_str() {
        "" if cx.tls => "https",
        "" => "http",
        scheme => scheme,
    };
    (!matches!((scheme, port), ("http", 80) | ("https", 443) | (_, 0))).then_some(port)
}

fn direct_response(written: &HttpDirectResponse, diagnostics: &mut Diagnostics<'_>) -> RouteAction {
    let status = status(written.status, "directResponse.status", diagnostics);
    let body: Arc<[u8]> = match written.body.as_ref().and_then(|body| body.specifier.as_ref()) {
        Some(HttpBodySpecifier::String(text)) => text.as_bytes().into(),
        Some(HttpBodySpecifier::Bytes(bytes)) => bytes.0.as_slice().into(),
        _ => Arc::new([]),
    };
    RouteAction::DirectResponse(DirectResponse::new(status, body))
}

/// A status between 200 and 599; Envoy refuses any other one.
fn status(code: u32, field: &str, diagnostics: &mut Diagnostics<'_>) -> StatusCode {
    let status = u16::try_from(code).ok().filter(|code| (200..600).contains(code));
    match status.and_then(|code| StatusCode::from_u16(code).ok()) {
        Some(status) => status,
        None => {
            diagnostics.refuse(field, format!("{code} is no status between 200 and 599"));
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

fn fault(written: &HttpFaultInjection, diagnostics: &mut Diagnostics<'_>) -> Option<Fault> {
    let delay = written.delay.as_ref().and_then(|delay| {
        let Some(HttpDelayType::FixedDelay(duration)) = &delay.http_delay_type else {
            diagnostics.note("fault.delay", "without fixedDelay nothing is delayed");
            return None;
        };
        let share = match &delay.percentage {
            Some(percent) => Fraction::from_percent(percent.value),
            None => Fraction::new(u32::try_from(delay.percent).unwrap_or_default(), 100),
        };
        Some(FaultDelay { share, duration: duration.as_std() })
    });
    let abort = written.abort.as_ref().and_then(|abort| {
        let status = match &abort.error_type {
            Some(AbortError::HttpStatus(code)) => {
                let code = u32::try_from(*code).unwrap_or_default();
                AbortStatus::Http(status(code, "fault.abort.httpStatus", diagnostics))
            }
            Some(AbortError::GrpcStatus(name)) => match grpc_code(name) {
                Some(code) => AbortStatus::Grpc(code),
                None => {
                    let message = format!("`{name}` is no code of gRPC");
                    diagnostics.refuse("fault.abort.grpcStatus", message);
                    return None;
                }
            },
            _ => {
                diagnostics.note("fault.abort", "without a status nothing is aborted");
                return None;
            }
        };
        // Without a percentage nothing is aborted, unlike mirrors, which then take everything.
        let share = abort
            .percentage
            .as_ref()
            .map_or(Fraction::NEVER, |percent| Fraction::from_percent(percent.value));
        Some(FaultAbort { share, status })
    });
    (delay.is_some() || abort.is_some()).then_some(Fault { delay, abort })
}

fn mirrors(entry: &HttpRoute, cx: &Cx<'_>) -> Vec<Mirror> {
    let share = |percent: Option<&Percent>| match percent {
        Some(percent) => Fraction::from_percent(percent.value),
        None => Fraction::ALWAYS,
    };
    let mut written = Vec::new();
    if let Some(destination) = &entry.mirror {
        let share = match (&entry.mirror_percentage, entry.mirror_percent) {
            (None, Some(percent)) => Fraction::new(percent, 100),
            (percentage, _) => share(percentage.as_ref()),
        };
        written.push((destination, share));
    }
    for mirror in &entry.mirrors {
        if let Some(destination) = &mirror.destination {
            written.push((destination, share(mirror.percentage.as_ref())));
        }
    }
    (0..)
        .zip(written)
        .filter(|(_, (_, share))| !share.is_never())
        .map(|(index, (destination, share))| Mirror {
            destination: cx.destinations.resolve(destination),
            share,
            index,
        })
        .collect()
}

fn cors_policy(written: &WrittenCors, diagnostics: &mut Diagnostics<'_>) -> CorsPolicy {
    let mut origins = Vec::new();
    for (index, origin) in written.allow_origins.iter().enumerate() {
        let field = format!("corsPolicy.allowOrigins[{index}]");
        origins.extend(origin_match(origin, &field, diagnostics));
    }
    if written.allow_origins.is_empty() {
        origins.extend(written.allow_origin.iter().map(|text| StringMatch::exact(text.as_str())));
    }
    let mut list = |values: &[String], field: &str| {
        if values.is_empty() {
            return None;
        }
        let value = HeaderValue::from_str(&values.join(","));
        if value.is_err() {
            diagnostics.refuse(field, "the values cannot stand in a header");
        }
        value.ok()
    };
    CorsPolicy {
        allow_origins: origins.into(),
        allow_methods: list(&written.allow_methods, "corsPolicy.allowMethods"),
        allow_headers: list(&written.allow_headers, "corsPolicy.allowHeaders"),
        expose_headers: list(&written.expose_headers, "corsPolicy.exposeHeaders"),
        max_age: written.max_age.map(|age| HeaderValue::from(age.as_std().as_secs())),
        allow_credentials: written.allow_credentials == Some(true),
        forward_unmatched_preflights: written.unmatched_preflights != UnmatchedPreflights::Ignore,
    }
}

fn origin_match(
    written: &WrittenMatch,
    field: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<StringMatch> {
    match written.match_type.as_ref()? {
        StringMatchType::Exact(text) => Some(StringMatch::exact(text.as_str())),
        StringMatchType::Prefix(text) => Some(StringMatch::prefix(text.as_str())),
        StringMatchType::Regex(pattern) => match StringMatch::regex(pattern) {
            Ok(matcher) => Some(matcher),
            Err(error) => {
                diagnostics.refuse(&format!("{field}.regex"), error.to_string());
                None
            }
        },
    }
}

fn non_empty(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| text.into())
}
