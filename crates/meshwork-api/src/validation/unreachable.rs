//! Rules and matches of a VirtualService that can never apply, because earlier ones take it all.

use super::findings::{Findings, quote};
use super::place::Place;
use crate::Map;
use crate::networking::{
    HttpMatchRequest, L4MatchAttributes, StringMatch, StringMatchType, TlsMatchAttributes,
    VirtualService,
};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};

/// Warns of everything in `http`, `tls` and `tcp` that is not reached.
pub(super) fn check(vs: &VirtualService, spec: &Place<'_>, out: &mut Findings<'_>) {
    duplicates(vs.http.iter().map(|route| route.match_.as_slice()), "http", spec, out);
    covered_prefixes(vs, spec, out);
    duplicates(vs.tcp.iter().map(|route| route.match_.as_slice()), "tcp", spec, out);
    duplicates(vs.tls.iter().map(|route| route.match_.as_slice()), "tls", spec, out);
}

/// A match that can be compared with an earlier one.
trait Comparable {
    /// Equal matches have equal keys; most others differ.
    fn key<H: Hasher>(&self, hasher: &mut H);

    /// Whether both take the same traffic. What a match is called plays no part.
    fn takes_the_same(&self, other: &Self) -> bool;
}

impl Comparable for HttpMatchRequest {
    fn key<H: Hasher>(&self, hasher: &mut H) {
        for value in [&self.uri, &self.method, &self.authority] {
            comparison(value.as_ref()).hash(hasher);
        }
        self.port.hash(hasher);
        for map in [&self.headers, &self.query_params, &self.without_headers] {
            sum_of_entries(map, |value| comparison(Some(value))).hash(hasher);
        }
        sum_of_entries(&self.source_labels, String::as_str).hash(hasher);
        (&self.gateways, &self.source_namespace).hash(hasher);
    }

    fn takes_the_same(&self, other: &Self) -> bool {
        let Self {
            name: _,
            uri,
            scheme,
            method,
            authority,
            headers,
            port,
            source_labels,
            gateways,
            query_params,
            ignore_uri_case,
            without_headers,
            source_namespace,
            stat_prefix,
            ..
        } = self;
        *port == other.port
            && *uri == other.uri
            && *method == other.method
            && *authority == other.authority
            && *scheme == other.scheme
            && *headers == other.headers
            && *query_params == other.query_params
            && *without_headers == other.without_headers
            && *source_labels == other.source_labels
            && *gateways == other.gateways
            && *ignore_uri_case == other.ignore_uri_case
            && *source_namespace == other.source_namespace
            && *stat_prefix == other.stat_prefix
    }
}

/// A number for the entries of a map, whatever their order.
fn sum_of_entries<'m, V, K: Hash>(
    map: &'m Map<String, V>,
    key: impl Fn(&'m V) -> K,
) -> (usize, u64) {
    let entry = |(name, value): (&'m String, &'m V)| {
        let mut hasher = DefaultHasher::new();
        (name, key(value)).hash(&mut hasher);
        hasher.finish()
    };
    (map.len(), map.iter().map(entry).fold(0, u64::wrapping_add))
}

impl Comparable for TlsMatchAttributes {
    fn key<H: Hasher>(&self, hasher: &mut H) {
        (&self.sni_hosts, self.port, &self.destination_subnets, &self.gateways).hash(hasher);
        sum_of_entries(&self.source_labels, String::as_str).hash(hasher);
    }

    fn takes_the_same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Comparable for L4MatchAttributes {
    fn key<H: Hasher>(&self, hasher: &mut H) {
        (&self.destination_subnets, self.port, &self.source_subnet, &self.gateways).hash(hasher);
        sum_of_entries(&self.source_labels, String::as_str).hash(hasher);
    }

    fn takes_the_same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Rules after one that takes everything, and matches that stand twice.
fn duplicates<'v, M: Comparable + 'v>(
    rules: impl Iterator<Item = &'v [M]>,
    list: &str,
    spec: &Place<'_>,
    out: &mut Findings<'_>,
) {
    let mut catch_all: Option<usize> = None;
    let mut seen: HashMap<u64, Vec<(usize, &'v M)>> = HashMap::new();
    for (index, matches) in rules.enumerate() {
        let place = spec.item(list, index);
        if matches.is_empty() {
            if let Some(earlier) = catch_all {
                let message = format!("is never reached: rule {earlier} has no matches either");
                out.warn(&place, message);
            }
            catch_all = Some(index);
            continue;
        }
        let mut repeated = 0;
        for (number, matched) in matches.iter().enumerate() {
            if let Some(earlier) = catch_all {
                let message =
                    format!("is never reached: rule {earlier} has no matches, so it takes all");
                out.warn(&place.item("match", number), message);
                continue;
            }
            let mut hasher = DefaultHasher::new();
            matched.key(&mut hasher);
            let alike = seen.entry(hasher.finish()).or_default();
            match alike.iter().find(|(_, earlier)| matched.takes_the_same(earlier)) {
                Some((earlier, _)) => {
                    repeated += 1;
                    let message = format!("has no effect: rule {earlier} has the same match");
                    out.warn(&place.item("match", number), message);
                }
                None => alike.push((index, matched)),
            }
        }
        if repeated == matches.len() {
            out.warn(&place, "is never reached: earlier rules have all of its matches");
        }
    }
}

/// What a match by a URI's prefix asks for, as far as the analysis compares it.
struct PrefixMatch<'v> {
    rule: usize,
    number: usize,
    prefix: &'v str,
    matched: &'v HttpMatchRequest,
    method: Comparison<'v>,
}

/// A value to compare: its kind and text. A regular expression counts as no condition.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Comparison<'v> {
    kind: Kind,
    text: &'v str,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
enum Kind {
    #[default]
    Any,
    Exact,
    Prefix,
}

impl Comparison<'_> {
    /// istiod compares the texts `exact:…` and `prefix:…`, and takes a text that begins with the
    /// other for covered by it; so an exact value covers the exact values that it is the start of.
    fn starts_with(self, other: Self) -> bool {
        other.kind == Kind::Any || (self.kind == other.kind && self.text.starts_with(other.text))
    }
}

fn comparison(value: Option<&StringMatch>) -> Comparison<'_> {
    match value.and_then(|value| value.match_type.as_ref()) {
        Some(StringMatchType::Exact(text)) if !text.is_empty() => {
            Comparison { kind: Kind::Exact, text }
        }
        Some(StringMatchType::Prefix(text)) if !text.is_empty() => {
            Comparison { kind: Kind::Prefix, text }
        }
        _ => Comparison::default(),
    }
}

/// Matches whose prefix is longer than that of an earlier match with the same other conditions.
fn covered_prefixes(vs: &VirtualService, spec: &Place<'_>, out: &mut Findings<'_>) {
    let mut earlier: Vec<PrefixMatch<'_>> = Vec::new();
    // Rules behind one without matches are reported as a whole; so are second copies of a match.
    let reached = vs.http.iter().take_while(|route| !route.match_.is_empty());
    let mut by_prefix: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut lengths = BTreeSet::new();
    for (rule, route) in reached.enumerate() {
        for (number, matched) in route.match_.iter().enumerate() {
            let uri = matched.uri.as_ref().and_then(|uri| uri.match_type.as_ref());
            let Some(StringMatchType::Prefix(prefix)) = uri else { continue };
            let same = by_prefix.get(prefix.as_str()).into_iter().flatten();
            let copy = same
                .filter_map(|index| earlier.get(*index))
                .any(|other| matched.takes_the_same(other.matched));
            if prefix.is_empty() || copy {
                continue;
            }
            let method = match comparison(matched.method.as_ref()) {
                Comparison { kind: Kind::Any, .. } => Comparison { kind: Kind::Exact, text: "GET" },
                given => given,
            };
            let this = PrefixMatch { rule, number, prefix, matched, method };
            let shorter = lengths.range(..prefix.len()).filter_map(|end| prefix.get(..*end));
            let candidates = shorter.filter_map(|shorter| by_prefix.get(shorter)).flatten();
            let candidates = candidates.filter_map(|index| earlier.get(*index));
            for other in candidates.filter(|other| covers(other, &this)) {
                let message = format!(
                    "has no effect: match {} of rule {} has the shorter prefix {}",
                    other.number,
                    other.rule,
                    quote(other.prefix)
                );
                out.warn(&spec.item("http", rule).item("match", number), message);
            }
            lengths.insert(prefix.len());
            by_prefix.entry(prefix).or_default().push(earlier.len());
            earlier.push(this);
        }
    }
}

/// Whether the conditions besides the prefix let the earlier match take what the later one takes,
/// as istiod judges it.
fn covers(earlier: &PrefixMatch<'_>, later: &PrefixMatch<'_>) -> bool {
    let (a, b) = (earlier.matched, later.matched);
    a.port == b.port
        && earlier.method.starts_with(later.method)
        && comparison(a.authority.as_ref()).starts_with(comparison(b.authority.as_ref()))
        && maps_cover(&a.headers, &b.headers)
        && maps_cover(&a.query_params, &b.query_params)
        && maps_cover(&a.without_headers, &b.without_headers)
}

fn maps_cover(a: &Map<String, StringMatch>, b: &Map<String, StringMatch>) -> bool {
    a.len() == b.len()
        && a.iter().all(|(key, value)| {
            b.get(key)
                .is_some_and(|other| comparison(Some(value)).starts_with(comparison(Some(other))))
        })
}
