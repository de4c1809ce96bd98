//! Runs the cases of a scenario in their order, on one clock and one network.

use std::{sync::Arc, time::Duration};

use indexmap::IndexMap;
use tokio::time::Instant;

use crate::vectors::{
    answer::{Answer, CaseAnswer, Observation},
    scenario::{Case, Question},
};

use super::{
    Meshwork, accept, client, identity, missing, network::Network, observe::Seen, vantage::Vantage,
    world::World,
};

/// The answers to all cases.
pub(super) async fn run(
    question: &Question,
    world: &World,
    engine: Meshwork,
) -> Vec<Answer<CaseAnswer>> {
    let network = Network::new(&question.backends, identity::of_servers(question));
    let trust_domain = identity::trust_domain(question);
    let vantages: IndexMap<&str, Arc<Vantage>> = world
        .snapshots
        .iter()
        .filter_map(|(name, snapshot)| {
            let proxy = question.proxies.get(name)?;
            let snapshot = Arc::clone(snapshot);
            let vantage = Vantage::new(snapshot, proxy, trust_domain, &network, engine);
            Some((name.as_str(), Arc::new(vantage)))
        })
        .collect();
    let mut answers = Vec::with_capacity(question.cases.len());
    for case in &question.cases {
        let Some(vantage) = vantages.get(case.proxy.as_str()) else { continue };
        answers.push(match missing::of(question, case) {
            Some(reason) => Err(reason),
            None => Ok(answer(vantage, &network, case).await),
        });
        if let Some(settle) = case.send.settle {
            tokio::time::sleep(Duration::from_secs_f64(settle)).await;
        }
    }
    answers
}

async fn answer(vantage: &Arc<Vantage>, network: &Network, case: &Case) -> CaseAnswer {
    network.begin(case.backends.as_ref());
    let Some(times) = case.send.times else {
        return CaseAnswer::Once(Box::new(once(vantage, network, case).await));
    };
    let mut seen = Vec::new();
    for _ in 0..times {
        network.forget();
        seen.push(once(vantage, network, case).await);
    }
    CaseAnswer::Many(seen)
}

/// One connection, from the client's first byte to the last that anybody does about it.
async fn once(vantage: &Arc<Vantage>, network: &Network, case: &Case) -> Observation {
    let (near, far) = tokio::io::duplex(PIPE);
    let began = Instant::now();
    let _former = vantage.take_log();
    let accepting =
        tokio::task::spawn_local(accept::accept(Arc::clone(vantage), case.send.clone(), far));
    let got = client::send(&case.send, near).await;
    let elapsed = began.elapsed();
    let accepted = match tokio::time::timeout(PATIENCE, accepting).await {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(panic)) if panic.is_panic() => std::panic::resume_unwind(panic.into_panic()),
        _ => accept::Accepted::default(),
    };
    // Shadow requests may still be on their way. The clock moves on when all of them wait.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let (log, received) = (vantage.take_log(), network.seen());
    Seen { got, accepted, log, received, elapsed }.observation(|cluster| vantage.members(cluster))
}

/// Bytes that a pipe holds.
const PIPE: usize = 64 * 1024;
/// How long a proxy may go on with a connection that its client has left.
const PATIENCE: Duration = Duration::from_secs(5);
