//! IP addresses and ranges as Go's `net/netip` reads them.

use std::net::{IpAddr, Ipv6Addr};

/// Reads an address; an IPv6 one may have a zone (`fe80::1%eth0`), which is dropped.
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => {
            address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// Whether `text` is an address.
pub(crate) fn is_ip(text: &str) -> bool {
    parse_ip(text).is_some()
}

/// Whether `text` is an address, or an address with a prefix length.
pub(crate) fn is_ip_or_range(text: &str) -> bool {
    match text.split_once('/') {
        Some((address, length)) if !length.contains('/') => is_range(address, length),
        Some(_) | None => is_ip(text),
    }
}

/// A zone makes no sense in a range, nor does a sign or a leading zero in its length.
fn is_range(address: &str, length: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let plain = length.len() <= 3
        && length.bytes().all(|b| b.is_ascii_digit())
        && (length == "0" || !length.starts_with('0'));
    let limit = if address.is_ipv4() { 32 } else { 128 };
    plain && length.parse::<u8>().is_ok_and(|bits| bits <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, expected) in [
            ("10.0.0.1", true),
            ("::1", true),
            ("::ffff:10.0.0.1", true),
            ("fe80::1%eth0", true),
            ("fe80::1%", false),
            ("10.0.0.1%eth0", false),
            ("010.0.0.1", false),
            ("10.0.0", false),
            ("", false),
            ("10.0.0.0/8", false),
        ] {
            assert_eq!(is_ip(text), expected, "{text}");
        }
        for (text, expected) in [
            ("10.0.0.0/8", true),
            ("10.0.0.1/32", true),
            ("2001:db8::/32", true),
            ("10.0.0.0/33", false),
            ("10.0.0.0/08", false),
            ("10.0.0.0/+8", false),
            ("10.0.0.0/", false),
            ("10.0.0.0/8/8", false),
            ("fe80::1%eth0/64", false),
            ("10.0.0.1", true),
        ] {
            assert_eq!(is_ip_or_range(text), expected, "{text}");
        }
    }
}
