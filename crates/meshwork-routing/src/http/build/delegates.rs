//! One delegate merged into the entry that names it.

use std::sync::Arc;

use meshwork_api::Map;
use meshwork_api::{
    Object,
    networking::{
        Destination, HttpMatchRequest, HttpRoute, StringMatch, StringMatchType, VirtualService,
    },
};
use meshwork_core::{FieldPath, Hostname};

use super::merged::EntryOrigin;
use crate::{CompileError, tcp::qualify_gateway};

/// An entry with a `delegate`.
pub(super) struct Root<'a> {
    pub(super) entry: &'a HttpRoute,
    pub(super) field: FieldPath,
    pub(super) namespace: &'a str,
    pub(super) cluster_domain: &'a str,
}

impl Root<'_> {
    /// The delegate's entries in the root's place.
    pub(super) fn merge(
        &self,
        delegate: &Arc<Object<VirtualService>>,
        diagnostics: &mut Vec<CompileError>,
    ) -> Vec<(HttpRoute, EntryOrigin)> {
        let namespace = delegate.metadata.namespace.as_str();
        let own = self.qualified_matches();
        let mut merged = Vec::new();
        for (index, leaf) in delegate.spec.http.iter().enumerate() {
            let field = FieldPath::new(delegate.reference(), format!("spec.http[{index}]"));
            let leaf = qualified(leaf, namespace, self.cluster_domain);
            match self.matches(&own, &leaf.match_, &field) {
                Ok((matches, origins)) => {
                    let origin = EntryOrigin { entry: field, matches: origins };
                    merged.push((self.overlay(leaf, matches), origin));
                }
                Err(number) => {
                    let at = format!("{}.match[{number}]", field.path);
                    let field = FieldPath::new(field.resource, at);
                    let message = format!(
                        "no match of {} {} fits, so the entry is left out",
                        self.field.resource, self.field.path
                    );
                    diagnostics.push(CompileError::new(field, message));
                }
            }
        }
        merged
    }

    fn qualified_matches(&self) -> Vec<HttpMatchRequest> {
        let mut matches = self.entry.match_.clone();
        qualify_gateways(&mut matches, self.namespace);
        matches
    }

    /// One match for each pair that fits. The number of a delegate's match without any partner
    /// where there is one: the whole entry is then left out.
    fn matches(
        &self,
        own: &[HttpMatchRequest],
        leaf: &[HttpMatchRequest],
        field: &FieldPath,
    ) -> Result<(Vec<HttpMatchRequest>, Vec<FieldPath>), usize> {
        let at = |field: &FieldPath, number: usize| {
            FieldPath::new(field.resource.clone(), format!("{}.match[{number}]", field.path))
        };
        if leaf.is_empty() {
            let origins = (0..own.len()).map(|number| at(&self.field, number)).collect();
            return Ok((own.to_vec(), origins));
        }
        if own.is_empty() {
            let origins = (0..leaf.len()).map(|number| at(field, number)).collect();
            return Ok((leaf.to_vec(), origins));
        }
        let mut merged = Vec::new();
        let mut origins = Vec::new();
        for (number, leaf) in leaf.iter().enumerate() {
            let before = merged.len();
            for root in own.iter().filter(|root| !conflict(root, leaf)) {
                merged.push(merge_match(root, leaf));
                origins.push(at(field, number));
            }
            if merged.len() == before {
                return Err(number);
            }
        }
        Ok((merged, origins))
    }

    /// The delegate's entry, with what it leaves out taken from the root, as whole objects.
    fn overlay(&self, leaf: HttpRoute, match_: Vec<HttpMatchRequest>) -> HttpRoute {
        let root = self.entry.clone();
        HttpRoute {
            name: joined(&root.name, &leaf.name),
            match_,
            delegate: None,
            rewrite: leaf.rewrite.or(root.rewrite),
            direct_response: leaf.direct_response.or(root.direct_response),
            timeout: leaf.timeout.or(root.timeout),
            retries: leaf.retries.or(root.retries),
            fault: leaf.fault.or(root.fault),
            mirror: leaf.mirror.or(root.mirror),
            mirror_percent: leaf.mirror_percent.or(root.mirror_percent),
            mirror_percentage: leaf.mirror_percentage.or(root.mirror_percentage),
            mirrors: if leaf.mirrors.is_empty() { root.mirrors } else { leaf.mirrors },
            cors_policy: leaf.cors_policy.or(root.cors_policy),
            headers: leaf.headers.or(root.headers),
            ..leaf
        }
    }
}

/// The entry with the names that belong to the delegate's namespace written out.
fn qualified(entry: &HttpRoute, namespace: &str, cluster_domain: &str) -> HttpRoute {
    let mut entry = entry.clone();
    let qualify = |destination: &mut Destination| {
        let host = Hostname::qualify(&destination.host, namespace, cluster_domain);
        destination.host = host.as_str().to_owned();
    };
    entry.route.iter_mut().filter_map(|route| route.destination.as_mut()).for_each(qualify);
    entry.mirror.iter_mut().for_each(qualify);
    entry.mirrors.iter_mut().filter_map(|mirror| mirror.destination.as_mut()).for_each(qualify);
    qualify_gateways(&mut entry.match_, namespace);
    entry
}

fn qualify_gateways(matches: &mut [HttpMatchRequest], namespace: &str) {
    for gateway in matches.iter_mut().flat_map(|written| &mut written.gateways) {
        *gateway = qualify_gateway(gateway, namespace).into_owned();
    }
}

fn joined(root: &str, leaf: &str) -> String {
    match (root, leaf) {
        ("", name) | (name, "") => name.to_owned(),
        (root, leaf) => format!("{root}-{leaf}"),
    }
}

fn merge_match(root: &HttpMatchRequest, leaf: &HttpMatchRequest) -> HttpMatchRequest {
    let text = |root: &String, leaf: &String| if leaf.is_empty() { root } else { leaf }.clone();
    let either = |root: &Option<StringMatch>, leaf: &Option<StringMatch>| {
        leaf.as_ref().or(root.as_ref()).cloned()
    };
    HttpMatchRequest {
        name: joined(&root.name, &leaf.name),
        uri: either(&root.uri, &leaf.uri),
        scheme: either(&root.scheme, &leaf.scheme),
        method: either(&root.method, &leaf.method),
        authority: either(&root.authority, &leaf.authority),
        headers: union(&root.headers, &leaf.headers),
        port: if leaf.port == 0 { root.port } else { leaf.port },
        source_labels: union(&root.source_labels, &leaf.source_labels),
        gateways: if leaf.gateways.is_empty() { &root.gateways } else { &leaf.gateways }.clone(),
        query_params: union(&root.query_params, &leaf.query_params),
        ignore_uri_case: leaf.ignore_uri_case,
        without_headers: union(&root.without_headers, &leaf.without_headers),
        source_namespace: text(&root.source_namespace, &leaf.source_namespace),
        stat_prefix: text(&root.stat_prefix, &leaf.stat_prefix),
    }
}

/// Both maps; the delegate's value where both have a key. Keys are compared as text, so two
/// spellings of one header both stay.
fn union<V: Clone>(root: &Map<String, V>, leaf: &Map<String, V>) -> Map<String, V> {
    let mut union = root.clone();
    union.extend(leaf.iter().map(|(key, value)| (key.clone(), value.clone())));
    union
}

/// Whether a request that meets the delegate's match may miss the root's.
fn conflict(root: &HttpMatchRequest, leaf: &HttpMatchRequest) -> bool {
    let pairs = [
        (&root.uri, &leaf.uri),
        (&root.scheme, &leaf.scheme),
        (&root.method, &leaf.method),
        (&root.authority, &leaf.authority),
    ];
    let maps = [
        (&root.headers, &leaf.headers),
        (&root.without_headers, &leaf.without_headers),
        (&root.query_params, &leaf.query_params),
    ];
    pairs.iter().any(|(root, leaf)| string_conflict(root.as_ref(), leaf.as_ref()))
        || maps.iter().any(|(root, leaf)| {
            leaf.iter().any(|(key, leaf)| string_conflict(root.get(key), Some(leaf)))
        })
        || root.ignore_uri_case != leaf.ignore_uri_case
        || root.port != 0 && leaf.port != 0 && root.port != leaf.port
        || !root.source_namespace.is_empty() && root.source_namespace != leaf.source_namespace
        || leaf
            .source_labels
            .iter()
            .any(|(key, value)| root.source_labels.get(key).is_some_and(|own| own != value))
        || !root.gateways.is_empty()
            && leaf.gateways.iter().any(|gateway| !root.gateways.contains(gateway))
}

fn string_conflict(root: Option<&StringMatch>, leaf: Option<&StringMatch>) -> bool {
    use StringMatchType::{Exact, Prefix};
    let (Some(root), Some(leaf)) = (root, leaf) else { return false };
    match (&root.match_type, &leaf.match_type) {
        (Some(Exact(root)), Some(Exact(leaf))) if !root.is_empty() => root != leaf,
        (Some(Prefix(root)), Some(Exact(leaf) | Prefix(leaf)))
            if !root.is_empty() && !leaf.is_empty() =>
        {
            !leaf.starts_with(root.as_str())
        }
        _ => true,
    }
}
