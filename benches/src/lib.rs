//! What the benchmarks share: generated configurations and requests.
