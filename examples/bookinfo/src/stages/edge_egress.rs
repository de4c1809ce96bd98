//! Stage 19: who goes out.

use super::{edge_door::Open, expect_status, headers, why};
use crate::{
    tour::{Account, StageError, Yaml},
    town::{EGRESS, Town},
};

/// Stage 19: calls to an external host leave by one gateway, which asks who calls.
pub async fn egress(town: &Town, files: &[&str], yaml: Yaml) -> Result<Account, StageError> {
    let files = if yaml == Yaml::Applied { files } else { &[] };
    let open = Open::new(town, EGRESS, files, Vec::new()).await?;
    let account = leave(town).await;
    open.close().await;
    account
}

async fn leave(town: &Town) -> Result<Account, StageError> {
    let (nobody, library) = (headers(&[]), "http://library.example.org/");
    let answer = town.call("productpage", "v1", library, &nobody).await;
    expect_status(&answer, 200, "the library for productpage")?;
    if answer.headers.get("x-left-by").is_none_or(|by| by != "egress") {
        return Err(StageError::differs("an answer through the gateway", answer));
    }
    let refused = town.call("reviews", "v1", library, &nobody).await;
    expect_status(&refused, 403, "the library for reviews")?;
    // Whoever does not go by the mesh's mutual TLS is not let through the door at all.
    let plain = town.open_url("http://127.0.0.21:8443/", &nobody).await;
    expect_status(&plain, 0, "plaintext at the gateway")?;
    Ok(Account {
        met: vec![
            "productpage to library.example.org: 200, x-left-by: egress".into(),
            "reviews to library.example.org: 403, the gateway knows who calls".into(),
            "plaintext at the gateway: closed".into(),
        ],
        why: why(town, "productpage", "v1", library, &nobody),
    })
}
