//! Host names and patterns: the laws of Istio's host algebra hold for any two texts.

use meshwork_core::{HostPattern, Hostname};

/// Two lines, each a pattern and a name.
pub fn hostname(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (a, b) = text.split_once('\n').unwrap_or((text, text));
    let (one, other) = (HostPattern::new(a), HostPattern::new(b));
    assert_eq!(one.overlaps(&other), other.overlaps(&one), "overlap is symmetric");
    assert!(one.is_subset_of(&one), "a pattern covers itself");
    if one.is_subset_of(&other) {
        assert!(one.overlaps(&other), "what is covered overlaps");
        if !one.is_wildcard() && one.matches(a) {
            assert!(other.matches(a), "what covers a name matches it");
        }
    }
    assert_eq!(one.intersection(&other).is_some(), {
        one.is_subset_of(&other) || other.is_subset_of(&one)
    });
    let back = other.cmp_specificity(&one).reverse();
    assert_eq!(one.cmp_specificity(&other), back, "the order of specificity is an order");
    let qualified = Hostname::qualify(a, "ns", "cluster.local");
    let again = Hostname::qualify(qualified.as_str(), "ns", "cluster.local");
    assert_eq!(qualified, again, "a qualified name stays as it is");
}
