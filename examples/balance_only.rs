//! Load balancing alone: endpoints in, the one for the next request out.
//!
//! `meshwork-balance` picks, counts what is under way and takes out endpoints that fail. Time and
//! randomness are arguments, so the same hour can be played twice, in a few microseconds.

use std::time::Duration;

use meshwork_balance::{
    Algorithm, Cluster, ClusterConfig, Context, Endpoint, LoadBalancing, Maglev, NoHealthyUpstream,
    Outcome, OutlierDetection, RoundRobin,
};

/// A cluster as `trafficPolicy` of a DestinationRule would describe it. What an endpoint is to you
/// (an address, a channel, a connection) is the value that a pick hands back.
fn cluster(algorithm: Algorithm) -> Cluster<&'static str> {
    let config = ClusterConfig {
        load_balancing: LoadBalancing { algorithm, ..LoadBalancing::default() },
        outlier_detection: Some(OutlierDetection {
            consecutive_5xx: Some(3),
            base_ejection_time: Duration::from_secs(30),
            max_ejection_percent: 50,
            ..OutlierDetection::default()
        }),
        ..ClusterConfig::default()
    };
    let cluster = Cluster::new(config, 7, Duration::ZERO);
    let endpoints = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"];
    cluster.update(endpoints.map(|address| Endpoint::new(address, address)), Duration::ZERO);
    cluster
}

/// Sends requests for some seconds, ten in each; the second endpoint fails until `mended`.
fn play(
    cluster: &Cluster<&'static str>,
    seconds: std::ops::Range<u64>,
    mended: u64,
) -> Result<Vec<&'static str>, NoHealthyUpstream> {
    let mut went = Vec::new();
    for second in seconds {
        for request in 0..10 {
            let now = Duration::from_millis(second * 1_000 + request * 100);
            // Whoever is out comes back when its time is over.
            cluster.sweep(now);
            let pick = cluster.pick(&Context::new(now, second * 10 + request))?;
            let endpoint = *pick.endpoint();
            let fails = endpoint == "10.0.0.2:80" && second < mended;
            pick.finish(Outcome::status(if fails { 503 } else { 200 }), now);
            went.push(endpoint);
        }
    }
    Ok(went)
}

fn count(went: &[&str], address: &str) -> usize {
    went.iter().filter(|endpoint| **endpoint == address).count()
}

fn main() -> Result<(), NoHealthyUpstream> {
    let turns = cluster(Algorithm::RoundRobin(RoundRobin::default()));
    let first = play(&turns, 0..20, 20)?;
    println!("in 20 s the failing endpoint got {} of 200", count(&first, "10.0.0.2:80"));
    assert_eq!(count(&first, "10.0.0.2:80"), 3, "after three failures it is out");
    for endpoint in turns.endpoints() {
        println!("  {} ejected: {}", endpoint.address, endpoint.ejected);
    }
    let later = play(&turns, 20..60, 20)?;
    println!("in the 40 s after, mended, {} of 400", count(&later, "10.0.0.2:80"));
    assert!(count(&later, "10.0.0.2:80") > 50, "it came back");

    // The same again is the same, bit for bit.
    let again = cluster(Algorithm::RoundRobin(RoundRobin::default()));
    assert_eq!(play(&again, 0..20, 20)?, first);

    // A hash of the request (of a header, a cookie, the address) keeps it with its endpoint, also
    // when others go away.
    let hashing = cluster(Algorithm::Maglev(Maglev::default()));
    let now = Duration::ZERO;
    let home = |user: u64| -> Result<&'static str, NoHealthyUpstream> {
        let hash = user.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Ok(*hashing.pick(&Context::new(now, 0).with_hash(Some(hash)))?.endpoint())
    };
    let before = (0..300).map(home).collect::<Result<Vec<_>, _>>()?;
    hashing.update(["10.0.0.1:80", "10.0.0.3:80"].map(|a| Endpoint::new(a, a)), now);
    let after = (0..300).map(home).collect::<Result<Vec<_>, _>>()?;
    let stayed = before.iter().zip(&after).filter(|(one, other)| one == other).count();
    println!("with one of three endpoints gone, {stayed} of 300 users stay where they were");
    assert!(stayed > 180);
    Ok(())
}
