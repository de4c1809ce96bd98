//! Fuzzes the certificates of peers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::peer_certificate(data));
