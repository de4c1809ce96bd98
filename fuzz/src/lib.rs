//! What each fuzz target does with its input. The binaries in `fuzz_targets` hand it to the
//! fuzzing engine; `tests/corpora.rs` runs the corpora through it on any toolchain.
#![forbid(unsafe_code)]

mod hostname;
mod registry;
mod resources;
mod routing;

pub use hostname::hostname;
pub use registry::registry_events;
pub use resources::{parse_json, parse_yaml, roundtrip, validate};
pub use routing::{compile_config, route_request};

/// A fuzz target: its name, which is also its corpus's folder, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All fuzz targets.
pub const TARGETS: &[Target] = &[
    ("compile_config", compile_config),
    ("hostname", hostname),
    ("parse_json", parse_json),
    ("parse_yaml", parse_yaml),
    ("registry_events", registry_events),
    ("roundtrip", roundtrip),
    ("route_request", route_request),
    ("validate", validate),
];
