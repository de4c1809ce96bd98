//! `x-request-id`.

use http::HeaderValue;

/// A UUID of version 4 out of random numbers.
pub(super) fn request_id(high: u64, low: u64) -> Option<HeaderValue> {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let text = format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    );
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn version_and_variant() {
        let id = super::request_id(u64::MAX, u64::MAX).unwrap();
        assert_eq!(id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
