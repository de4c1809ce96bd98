//! Fuzzes the description of client certificates.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meshwork_fuzz::xfcc(data));
