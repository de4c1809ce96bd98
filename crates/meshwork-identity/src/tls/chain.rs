//! How long what a chain proved holds.

use rustls_pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

/// Until when all certificates of a chain are valid, in seconds since 1970; `None` where one cannot
/// be read, and the end of time for none.
///
/// A session that is resumed is not verified again, so whoever resumes sessions asks this.
pub fn valid_until(chain: &[CertificateDer<'_>]) -> Option<u64> {
    chain.iter().try_fold(u64::MAX, |until, certificate| {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let end = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
        Some(until.min(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use time::OffsetDateTime;

    fn until(seconds: i64) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.not_before = OffsetDateTime::UNIX_EPOCH;
        params.not_after = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn the_first_to_end_counts() {
        let chain = [until(1_000), until(500), until(2_000)];
        assert_eq!(valid_until(&chain), Some(500));
        assert_eq!(valid_until(&[]), Some(u64::MAX), "nothing ends");
        let broken = [until(1_000), CertificateDer::from(vec![1, 2, 3])];
        assert_eq!(valid_until(&broken), None);
    }
}
