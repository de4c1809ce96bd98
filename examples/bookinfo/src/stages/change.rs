//! Stages 9 and 10: configuration that changes while requests flow.

use futures_util::future::join_all;

use super::{expect_status, headers, url, versions, why};
use crate::{
    tour::{Account, StageError, Yaml},
    town::Town,
};

/// Stage 9: a broken VirtualService is reported with its place; the last good one stays in force.
pub async fn broken(town: &Town, yaml: Yaml) -> Result<Account, StageError> {
    let nobody = headers(&[]);
    if yaml == Yaml::Applied {
        town.tell(&town.stage_file("09-broken.yaml")?);
    }
    let counts = versions(town, &nobody, 40).await?;
    let health = town.mesh("productpage", "v1").map(meshwork::Mesh::health);
    let alarms: Vec<String> =
        health.iter().flat_map(|health| health.report.alarms()).map(ToString::to_string).collect();
    for part in ["stages/09-broken.yaml:", "default/reviews", "spec.http[0].timeout", "wieght"] {
        if !alarms.iter().any(|alarm| alarm.contains(part)) {
            return Err(StageError::differs(format!("an alarm that names `{part}`"), alarms));
        }
    }
    if counts.keys().ne(["v1"]) {
        return Err(StageError::differs("v1 alone, as the last good version says", counts));
    }
    Ok(Account {
        met: [vec![format!("40 product pages: {counts:?}, none failed")], alarms].concat(),
        why: why(town, "productpage", "v1", &url("reviews", "/reviews/0"), &nobody),
    })
}

/// Stage 10: every request is decided by one version of the configuration, and none fails while it
/// changes 200 times. Each version writes its number into the request and into the answer.
pub async fn reloads(town: &Town, yaml: Yaml) -> Result<Account, StageError> {
    const RELOADS: u32 = 200;
    const CALLERS: usize = 4;
    let (done, watch) = tokio::sync::watch::channel(false);
    let callers = (0..CALLERS).map(|_| call_until(town, watch.clone()));
    let reload = async {
        for generation in 1..=RELOADS {
            if yaml == Yaml::Applied {
                let text = GENERATION.replace("GENERATION", &generation.to_string());
                let version = if generation % 2 == 0 { "v1" } else { "v3" };
                let text = text.replace("VERSION", version);
                let reader = meshwork::Reader::default();
                town.tell(&meshwork::events_of(&reader, "generation.yaml", text.as_bytes()));
            }
            tokio::task::yield_now().await;
        }
        done.send_replace(true);
    };
    let (results, ()) = tokio::join!(join_all(callers), reload);
    let mut requests = 0;
    let mut generations = std::collections::BTreeSet::new();
    for result in results {
        let (count, seen) = result?;
        requests += count;
        generations.extend(seen);
    }
    if generations.len() < 2 {
        return Err(StageError::differs("several generations in the answers", generations));
    }
    Ok(Account {
        met: vec![format!(
            "{requests} requests during {RELOADS} reloads met {} generations; none failed, each \
             saw one",
            generations.len()
        )],
        why: why(town, "productpage", "v1", &url("reviews", "/reviews/0"), &headers(&[])),
    })
}

/// Calls reviews until told to stop; each answer bears one generation, whole.
async fn call_until(
    town: &Town,
    done: tokio::sync::watch::Receiver<bool>,
) -> Result<(u32, std::collections::BTreeSet<String>), StageError> {
    let nobody = headers(&[]);
    let mut count = 0;
    let mut generations = std::collections::BTreeSet::new();
    while !*done.borrow() {
        let answer = town.call("productpage", "v1", &url("reviews", "/reviews/0"), &nobody).await;
        expect_status(&answer, 200, "a request during reloads")?;
        let decided = answer.headers.get("x-generation").and_then(|value| value.to_str().ok());
        if decided.is_none() || decided != answer.text("/generation") {
            return Err(StageError::differs("one generation in request and answer", answer));
        }
        generations.extend(decided.map(str::to_owned));
        count += 1;
    }
    Ok((count, generations))
}

/// The VirtualService of one generation.
const GENERATION: &str = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews]
  http:
  - headers:
      request: {set: {x-generation: \"GENERATION\"}}
      response: {set: {x-generation: \"GENERATION\"}}
    route:
    - destination: {host: reviews, subset: VERSION}
";
