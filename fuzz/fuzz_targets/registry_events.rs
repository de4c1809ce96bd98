//! Fuzzes the registry and scopes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::registry_events(data));
