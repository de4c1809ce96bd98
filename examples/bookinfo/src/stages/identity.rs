//! Stages 11 to 13: who calls, who may not, and who is not talked to.

use meshwork::identity::CertificateState;

use super::{expect_status, headers, url, why};
use crate::{
    apps::Answer,
    tour::{Account, StageError, Yaml},
    town::{PORT, STATUS_PORT, Town},
};

/// The identity of an account of the town.
fn id(account: &str) -> String {
    format!("spiffe://cluster.local/ns/default/sa/{account}")
}

/// Stage 11: every workload has a certificate and shows it; a plaintext caller works and is listed.
pub async fn mutual_tls(town: &Town) -> Result<Account, StageError> {
    let nobody = headers(&[]);
    for (name, version) in [("productpage", "v1"), ("reviews", "v2"), ("ratings", "v1")] {
        let identity = town.mesh(name, version).and_then(meshwork::Mesh::identity);
        if identity.map(meshwork::transport::Identity::state) != Some(CertificateState::Valid) {
            return Err(StageError::differs(format!("a certificate of {name}"), identity));
        }
    }
    guessed_token(town).await?;
    let before = plaintext(town);
    let page = town.open(&nobody).await;
    expect_status(&page, 200, "the product page over plaintext")?;
    let ratings = town.call("reviews", "v2", &url("ratings", "/ratings/0"), &nobody).await;
    let productpage = id("bookinfo-productpage");
    for (answer, pointer, caller) in [
        (&page, "/details/body/caller/identity", &productpage),
        (&page, "/reviews/body/caller/identity", &productpage),
        (&ratings, "/caller/identity", &id("bookinfo-reviews")),
    ] {
        if answer.text(pointer) != Some(caller) {
            return Err(StageError::differs(format!("{caller} as the caller"), answer));
        }
    }
    if page.body.pointer("/caller/mtls") != Some(&false.into()) {
        return Err(StageError::differs("a browser without an identity", page));
    }
    let after = plaintext(town);
    if after != [before[0] + 1, before[1], before[2], before[3]] {
        return Err(StageError::differs("one plaintext caller, of productpage", (before, after)));
    }
    let callers = town.mesh("productpage", "v1").map(meshwork::Mesh::plaintext_callers);
    let listed = callers.iter().flat_map(|report| &report.callers).map(|caller| {
        let address = caller.address.map(|address| address.to_string()).unwrap_or_default();
        let (connections, port) = (caller.connections, caller.port);
        format!("productpage lists {address}: {connections} plaintext connections to port {port}")
    });
    let met = [
        format!("details and reviews were called by {productpage}"),
        format!("ratings was called by {}", id("bookinfo-reviews")),
        "the browser, without a certificate: 200 (PERMISSIVE)".to_owned(),
        "a token that the authority does not know: no certificate".to_owned(),
    ];
    Ok(Account {
        met: met.into_iter().chain(listed).collect(),
        why: why(town, "productpage", "v1", &url("reviews", "/reviews/0"), &nobody),
    })
}

/// Whoever shows no token of an account gets no certificate of it.
async fn guessed_token(town: &Town) -> Result<(), StageError> {
    use meshwork::identity::SvidSource as _;
    let source = town.registrar().source_with("bookinfo-ratings", "guessed");
    let Some(source) = source else { return Ok(()) };
    match source.fetch(time::OffsetDateTime::now_utc()).await {
        Err(error) if error.to_string().contains("the credential is not known") => Ok(()),
        other => Err(StageError::differs("no certificate for a guessed token", other)),
    }
}

/// How many plaintext connections productpage, details, reviews and ratings had.
fn plaintext(town: &Town) -> [u64; 4] {
    [("productpage", "v1"), ("details", "v1"), ("reviews", "v2"), ("ratings", "v1")].map(
        |(name, version)| {
            let report = town.mesh(name, version).map(meshwork::Mesh::plaintext_callers);
            let callers = report.into_iter().flat_map(|report| report.callers);
            callers.map(|caller| caller.connections).sum()
        },
    )
}

/// Stage 12: without a certificate of the mesh's trust domain nobody gets in, but to one port.
pub async fn strict(town: &Town, files: &[&str]) -> Result<Account, StageError> {
    let nobody = headers(&[]);
    let details = format!("http://127.0.0.12:{PORT}/details/0");
    let status = format!("http://127.0.0.12:{STATUS_PORT}/status");
    let plain = town.open_url(&details, &nobody).await;
    expect_status(&plain, 0, "a plaintext call of details")?;
    let page = town.open(&nobody).await;
    expect_status(&page, 0, "the product page over plaintext")?;
    let exempted = town.open_url(&status, &nobody).await;
    expect_status(&exempted, 200, "the port that portLevelMtls exempts")?;
    let inside = town.call("productpage", "v1", &url("details", "/details/0"), &nobody).await;
    expect_status(&inside, 200, "a call within the mesh")?;
    let stranger = town.stranger(files).await?;
    let foreign = stranger.client();
    let refused = crate::apps::fetch(&foreign, &url("details", "/details/0"), &nobody).await;
    expect_status(&refused, 503, "a caller of another trust domain")?;
    Ok(Account {
        met: vec![
            "plaintext to details and productpage: reset".into(),
            format!("plaintext to port {STATUS_PORT}, which is exempted: 200"),
            format!("a caller of elsewhere.example: {} {}", refused.status, refused.flags),
            "productpage to details: 200".into(),
        ],
        why: refused.body.as_str().unwrap_or_default().to_owned(),
    })
}

/// Stage 13: what stands behind details does not show details' identity; nothing is said to it.
pub async fn impostor(town: &Town, yaml: Yaml) -> Result<Account, StageError> {
    let (nobody, details) = (headers(&[]), url("details", "/details/0"));
    let before = town.call("productpage", "v1", &details, &nobody).await;
    expect_status(&before, 200, "details itself")?;
    if yaml == Yaml::Applied {
        town.tell(&town.stage_file("13-impostor.yaml")?);
    }
    let refused = town.call("productpage", "v1", &details, &nobody).await;
    expect_status(&refused, 503, "details, behind which somebody else stands")?;
    let Answer { flags, .. } = &refused;
    // As recorded: the connection failed, and Istio's default retries met the same.
    if flags != "UF,URX" {
        return Err(StageError::differs("the flags UF,URX", refused));
    }
    let served = town.served("impostor", "v1");
    if served != 0 {
        return Err(StageError::differs("an impostor that sees no request", served));
    }
    Ok(Account {
        met: vec![
            format!(
                "13-impostor.yaml: productpage to details, behind which it stands: 503 {flags}"
            ),
            "the impostor, with a valid certificate of the mesh, saw no request".into(),
        ],
        why: refused.body.as_str().unwrap_or_default().to_owned(),
    })
}
