//! The `hosts` of an egress listener: what they import and exclude.

use hashbrown::{HashMap, HashSet};

/// The hosts of one egress listener by the namespace they are about; `*` is a namespace too.
#[derive(Debug, Default)]
pub(super) struct Imports<'a> {
    by_namespace: HashMap<&'a str, Hosts<'a>>,
    /// Whether every import names one host of one namespace.
    only_exact: bool,
    /// Whether nothing is left out: `*/*` and no exclusion.
    everything: bool,
}

/// The hosts imported from one namespace.
#[derive(Debug, Default)]
pub(super) struct Hosts<'a> {
    exact: HashSet<&'a str>,
    wildcards: Vec<&'a str>,
    excluded: Vec<&'a str>,
}

impl<'a> Imports<'a> {
    /// Reads entries of the form `namespace/dnsName`; `.` is the namespace of the proxy. Entries
    /// of another form are refused by admission and ignored here.
    pub(super) fn read(entries: impl IntoIterator<Item = &'a str>, namespace: &'a str) -> Self {
        let mut imports = Self { only_exact: true, ..Self::default() };
        let mut exclusions = false;
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
            let wildcard = host.starts_with('*');
            if excluded {
                exclusions = true;
                hosts.excluded.push(host);
                continue;
            }
            imports.only_exact &= scope != "*" && !wildcard;
            imports.everything |= scope == "*" && host == "*";
            if wildcard {
                hosts.wildcards.push(host);
            } else {
                hosts.exact.insert(host);
            }
        }
        imports.everything &= !exclusions;
        imports
    }

    /// Whether nothing is left out, so that there is no need to ask.
    pub(super) fn is_everything(&self) -> bool {
        self.everything
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
    pub(super) fn excludes(&self, namespace: &str, host: &str) -> bool {
        self.of(namespace).any(|hosts| hosts.excluded.iter().any(|excluded| within(host, excluded)))
    }
}

impl Hosts<'_> {
    /// Whether a service of that host is imported: each of its names has to be covered.
    pub(super) fn cover(&self, host: &str) -> bool {
        self.exact.contains(host) || self.wildcards.iter().any(|imported| within(host, imported))
    }

    /// Whether a VirtualService with that host is imported: some name has to be in common.
    pub(super) fn overlap(&self, host: &str) -> bool {
        self.exact.contains(host)
            || self.wildcards.iter().any(|imported| overlap(host, imported))
            || host.starts_with('*') && self.exact.iter().any(|imported| overlap(host, imported))
    }
}

/// [`HostPattern::is_subset_of`](meshwork_core::HostPattern::is_subset_of) without patterns.
fn within(host: &str, other: &str) -> bool {
    match (host.strip_prefix('*'), other.strip_prefix('*')) {
        (_, None) => host == other,
        (None, Some(tail)) => host.ends_with(tail),
        (Some(own), Some(tail)) => own.ends_with(tail),
    }
}

/// [`HostPattern::overlaps`](meshwork_core::HostPattern::overlaps) without patterns.
fn overlap(host: &str, other: &str) -> bool {
    within(host, other) || within(other, host)
}

#[cfg(test)]
mod tests {
    use meshwork_core::HostPattern;

    use super::*;

    #[test]
    fn the_algebra_is_that_of_patterns() {
        let hosts =
            ["a.com", "x.a.com", "*.a.com", "*a.com", "*.com", "*", "A.com", "*.x.a.com", ""];
        for one in hosts {
            for other in hosts {
                let (a, b) = (HostPattern::from(one), HostPattern::from(other));
                assert_eq!(within(one, other), a.is_subset_of(&b), "{one} within {other}");
                assert_eq!(overlap(one, other), a.overlaps(&b), "{one} and {other}");
            }
        }
    }
}
