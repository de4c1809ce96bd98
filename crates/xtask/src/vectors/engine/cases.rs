//! Runs the cases of a scenario in their order, on one clock and one network.

use std::{sync::Arc, time::Duration};

use indexmap::IndexMap;

use crate::vectors::{
    answer::{Answer, CaseAnswer, Observation, Unsupported},
    scenario::{Case, Question},
};

use super::{
    Meshwork, identity, missing,
    observe::Seen,
    transport::{Conversation, Transport},
    vantage::Vantage,
    world::World,
};

/// The answers to all cases that `wanted` does not leave out with a reason.
pub(super) async fn run<T: Transport>(
    question: &Question,
    world: &World,
    engine: Meshwork,
    transport: &T,
    mut wanted: impl FnMut(usize, &Case) -> Result<(), Unsupported>,
) -> Vec<Answer<CaseAnswer>> {
    let trust_domain = identity::trust_domain(question);
    let mut vantages = IndexMap::new();
    for (name, snapshot) in &world.snapshots {
        let Some(proxy) = question.proxies.get(name) else { continue };
        let id = identity::of_proxy(proxy, trust_domain);
        let vantage = transport.enroll(snapshot, &id).await.map(|(connector, door)| {
            let snapshot = Arc::clone(snapshot);
            let vantage = Vantage::new(snapshot, proxy, id, trust_domain, connector, engine);
            (Arc::new(vantage), door)
        });
        vantages.insert(name.as_str(), vantage.map_err(Unsupported));
    }
    let mut answers = Vec::with_capacity(question.cases.len());
    for (at, case) in question.cases.iter().enumerate() {
        let Some(vantage) = vantages.get(case.proxy.as_str()) else { continue };
        let vantage = vantage.as_ref().map_err(Clone::clone);
        let vantage = vantage.and_then(|vantage| wanted(at, case).map(|()| vantage));
        answers.push(match (missing::of(question, case), vantage) {
            (Some(reason), _) | (None, Err(reason)) => Err(reason),
            (None, Ok((vantage, door))) => Ok(answer(vantage, transport, door, case).await),
        });
        if let Some(settle) = case.send.settle {
            tokio::time::sleep(Duration::from_secs_f64(settle)).await;
        }
    }
    answers
}

async fn answer<T: Transport>(
    vantage: &Arc<Vantage>,
    transport: &T,
    door: &T::Door,
    case: &Case,
) -> CaseAnswer {
    transport.network().begin(case.backends.as_ref());
    let Some(times) = case.send.times else {
        return CaseAnswer::Once(Box::new(once(vantage, transport, door, case).await));
    };
    let mut seen = Vec::new();
    for _ in 0..times {
        transport.network().forget();
        seen.push(once(vantage, transport, door, case).await);
    }
    CaseAnswer::Many(seen)
}

async fn once<T: Transport>(
    vantage: &Arc<Vantage>,
    transport: &T,
    door: &T::Door,
    case: &Case,
) -> Observation {
    let _former = vantage.take_log();
    let Conversation { got, elapsed, accepted } =
        transport.converse(vantage, door, &case.send).await;
    transport.settle().await;
    let (log, received) = (vantage.take_log(), transport.network().seen());
    Seen { got, accepted, log, received, elapsed }.observation(|cluster| vantage.members(cluster))
}
