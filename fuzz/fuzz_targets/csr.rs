//! Fuzzes certificate signing requests.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::csr(data));
