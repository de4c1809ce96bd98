//! A sample of the recorded scenarios over real sockets: everything comes out as in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use xtask::vectors::sockets::{self, Sample};

#[test]
fn real_connections_come_out_as_those_in_memory() {
    let report = sockets::run(&[xtask::home().join("vectors")], Sample::new(40, 40)).unwrap();
    let mut text = Vec::new();
    report.write(&mut text).unwrap();
    assert!(report.is_clean(), "{}", String::from_utf8_lossy(&text));
    assert!(report.compared() > 400, "{} units", report.compared());
}

#[test]
fn the_same_seed_is_the_same_sample() {
    let places = |seed| {
        let report = sockets::run(&[xtask::home().join("vectors")], Sample::new(3, seed)).unwrap();
        report.places()
    };
    assert_eq!(places(7), places(7));
    assert_ne!(places(7), places(8));
}
