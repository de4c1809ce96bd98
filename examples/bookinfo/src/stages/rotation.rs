//! Stage 15: certificates that change while requests flow.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use tokio::{sync::watch, time::sleep};

use super::{expect_status, headers, url, why};
use crate::{
    tour::{Account, StageError, Yaml},
    town::Town,
};

/// The workloads that take part.
const BOTH: [(&str, &str); 2] = [("productpage", "v1"), ("details", "v1")];

/// Stage 15: every workload gets a new key and certificate each second. Every request makes a
/// connection of its own and none is tried again, so a handshake that fails is a request that
/// fails.
pub async fn rotation(town: &Town, yaml: Yaml) -> Result<Account, StageError> {
    const CALLERS: usize = 4;
    if yaml == Yaml::Applied {
        town.tell(&town.stage_file("15-one-request.yaml")?);
    }
    let before = generations(town);
    let (done, watch) = watch::channel(false);
    let callers = (0..CALLERS).map(|_| call_until(town, watch.clone()));
    let turns = u32::try_from(town.rotation().as_secs()).unwrap_or(u32::MAX);
    let turning = async {
        for _ in 0..turns {
            town.registrar().turn();
            sleep(Duration::from_secs(1)).await;
        }
        done.send_replace(true);
    };
    let (results, ()) = tokio::join!(join_all(callers), turning);
    let (mut requests, mut connections) = (0, HashSet::new());
    for result in results {
        let (count, seen) = result?;
        requests += count;
        connections.extend(seen);
    }
    // The system gives ports again; connections that are kept would be a handful.
    if connections.len() < requests / 2 {
        let met = (requests, connections.len());
        return Err(StageError::differs("a handshake for every request", met));
    }
    let after = generations(town);
    for (before, after) in before.iter().zip(&after) {
        if after - before < u64::from(turns) - 1 {
            return Err(StageError::differs(format!("{turns} new certificates"), (before, after)));
        }
    }
    for (name, version) in BOTH {
        let identity = town.mesh(name, version).and_then(meshwork::Mesh::identity);
        let failure = identity.and_then(|identity| identity.status().borrow().failure.clone());
        if let Some(failure) = failure {
            return Err(StageError::differs("renewals that succeed", failure));
        }
    }
    Ok(Account {
        met: vec![format!(
            "15-one-request.yaml: {requests} requests, each over a handshake of its own, during \
             {turns} s in which every workload had {turns} certificates: none failed"
        )],
        why: why(town, "productpage", "v1", &url("details", "/details/0"), &headers(&[])),
    })
}

/// How many certificates each side had.
fn generations(town: &Town) -> Vec<u64> {
    let identities = BOTH.iter().filter_map(|(name, version)| town.mesh(name, version)?.identity());
    identities.map(|identity| identity.status().borrow().generation).collect()
}

/// Calls details until told to stop; says how often, and from which ports.
async fn call_until(
    town: &Town,
    done: watch::Receiver<bool>,
) -> Result<(usize, HashSet<String>), StageError> {
    let nobody = headers(&[]);
    let (mut count, mut connections) = (0, HashSet::new());
    while !*done.borrow() {
        let answer = town.call("productpage", "v1", &url("details", "/details/0"), &nobody).await;
        expect_status(&answer, 200, "a request while certificates change")?;
        connections.extend(answer.text("/caller/address").map(str::to_owned));
        count += 1;
        // Each connection takes a port for a while; there are not that many.
        sleep(Duration::from_millis(10)).await;
    }
    Ok((count, connections))
}
