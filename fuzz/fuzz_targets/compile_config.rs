//! Fuzzes compile config.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::compile_config(data));
