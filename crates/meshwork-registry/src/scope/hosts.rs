//! The `hosts` of an egress listener: what they import and exclude.

use std::collections::{HashMap, HashSet};

use meshwork_core::HostPattern;

/// The hosts of one egress listener by the namespace they are about; `*` is a namespace too.
#[derive(Debug, Default)]
pub(super) struct Imports<'a> {
    by_namespace: HashMap<&'a str, Hosts<'a>>,
    /// Whether every import names one host of one namespace.
    only_exact: bool,
}

/// The hosts imported from one namespace.
#[derive(Debug, Default)]
pub(super) struct Hosts<'a> {
    exact: HashSet<&'a str>,
    wildcards: Vec<HostPattern>,
    excluded: Vec<HostPattern>,
}

impl<'a> Imports<'a> {
    /// Reads entries of the form `namespace/dnsName`; `.` is the namespace of the proxy. Entries
    /// of another form are refused by admission and ignored here.
    pub(super) fn read(entries: impl IntoIterator<Item = &'a str>, namespace: &'a str) -> Self {
        let mut imports = Self { only_exact: true, ..Self::default() };
        for entry in entries {
            let Some((scope, host)) = entry.split_once('/') else { continue };
            if host.contains('/') {
                continue;
            }
            let (scope, excluded) = match scope.strip_prefix('~') {
                Some("") => ("*", true),
                Some(rest) => (rest, true),
                None => (scope, false),
            };
            let scope = if scope == "." { namespace } else { scope };
            let hosts = imports.by_namespace.entry(scope).or_default();
            let pattern = HostPattern::from(host);
            if excluded {
                hosts.excluded.push(pattern);
                continue;
            }
            imports.only_exact &= scope != "*" && !pattern.is_wildcard();
            if pattern.is_wildcard() {
                hosts.wildcards.push(pattern);
            } else {
                hosts.exact.insert(host);
            }
        }
        imports
    }

    /// The namespaces and exact hosts, where there is nothing else to import by.
    pub(super) fn exact(&self) -> Option<impl Iterator<Item = (&'a str, &'a str)> + '_> {
        let pairs = self
            .by_namespace
            .iter()
            .flat_map(|(namespace, hosts)| hosts.exact.iter().map(move |host| (*namespace, *host)));
        self.only_exact.then_some(pairs)
    }

    /// What is said of resources of `namespace`: under its name first, then under `*`.
    pub(super) fn of(&self, namespace: &str) -> impl Iterator<Item = &Hosts<'a>> {
        [self.by_namespace.get(namespace), self.by_namespace.get("*")].into_iter().flatten()
    }

    /// Whether a host of `namespace` is excluded.
    pub(super) fn excludes(&self, namespace: &str, host: &HostPattern) -> bool {
        self.of(namespace)
            .any(|hosts| hosts.excluded.iter().any(|excluded| host.is_subset_of(excluded)))
    }
}

impl Hosts<'_> {
    /// Whether a service of that host is imported: each of its names has to be covered.
    pub(super) fn cover(&self, host: &HostPattern) -> bool {
        self.exact.contains(host.as_str())
            || self.wildcards.iter().any(|imported| host.is_subset_of(imported))
    }

    /// Whether a VirtualService with that host is imported: some name has to be in common.
    pub(super) fn overlap(&self, host: &HostPattern) -> bool {
        self.exact.contains(host.as_str())
            || self.wildcards.iter().any(|imported| host.overlaps(imported))
            || host.is_wildcard() && self.exact.iter().any(|imported| host.matches(imported))
    }
}
