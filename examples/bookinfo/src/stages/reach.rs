//! Stages 7 and 8: hosts outside of the mesh, and what a Sidecar lets a workload see.

use super::{expect_status, headers, why};
use crate::{
    tour::{Account, StageError, Yaml},
    town::{PORT, Town},
};

const LIBRARY: &str = "http://library.example.org/";
const ARCHIVE: &str = "http://archive.example.org/";

/// Stage 7: a ServiceEntry names the library; unknown hosts pass until the policy forbids them.
pub async fn external_host(town: &Town, yaml: Yaml) -> Result<Account, StageError> {
    let nobody = headers(&[]);
    let unknown = format!("http://127.0.0.17:{PORT}/");
    let named = town.call("productpage", "v1", LIBRARY, &nobody).await;
    expect_status(&named, 200, "the host of the ServiceEntry")?;
    let passed = town.call("productpage", "v1", &unknown, &nobody).await;
    expect_status(&passed, 200, "an unknown host under ALLOW_ANY")?;
    if yaml == Yaml::Applied {
        town.tell(&town.stage_file("07-registry-only.yaml")?);
    }
    let refused = town.call("productpage", "v1", &unknown, &nobody).await;
    expect_status(&refused, 502, "an unknown host under REGISTRY_ONLY")?;
    let named = town.call("productpage", "v1", LIBRARY, &nobody).await;
    expect_status(&named, 200, "the host of the ServiceEntry under REGISTRY_ONLY")?;
    Ok(Account {
        met: vec![
            "library.example.org by ServiceEntry: 200".into(),
            format!("{unknown} under ALLOW_ANY: 200, passed through"),
            format!("{unknown} under REGISTRY_ONLY: 502; the library still: 200"),
        ],
        why: why(town, "productpage", "v1", &unknown, &nobody),
    })
}

/// Stage 8: productpage sees its own namespace and istio-system, others see everything.
pub async fn sidecar(town: &Town) -> Result<Account, StageError> {
    let nobody = headers(&[]);
    let narrowed = town.call("productpage", "v1", ARCHIVE, &nobody).await;
    let other = town.call("details", "v1", ARCHIVE, &nobody).await;
    expect_status(&other, 200, "details, which no Sidecar narrows")?;
    expect_status(&narrowed, 502, "productpage, whose Sidecar does not import the namespace")?;
    let page = town.open(&nobody).await;
    expect_status(&page, 200, "the product page itself")?;
    if page.number("/details/status") != Some(200) || page.number("/reviews/status") != Some(200) {
        return Err(StageError::differs("details and reviews on the product page", page));
    }
    Ok(Account {
        met: vec![
            "archive.example.org (namespace elsewhere): 502 for productpage, 200 for details"
                .into(),
            "details and reviews (its own namespace): 200".into(),
        ],
        why: why(town, "productpage", "v1", ARCHIVE, &nobody),
    })
}
