//! Fuzzes the YAML reader.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::parse_yaml(data));
