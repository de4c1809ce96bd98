//! Load balancing: consistent hashes, localities, warm-up.

use super::findings::{Findings, quote};
use super::place::Place;
use super::shared::duration;
use crate::networking::{
    ConsistentHashLb, HashAlgorithm, HashKey, HttpCookie, LbPolicy, LoadBalancerSettings,
    LocalityLoadBalancerSetting, WarmupConfiguration, ZoneAwareLoadBalancerSetting,
};
use std::collections::{HashMap, HashSet};

/// `loadBalancer`; failover needs outlier detection beside it.
pub(super) fn check(
    place: &Place<'_>,
    settings: &LoadBalancerSettings,
    detects_outliers: bool,
    out: &mut Findings<'_>,
) {
    if let Some(LbPolicy::ConsistentHash(hash)) = &settings.lb_policy {
        consistent_hash(&place.field("consistentHash"), hash, out);
    }
    if settings.locality_lb_setting.is_some() && settings.zone_aware_lb_setting.is_some() {
        out.error(place, "`localityLbSetting` and `zoneAwareLbSetting` exclude each other");
    }
    if let Some(locality) = &settings.locality_lb_setting {
        locality_setting(&place.field("localityLbSetting"), locality, detects_outliers, out);
    }
    if let Some(zones) = &settings.zone_aware_lb_setting {
        zone_aware_setting(&place.field("zoneAwareLbSetting"), zones, detects_outliers, out);
    }
    if let Some(warmup) = &settings.warmup {
        check_warmup(&place.field("warmup"), warmup, out);
    }
}

fn consistent_hash(place: &Place<'_>, hash: &ConsistentHashLb, out: &mut Findings<'_>) {
    if let Some(HashKey::HttpCookie(cookie)) = &hash.hash_key {
        check_cookie(&place.field("httpCookie"), cookie, out);
    }
    if hash.minimum_ring_size != 0 {
        let place = place.field("minimumRingSize");
        out.warn(&place, "is deprecated; use `ringHash.minimumRingSize`");
        if hash.hash_algorithm.is_some() {
            out.error(&place, "excludes `ringHash` and `maglev`");
        }
    }
    if let Some(HashAlgorithm::Maglev(maglev)) = &hash.hash_algorithm {
        let size = maglev.table_size;
        if size >= MAGLEV_LIMIT || !is_prime(size) {
            let place = place.field("maglev");
            let message = format!("{size} is not a prime number below {MAGLEV_LIMIT}");
            out.error(&place.field("tableSize"), message);
        }
    }
}

fn check_cookie(place: &Place<'_>, cookie: &HttpCookie, out: &mut Findings<'_>) {
    if cookie.name.is_empty() {
        out.error(&place.field("name"), "is required");
    }
    let mut names = HashSet::new();
    for (index, attribute) in cookie.attributes.iter().enumerate() {
        let place = place.item("attributes", index);
        if attribute.name.is_empty() {
            out.error(&place.field("name"), "must not be empty");
        } else if !names.insert(attribute.name.as_str()) {
            let message = format!("the attribute {} stands here twice", quote(&attribute.name));
            out.error(&place, message);
        }
    }
}

/// As Envoy sees it, to which 1 is prime.
fn is_prime(number: u64) -> bool {
    let mut odd = (3u64..).step_by(2).take_while(|factor| factor * factor <= number);
    number == 2 || (number % 2 == 1 && odd.all(|factor| !number.is_multiple_of(factor)))
}

fn locality_setting(
    place: &Place<'_>,
    setting: &LocalityLoadBalancerSetting,
    detects_outliers: bool,
    out: &mut Findings<'_>,
) {
    let LocalityLoadBalancerSetting { distribute, failover, failover_priority, .. } = setting;
    if !distribute.is_empty() && !failover.is_empty() {
        out.error(place, "`distribute` and `failover` exclude each other");
    }
    if !failover.is_empty() {
        for (index, label) in failover_priority.iter().enumerate() {
            if TOPOLOGY.contains(&label.as_str()) {
                let message = format!("`failover` excludes the topology label {}", quote(label));
                out.error(&place.item("failoverPriority", index), message);
            }
        }
    }
    let mut sources = Localities::default();
    for (index, from) in distribute.iter().enumerate() {
        let place = place.item("distribute", index);
        sources.add(&place.field("from"), &from.from, out);
        let mut targets = Localities::default();
        let mut total = 0u64;
        for (locality, weight) in &from.to {
            let place = place.entry("to", locality);
            if !(1..=100).contains(weight) {
                out.error(&place, format!("the weight {weight} is not in the range 1 to 100"));
            }
            total += u64::from(*weight);
            targets.add(&place, locality, out);
        }
        if total != 100 {
            out.error(&place.field("to"), format!("the weights add up to {total}, not to 100"));
        }
    }
    let regions = failover.iter().map(|f| (f.from.as_str(), f.to.as_str()));
    check_failover(place, regions, out);
    if (!failover.is_empty() || !failover_priority.is_empty()) && !detects_outliers {
        out.warn(place, "without `outlierDetection` there is no failover");
    }
}

fn zone_aware_setting(
    place: &Place<'_>,
    setting: &ZoneAwareLoadBalancerSetting,
    detects_outliers: bool,
    out: &mut Findings<'_>,
) {
    for (index, label) in setting.failover_priority.iter().enumerate() {
        if TOPOLOGY.contains(&label.as_str()) {
            let message = format!(
                "regions and zones come first anyway, so {} cannot be listed",
                quote(label)
            );
            out.error(&place.item("failoverPriority", index), message);
        }
    }
    let regions = setting.failover.iter().map(|f| (f.from.as_str(), f.to.as_str()));
    check_failover(place, regions, out);
    if (!setting.failover.is_empty() || !setting.failover_priority.is_empty()) && !detects_outliers
    {
        out.warn(place, "without `outlierDetection` there is no failover");
    }
}

fn check_failover<'a>(
    place: &Place<'_>,
    regions: impl Iterator<Item = (&'a str, &'a str)>,
    out: &mut Findings<'_>,
) {
    for (index, (from, to)) in regions.enumerate() {
        let place = place.item("failover", index);
        if from == to {
            out.error(&place, "`from` and `to` are the same region");
        }
        for (name, region) in [("from", from), ("to", to)] {
            if region.contains(['/', '*']) {
                let message = format!("{} is not a region: no zones, no wildcards", quote(region));
                out.error(&place.field(name), message);
            }
        }
    }
}

/// Localities of one list, none of which may overlap with another.
#[derive(Default)]
struct Localities<'a> {
    regions: HashMap<&'a str, Zones<'a>>,
    failed: bool,
}

enum Zones<'a> {
    All,
    Some(HashMap<&'a str, SubZones<'a>>),
}

enum SubZones<'a> {
    All,
    Some(HashSet<&'a str>),
}

impl<'a> Localities<'a> {
    /// Adds a locality, `region/zone/subzone`, of which less may be given; `*` is any, at the end.
    fn add(&mut self, place: &Place<'_>, locality: &'a str, out: &mut Findings<'_>) {
        if self.failed {
            return;
        }
        let stars = locality.bytes().filter(|b| *b == b'*').count();
        let mut parts = locality.splitn(3, '/');
        let (region, zone, sub_zone) =
            (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let message = if stars > 1 || (stars == 1 && !locality.ends_with('*')) {
            "a locality has one `*` at most, at its end"
        } else if region.is_empty() || zone == Some("") || sub_zone == Some("") {
            "neither region, zone nor sub-zone can be empty"
        } else if self.regions.contains_key("*") || !self.insert(region, zone, sub_zone) {
            "overlaps with a locality before it"
        } else {
            return;
        };
        self.failed = true;
        out.error(place, format!("{}: {message}", quote(locality)));
    }

    /// False if it overlaps.
    fn insert(
        &mut self,
        region: &'a str,
        zone: Option<&'a str>,
        sub_zone: Option<&'a str>,
    ) -> bool {
        let Some(zone) = zone else {
            let free = !self.regions.contains_key(region);
            self.regions.insert(region, Zones::All);
            return free;
        };
        let zones = self.regions.entry(region).or_insert_with(|| Zones::Some(HashMap::new()));
        let Zones::Some(zones) = zones else { return false };
        // A zone `*` is all of them, and excludes further ones.
        if zones.contains_key("*") {
            return false;
        }
        let Some(sub_zone) = sub_zone else {
            let free = !zones.contains_key(zone);
            zones.insert(zone, SubZones::All);
            return free;
        };
        match zones.entry(zone).or_insert_with(|| SubZones::Some(HashSet::new())) {
            SubZones::All => false,
            SubZones::Some(known) => {
                let free = !known.contains("*");
                known.insert(sub_zone) && free
            }
        }
    }
}

fn check_warmup(place: &Place<'_>, warmup: &WarmupConfiguration, out: &mut Findings<'_>) {
    if warmup.duration.is_none() {
        out.error(&place.field("duration"), "is required");
    }
    duration(place, "duration", warmup.duration, out);
    if warmup.minimum_percent.is_some_and(|percent| percent > 100.0) {
        out.error(&place.field("minimumPercent"), "must not be more than 100");
    }
    if warmup.aggression.is_some_and(|aggression| aggression <= 0.0) {
        out.error(&place.field("aggression"), "must be more than 0");
    }
}

const MAGLEV_LIMIT: u64 = 5_000_011;
const TOPOLOGY: [&str; 3] =
    ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Report;

    #[test]
    fn primes() {
        for (number, expected) in [
            (0, false),
            (1, true),
            (2, true),
            (3, true),
            (9, false),
            (65_537, true),
            (65_539, true),
        ] {
            assert_eq!(is_prime(number), expected, "{number}");
        }
    }

    #[test]
    fn localities_do_not_overlap() {
        for (list, expected) in [
            (&["a", "b/c", "b/d/e", "b/d/f"][..], true),
            (&["a", "a/b"], false),
            (&["a/b", "a"], false),
            (&["a/b", "a/b/c"], false),
            (&["a/b/c", "a/b/c"], false),
            (&["a/b/*", "a/b/c"], false),
            (&["a/b/c", "a/b/*"], true),
            (&["a/*", "a/b"], false),
            (&["*", "a"], false),
            (&["a", "*"], true),
            (&["a/*/b"], false),
            (&["a//b"], false),
            (&[""], false),
        ] {
            let mut report = Report::new();
            let mut localities = Localities::default();
            for locality in list {
                localities.add(&Place::root("x"), locality, &mut Findings::new(&mut report));
            }
            assert_eq!(report.is_empty(), expected, "{list:?}");
        }
    }
}
