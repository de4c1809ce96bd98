//! Stages 5 and 6: injected faults, a timeout, retries.

use std::time::{Duration, Instant};

use super::{expect_status, headers, url, why};
use crate::{
    tour::{Account, StageError},
    town::Town,
};

/// Stage 5: jason's calls to ratings are delayed or aborted, nobody else's.
pub async fn faults(town: &Town) -> Result<Account, StageError> {
    let delayed = headers(&[("end-user", "jason"), ("x-tour", "delay")]);
    let jason = headers(&[("end-user", "jason")]);
    let (slow, took) = timed(town, &delayed).await;
    if slow.number("/reviews/body/stars/ratings/status") != Some(200)
        || took < Duration::from_millis(300)
    {
        return Err(StageError::differs("ratings after a delay of 300 ms", (slow, took)));
    }
    let aborted = town.open(&jason).await;
    if aborted.number("/reviews/body/stars/ratings/status") != Some(555) {
        return Err(StageError::differs("status 555 from ratings for jason", aborted));
    }
    let mary = town.call("reviews", "v2", &url("ratings", "/ratings/0"), &headers(&[])).await;
    expect_status(&mary, 200, "everybody else")?;
    Ok(Account {
        met: vec![
            format!("jason, delayed: the product page took {took:.0?}, ratings 200"),
            "jason: ratings 555, the product page 200".into(),
            "everybody else: ratings 200".into(),
        ],
        why: why(town, "reviews", "v2", &url("ratings", "/ratings/0"), &jason),
    })
}

#[expect(clippy::disallowed_methods, reason = "the tour measures a delay as its user would")]
async fn timed(town: &Town, headers: &axum::http::HeaderMap) -> (crate::apps::Answer, Duration) {
    let begin = Instant::now();
    let answer = town.open(headers).await;
    (answer, begin.elapsed())
}

/// Stage 6: two failures are retried away; a call that takes too long is given up.
pub async fn retries(town: &Town) -> Result<Account, StageError> {
    let ratings = url("ratings", "/ratings/0");
    town.mood().fail(2);
    let retried = town.call("reviews", "v2", &ratings, &headers(&[])).await;
    expect_status(&retried, 200, "a call whose first two attempts fail")?;
    town.mood().fail(0);
    town.mood().delay(2_000);
    let slow = headers(&[("x-tour", "slow")]);
    let given_up = town.call("reviews", "v2", &ratings, &slow).await;
    town.mood().delay(0);
    expect_status(&given_up, 504, "a call that takes longer than 200 ms")?;
    if given_up.flags != "UT" {
        return Err(StageError::differs("the flag UT", given_up));
    }
    Ok(Account {
        met: vec![
            "two failing attempts, then 200: the caller saw 200".into(),
            format!("ratings takes 2 s: the caller saw 504 {} after 200 ms", given_up.flags),
        ],
        why: why(town, "reviews", "v2", &ratings, &slow),
    })
}
