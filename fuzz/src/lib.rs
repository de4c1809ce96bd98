//! What each fuzz target does with its input. The binaries in `fuzz_targets` hand it to the
//! fuzzing engine; `tests/corpora.rs` runs the corpora through it on any toolchain.
#![forbid(unsafe_code)]

mod connection;
mod hostname;
mod identity;
mod registry;
mod resources;
mod routing;

pub use connection::{client_hello_peek, proxy_protocol, xfcc};
pub use hostname::hostname;
pub use identity::{csr, peer_certificate, spiffe_id};
pub use registry::registry_events;
pub use resources::{parse_json, parse_yaml, roundtrip, validate};
pub use routing::{compile_config, route_request};

/// A fuzz target: its name, which is also its corpus's folder, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All fuzz targets.
pub const TARGETS: &[Target] = &[
    ("client_hello_peek", client_hello_peek),
    ("csr", csr),
    ("peer_certificate", peer_certificate),
    ("proxy_protocol", proxy_protocol),
    ("spiffe_id", spiffe_id),
    ("xfcc", xfcc),
    ("compile_config", compile_config),
    ("hostname", hostname),
    ("parse_json", parse_json),
    ("parse_yaml", parse_yaml),
    ("registry_events", registry_events),
    ("roundtrip", roundtrip),
    ("route_request", route_request),
    ("validate", validate),
];
