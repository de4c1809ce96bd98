//! Fuzzes the beginning of TLS connections.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::client_hello_peek(data));
