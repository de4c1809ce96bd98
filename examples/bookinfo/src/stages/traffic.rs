//! Stages 1 to 4: which version of reviews answers.

use super::{headers, url, versions, why};
use crate::{
    tour::{Account, StageError},
    town::Town,
};

/// Stage 1: without rules every version gets its share.
pub async fn spread(town: &Town) -> Result<Account, StageError> {
    let nobody = headers(&[]);
    let counts = versions(town, &nobody, 60).await?;
    if counts.len() != 3 || counts.values().any(|count| *count < 5) {
        return Err(StageError::differs("v1, v2 and v3, each with a share", counts));
    }
    Ok(Account {
        met: vec![format!("60 product pages: {counts:?}")],
        why: why(town, "productpage", "v1", &url("reviews", "/reviews/0"), &nobody),
    })
}

/// Stage 2: a VirtualService sends everything to v1.
pub async fn all_v1(town: &Town) -> Result<Account, StageError> {
    let nobody = headers(&[]);
    let counts = versions(town, &nobody, 40).await?;
    if counts.keys().ne(["v1"]) {
        return Err(StageError::differs("v1 alone", counts));
    }
    Ok(Account {
        met: vec![format!("40 product pages: {counts:?}")],
        why: why(town, "productpage", "v1", &url("reviews", "/reviews/0"), &nobody),
    })
}

/// Stage 3: one user sees another version.
pub async fn jason(town: &Town) -> Result<Account, StageError> {
    let (jason, mary) = (headers(&[("end-user", "jason")]), headers(&[("end-user", "mary")]));
    let his = versions(town, &jason, 20).await?;
    let hers = versions(town, &mary, 20).await?;
    if his.keys().ne(["v2"]) || hers.keys().ne(["v1"]) {
        return Err(StageError::differs("v2 for jason and v1 for mary", (his, hers)));
    }
    let reviews = url("reviews", "/reviews/0");
    let (for_jason, for_mary) = (
        why(town, "productpage", "v1", &reviews, &jason),
        why(town, "productpage", "v1", &reviews, &mary),
    );
    Ok(Account {
        met: vec![format!("jason: {his:?}"), format!("mary: {hers:?}")],
        why: format!("for jason:\n{for_jason}\nfor mary:\n{for_mary}"),
    })
}

/// Stage 4: weights.
pub async fn canary(town: &Town) -> Result<Account, StageError> {
    const PAGES: u32 = 400;
    let nobody = headers(&[]);
    let counts = versions(town, &nobody, PAGES).await?;
    let share = f64::from(counts.get("v3").copied().unwrap_or_default()) / f64::from(PAGES);
    // Four standard errors of 400 draws with probability 0.2.
    let only_both = counts.keys().eq(["v1", "v3"]);
    if !only_both || (share - 0.2).abs() > 0.08 {
        return Err(StageError::differs("a fifth for v3 and the rest for v1", counts));
    }
    Ok(Account {
        met: vec![format!("{PAGES} product pages: {counts:?} ({:.1} % v3)", share * 100.0)],
        why: why(town, "productpage", "v1", &url("reviews", "/reviews/0"), &nobody),
    })
}
