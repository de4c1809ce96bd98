//! IP addresses and address ranges as Istio's fields write them.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// An address or a CIDR range; a single address is the range of its full length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressRange(IpNet);

impl AddressRange {
    /// Whether `address` lies within. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether `address` lies within as it is written: an IPv4 address mapped into IPv6 is an IPv6
    /// address here, as it is to Envoy.
    pub fn contains_verbatim(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// The single address that this is, `None` for a wider range.
    pub fn single(&self) -> Option<IpAddr> {
        (self.0.prefix_len() == self.0.max_prefix_len()).then(|| self.0.addr())
    }

    /// The length of the prefix in bits; longer is more specific.
    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether nothing is left out: `0.0.0.0/0` or `::/0`.
    pub fn is_everything(&self) -> bool {
        self.0.prefix_len() == 0
    }
}

impl From<IpAddr> for AddressRange {
    fn from(address: IpAddr) -> Self {
        Self(IpNet::from(address))
    }
}

/// The text is neither an IP address nor a CIDR range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an IP address nor a CIDR range")]
pub struct ParseAddressRangeError(String);

impl FromStr for AddressRange {
    type Err = ParseAddressRangeError;

    fn from_str(text: &str) -> Result<Self, ParseAddressRangeError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(address.into());
        }
        text.parse::<IpNet>()
            .map(|range| Self(range.trunc()))
            .map_err(|_| ParseAddressRangeError(text.into()))
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.single() {
            Some(address) => fmt::Display::fmt(&address, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
