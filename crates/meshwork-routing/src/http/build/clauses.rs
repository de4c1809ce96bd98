//! From a match as it is written to clauses.

use meshwork_api::networking::{self, HttpMatchRequest, StringMatchType};
use meshwork_core::{Re2, StringMatch};

use super::diagnostics::Diagnostics;
use crate::http::{
    MatchedPath,
    headers::is_joined_request_header,
    matching::{ClaimPath, Clause, Field, Named, Origin},
};

/// A match in the form that rules have.
pub(super) struct Compiled {
    pub(super) clauses: Vec<Clause>,
    /// What a rewrite replaces.
    pub(super) matched: MatchedPath,
    pub(super) catch_all: bool,
}

/// The clauses of a match; none is a match for every path.
pub(super) fn compile(
    written: Option<&HttpMatchRequest>,
    diagnostics: &mut Diagnostics<'_>,
) -> Compiled {
    let everything = HttpMatchRequest::default();
    let written = written.unwrap_or(&everything);
    let (path, matched, any_path) = path(written, diagnostics);
    let mut clauses = Vec::from_iter(path);
    for (field, origin, wanted) in [
        (Field::Method, Origin::Method, &written.method),
        (Field::Authority, Origin::Authority, &written.authority),
        (Field::Scheme, Origin::Scheme, &written.scheme),
    ] {
        if let Some(wanted) = wanted
            && let Some(matcher) = matcher(wanted, &origin, diagnostics)
        {
            clauses.push(Clause::new(field, matcher, origin));
        }
    }
    for (name, wanted) in &written.headers {
        let origin = Origin::Headers(name.as_str().into());
        clauses.extend(named(name, wanted, origin, false, diagnostics));
    }
    for (name, wanted) in &written.without_headers {
        let origin = Origin::WithoutHeaders(name.as_str().into());
        clauses.extend(named(name, wanted, origin, true, diagnostics));
    }
    for (name, wanted) in &written.query_params {
        let origin = Origin::QueryParams(name.as_str().into());
        if let Some(matcher) = matcher(wanted, &origin, diagnostics) {
            let field = Field::Named(Named::Query(name.as_str().into()), 0);
            clauses.push(Clause::new(field, matcher, origin));
        }
    }
    let alone = written.method.is_none()
        && written.authority.is_none()
        && written.scheme.is_none()
        && written.headers.is_empty()
        && written.without_headers.is_empty()
        && written.query_params.is_empty();
    Compiled { clauses, matched, catch_all: any_path && alone }
}

/// The clause about the path, what of it is matched, and whether Istio takes it for every path.
fn path(
    written: &HttpMatchRequest,
    diagnostics: &mut Diagnostics<'_>,
) -> (Option<Clause>, MatchedPath, bool) {
    let kind = written.uri.as_ref().and_then(|uri| uri.match_type.as_ref());
    let fold = written.ignore_uri_case;
    let (matcher, matched, any) = match kind {
        None => (StringMatch::prefix("/"), MatchedPath::Prefix(1), true),
        Some(StringMatchType::Exact(path)) => {
            let path = path.as_str().into();
            let matcher =
                if fold { StringMatch::ExactIgnoreCase(path) } else { StringMatch::Exact(path) };
            (matcher, MatchedPath::Whole, false)
        }
        Some(StringMatchType::Prefix(prefix)) => {
            let any = prefix == "/";
            let matched = MatchedPath::Prefix(prefix.len());
            let prefix = prefix.as_str().into();
            let matcher = if fold {
                StringMatch::PrefixIgnoreCase(prefix)
            } else {
                StringMatch::Prefix(prefix)
            };
            (matcher, matched, any)
        }
        Some(StringMatchType::Regex(pattern)) => match Re2::new(pattern) {
            Ok(regex) => (StringMatch::Regex(regex), MatchedPath::Whole, pattern == ".*"),
            Err(error) => {
                diagnostics.refuse("uri.regex", error.to_string());
                return (None, MatchedPath::Whole, false);
            }
        },
    };
    (Some(Clause::new(Field::Path, matcher, Origin::Uri)), matched, any)
}

/// The clause about a header or a claim.
fn named(
    name: &str,
    wanted: &networking::StringMatch,
    origin: Origin,
    negated: bool,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Clause> {
    let present = is_presence(wanted);
    let field = match ClaimPath::parse(name) {
        Some(path) => {
            if present {
                let message = "a claim needs a value to be compared with";
                diagnostics.refuse(&origin.to_string(), message);
                return None;
            }
            return claim(path, wanted, origin, negated, diagnostics);
        }
        None => header(name),
    };
    let matcher = matcher(wanted, &origin, diagnostics)?;
    let mut clause = Clause::new(field, matcher, origin);
    clause.negated = negated;
    clause.missing_is_empty = negated && !present;
    Some(clause)
}

fn claim(
    path: ClaimPath,
    wanted: &networking::StringMatch,
    origin: Origin,
    negated: bool,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Clause> {
    let matcher = matcher(wanted, &origin, diagnostics)?;
    let mut clause = Clause::new(Field::Named(Named::Claim(path.into()), 0), matcher, origin);
    clause.negated = negated;
    Some(clause)
}

/// What a key of `headers` looks at: pseudo-headers are fields of the request, and `host` is the
/// authority, as in Envoy's header map.
fn header(name: &str) -> Field {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        ":method" => Field::Method,
        ":scheme" => Field::Scheme,
        ":authority" | "host" => Field::Authority,
        ":path" => Field::PathAndQuery,
        lower => match lower.parse() {
            Ok(name) => {
                Field::Named(Named::Header { name, joined: is_joined_request_header(lower) }, 0)
            }
            // No request can have a header of that name.
            Err(_) => Field::Nothing,
        },
    }
}

/// Nothing to compare with, or `*`, which is no pattern of RE2 but Istio's word for presence.
fn is_presence(wanted: &networking::StringMatch) -> bool {
    match &wanted.match_type {
        None => true,
        Some(StringMatchType::Regex(pattern)) => pattern == "*",
        Some(_) => false,
    }
}

fn matcher(
    wanted: &networking::StringMatch,
    origin: &Origin,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<StringMatch> {
    if is_presence(wanted) {
        return Some(StringMatch::Present);
    }
    match wanted.match_type.as_ref()? {
        StringMatchType::Exact(value) => Some(StringMatch::exact(value.as_str())),
        StringMatchType::Prefix(value) => Some(StringMatch::prefix(value.as_str())),
        StringMatchType::Regex(pattern) => match StringMatch::regex(pattern) {
            Ok(matcher) => Some(matcher),
            Err(error) => {
                diagnostics.refuse(&format!("{origin}.regex"), error.to_string());
                None
            }
        },
    }
}
