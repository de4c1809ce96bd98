//! The parts of an identity: trust domain, namespace, service account.

use std::{fmt, sync::Arc};

use super::{Reading, TextMatch};

/// Namespaces, where every star stands for anything.
///
/// A namespace is a segment of an identity in Istio's shape. Envoy searches the whole text, so that
/// an identity of another shape may seem to have several; where that keeps somebody out it does so
/// here as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Namespaces {
    segment: TextMatch,
    anywhere: TextMatch,
}

impl Namespaces {
    pub(crate) fn new(value: &str) -> Self {
        Self {
            segment: TextMatch::stars(value),
            anywhere: TextMatch::stars(&format!("*/ns/{value}/*")),
        }
    }

    pub(crate) fn matches(&self, peer: &str, reading: Reading) -> bool {
        match parts(peer) {
            Some(parts) => self.segment.is_match(parts.namespace),
            None => reading == Reading::Wide && self.anywhere.is_match(peer),
        }
    }
}

/// One service account of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    namespace: Arc<str>,
    account: Arc<str>,
    /// `/ns/NAMESPACE/`
    in_namespace: Box<str>,
    /// `/sa/ACCOUNT`
    of_account: Box<str>,
}

impl Account {
    /// `ACCOUNT` of the policy's namespace, or `NAMESPACE/ACCOUNT`.
    pub(crate) fn new(value: &str, policy_namespace: &str) -> Self {
        let (namespace, account) = value.split_once('/').unwrap_or((policy_namespace, value));
        Self {
            namespace: namespace.into(),
            account: account.into(),
            in_namespace: format!("/ns/{namespace}/").into(),
            of_account: format!("/sa/{account}").into(),
        }
    }

    pub(crate) fn matches(&self, peer: &str, reading: Reading) -> bool {
        match parts(peer) {
            Some(parts) => *parts.namespace == *self.namespace && *parts.account == *self.account,
            None => reading == Reading::Wide && self.is_within(peer),
        }
    }

    /// Whether the namespace stands anywhere behind the trust domain, and the account anywhere
    /// behind the namespace.
    fn is_within(&self, peer: &str) -> bool {
        let Some(rest) = peer.strip_prefix(SCHEME) else { return false };
        behind(rest, &self.in_namespace).any(|(at, after)| {
            // The slash behind the namespace may be the one before `sa`.
            let from = rest.len() - after.len() - 1;
            let after = rest.get(from..).unwrap_or_default();
            at > 0
                && behind(after, &self.of_account)
                    .any(|(_, end)| end.is_empty() || end.starts_with('/'))
        })
    }
}

/// Every place of a piece in a text, overlapping ones too, with what comes behind it.
fn behind<'a>(text: &'a str, piece: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    text.char_indices()
        .map(|(at, _)| at)
        .filter_map(move |at| Some((at, text.get(at..)?.strip_prefix(piece)?)))
}

/// A trust domain, with at most one star that stands for anything but a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domain {
    start: Box<str>,
    /// What follows the star; `None` without one.
    end: Option<Box<str>>,
}

impl Domain {
    pub(crate) fn new(value: &str) -> Self {
        match value.split_once('*') {
            Some((start, end)) => Self { start: start.into(), end: Some(end.into()) },
            None => Self { start: value.into(), end: None },
        }
    }

    pub(crate) fn matches(&self, peer: &str) -> bool {
        let Some(rest) = peer.strip_prefix(SCHEME) else { return false };
        if self.start.is_empty() && self.end.as_deref() == Some("") {
            return true;
        }
        let Some(rest) = rest.strip_prefix(&*self.start) else { return false };
        let Some(end) = self.end.as_deref() else { return rest.starts_with('/') };
        let star = rest.find('/').unwrap_or(rest.len());
        if end.is_empty() {
            return star < rest.len();
        }
        behind(rest, end).take_while(|(at, _)| *at <= star).any(|(_, after)| after.starts_with('/'))
    }
}

/// The parts of an identity in Istio's shape.
struct Parts<'a> {
    namespace: &'a str,
    account: &'a str,
}

fn parts(peer: &str) -> Option<Parts<'_>> {
    let mut parts = peer.strip_prefix(SCHEME)?.split('/');
    parts.next()?;
    let namespace = (parts.next()? == "ns").then(|| parts.next())??;
    let account = (parts.next()? == "sa").then(|| parts.next())??;
    parts.next().is_none().then_some(Parts { namespace, account })
}

const SCHEME: &str = "spiffe://";

impl fmt::Display for Namespaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segment.fmt(f)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}/{}\"", self.namespace, self.account)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            Some(end) => write!(f, "\"{}*{end}\"", self.start),
            None => write!(f, "{:?}", self.start),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_of_other_shapes_keep_out_and_never_let_in() {
        let check = |value: &str, peer: &str, shaped: bool, wide: bool| {
            let namespaces = Namespaces::new(value);
            assert_eq!(namespaces.matches(peer, Reading::Every), shaped, "{value} {peer}");
            assert_eq!(namespaces.matches(peer, Reading::Exact), shaped, "{value} {peer}");
            assert_eq!(namespaces.matches(peer, Reading::Wide), wide, "{value} {peer} wide");
        };
        check("a", "spiffe://td/ns/a/sa/b", true, true);
        check("a", "spiffe://td/ns/evil/sa/x/ns/a/sa/y", false, true);
        check("a", "spiffe://td/ns/a/sa/b/more", false, true);
        check("a", "spiffe://td/ns/a", false, false);
        check("a", "spiffe://td/workloads/a", false, false);
        check("*a", "spiffe://td/ns/foo/sa/bar", false, false);
        check("a*", "spiffe://td/x/ns/abc/sa/y", false, true);
    }

    #[test]
    fn accounts_of_other_shapes_keep_out_and_never_let_in() {
        let check = |value: &str, peer: &str, shaped: bool, wide: bool| {
            let account = Account::new(value, "shop");
            assert_eq!(account.matches(peer, Reading::Every), shaped, "{value} {peer}");
            assert_eq!(account.matches(peer, Reading::Wide), wide, "{value} {peer} wide");
        };
        check("web", "spiffe://td/ns/shop/sa/web", true, true);
        check("shop/web", "spiffe://td/ns/shop/sa/web", true, true);
        check("web", "spiffe://td/ns/other/sa/web", false, false);
        check("web", "spiffe://td/ns/shop/sa/web/more", false, true);
        check("web", "spiffe://td/ns/shop/sa/web-2", false, false);
        check("web", "spiffe://td/ns/shop/x/y/sa/web", false, true);
        check("web", "spiffe://td/a/b/ns/shop/sa/web", false, true);
        check("web", "spiffe:///ns/shop/sa/web/more", false, false);
        check("web", "spiffe://td/ns/shop/ns/shop/sa/web", false, true);
    }

    #[test]
    fn trust_domains_end_at_the_slash() {
        let check = |value: &str, peer: &str, want: bool| {
            assert_eq!(Domain::new(value).matches(peer), want, "{value} {peer}");
        };
        check("td", "spiffe://td/ns/a/sa/b", true);
        check("td", "spiffe://td/anything", true);
        check("td", "spiffe://td", false);
        check("td", "spiffe://td2/ns/a/sa/b", false);
        check("td", "http://td/ns/a/sa/b", false);
        check("*", "spiffe://anything", true);
        check("*", "http://anything/", false);
        check("t*", "spiffe://td/ns/a/sa/b", true);
        check("t*", "spiffe://other/t/b", false);
        check("*d", "spiffe://td/ns/a/sa/b", true);
        check("*d", "spiffe://td2/ns/d/sa/b", false);
        check("*dd", "spiffe://ddd/x", true);
        // A `when` is not held to a trust domain's characters.
        check("td/ns/a", "spiffe://td/ns/a/sa/b", true);
    }
}
