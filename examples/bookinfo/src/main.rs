//! The bookinfo tour.
fn main() {}
