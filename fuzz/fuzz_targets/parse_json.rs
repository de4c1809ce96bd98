//! Fuzzes the JSON reader.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::parse_json(data));
