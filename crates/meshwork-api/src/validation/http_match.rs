//! Conditions of HTTP routes.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::header::is_matchable;
use super::primitive::name::is_dns_label;
use super::semantics::gateway_names;
use super::shared::{labels, port, regex};
use crate::networking::{HttpMatchRequest, StringMatch, StringMatchType};

/// The list `match` of an HTTP route.
pub(super) fn check(place: &Place<'_>, matches: &[HttpMatchRequest], out: &mut Findings<'_>) {
    for (index, matched) in matches.iter().enumerate() {
        check_one(&place.item("match", index), matched, out);
    }
}

fn check_one(place: &Place<'_>, matched: &HttpMatchRequest, out: &mut Findings<'_>) {
    for (name, header) in &matched.headers {
        let place = place.entry("headers", name);
        header_name(&place, name, out);
        string_match(&place, header, out);
    }
    for (name, header) in &matched.without_headers {
        let place = place.entry("withoutHeaders", name);
        header_name(&place, name, out);
        // `*` is no expression here: it stands for any value.
        let any = matches!(&header.match_type, Some(StringMatchType::Regex(text)) if text == "*");
        if !any {
            string_match(&place, header, out);
        }
    }
    // An empty prefix is a prefix of every path; of the rest Envoy takes none.
    if let Some(StringMatchType::Regex(text)) =
        matched.uri.as_ref().and_then(|uri| uri.match_type.as_ref())
    {
        regex(&place.field("uri"), "regex", text, out);
    }
    for (name, value) in [
        ("scheme", &matched.scheme),
        ("method", &matched.method),
        ("authority", &matched.authority),
    ] {
        if let Some(value) = value {
            string_match(&place.field(name), value, out);
        }
    }
    for (name, value) in &matched.query_params {
        string_match(&place.entry("queryParams", name), value, out);
    }
    if matched.port != 0 {
        port(place, "port", matched.port, out);
    }
    labels(place, "sourceLabels", &matched.source_labels, out);
    out.without_warnings(|out| gateway_names(place, &matched.gateways, false, out));
    if !matched.source_namespace.is_empty() && !is_dns_label(&matched.source_namespace) {
        let message = format!("{} is not a namespace", quote(&matched.source_namespace));
        out.error(&place.field("sourceNamespace"), message);
    }
}

fn header_name(place: &Place<'_>, name: &str, out: &mut Findings<'_>) {
    if !is_matchable(name) {
        out.error(place, format!("{} is not the name of a header", quote(name)));
    }
}

fn string_match(place: &Place<'_>, value: &StringMatch, out: &mut Findings<'_>) {
    match &value.match_type {
        Some(StringMatchType::Prefix(text)) if text.is_empty() => {
            out.error(&place.field("prefix"), "must not be empty");
        }
        Some(StringMatchType::Regex(text)) => regex(place, "regex", text, out),
        _ => {}
    }
}
