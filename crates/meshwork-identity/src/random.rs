//! Randomness from the cryptographic backend.

/// Fills `bytes` at random; `false` where the operating system gives no randomness.
pub(crate) fn fill(bytes: &mut [u8]) -> bool {
    #[cfg(feature = "aws-lc-rs")]
    return aws_lc_rs::rand::fill(bytes).is_ok();
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).is_ok();
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    compile_error!("one of the features `aws-lc-rs` and `ring` is needed");
}
