//! Fuzzes writing what was read.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::roundtrip(data));
