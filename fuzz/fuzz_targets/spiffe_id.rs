//! Fuzzes SPIFFE IDs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::spiffe_id(data));
