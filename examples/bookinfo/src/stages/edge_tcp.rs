//! Stage 21: bytes whose server name says where they go.

use std::net::SocketAddr;

use meshwork::{Captured, Mesh};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::edge_door::{Certificate, Open, failed};
use crate::{
    tour::{Account, StageError, Yaml},
    town::{INGRESS, Town},
};

const LEDGER: &str = "ledger.example.org";
const VAULT: &str = "vault.example.org";

/// Stage 21: TLS passes by its server name, through the gateway and out of a workload.
pub async fn by_server_name(
    town: &Town,
    files: &[&str],
    yaml: Yaml,
) -> Result<Account, StageError> {
    let (ledger, vault) = (Certificate::new(LEDGER)?, Certificate::new(VAULT)?);
    let files = if yaml == Yaml::Applied { files } else { &[] };
    let servers = [
        ledger.serve(SocketAddr::from(([127, 0, 0, 22], 9443))).await?,
        vault.serve(SocketAddr::from(([127, 0, 0, 23], 9443))).await?,
    ];
    let open = Open::new(town, INGRESS, files, Vec::new()).await?;
    let account = pass(town, &open, &ledger, &vault).await;
    open.close().await;
    for server in servers {
        server.abort();
        // The address is free once the task is gone.
        let _ = server.await;
    }
    account
}

async fn pass(
    town: &Town,
    open: &Open,
    ledger: &Certificate,
    vault: &Certificate,
) -> Result<Account, StageError> {
    let to = open.address(443)?;
    let mut met = Vec::new();
    for (certificate, name) in [(ledger, LEDGER), (vault, VAULT)] {
        let stream = certificate.expect(TcpStream::connect(to).await, name).await;
        let said = heard(stream).await.map_err(failed("the backend's own certificate"))?;
        if said != format!("this is {name}") {
            return Err(StageError::differs(name, said));
        }
        met.push(format!("gateway, server name {name}: its own certificate, \"{said}\""));
    }
    let unknown = ledger.expect(TcpStream::connect(to).await, "nobody.example.org").await;
    if unknown.is_ok() {
        return Err(StageError::differs("no handshake", "one for a name that nobody has"));
    }
    met.push("gateway, another server name: closed".into());
    let Some(mesh) = town.mesh("productpage", "v1") else {
        return Err(StageError::differs("productpage", "nobody"));
    };
    met.push(captured(mesh, ledger).await?);
    Ok(Account { met, why: open.why_server(VAULT) })
}

/// What productpage sends to the ledger's address, as a proxy in front of it would see it.
async fn captured(mesh: &Mesh, ledger: &Certificate) -> Result<String, StageError> {
    let (client, server) = tokio::io::duplex(16 * 1024);
    let captured = Captured::outbound(server, SocketAddr::from(([10, 96, 1, 1], 443)));
    let proxy = mesh.tcp_proxy();
    let passing = tokio::spawn(async move { proxy.proxy(captured).await });
    let said = heard(ledger.expect(Ok(client), LEDGER).await).await;
    let said = said.map_err(failed("the ledger for productpage"))?;
    let passed = passing.await.map_err(failed("a proxy"))?.map_err(failed("a connection"))?;
    let cluster = passed.cluster.as_deref().unwrap_or_default();
    if said != format!("this is {LEDGER}") || cluster != format!("outbound|443||{LEDGER}") {
        return Err(StageError::differs("the ledger", passed));
    }
    let (sent, received) = (passed.sent, passed.received);
    Ok(format!("productpage to 10.96.1.1:443: {cluster}, {sent} bytes there, {received} back"))
}

async fn heard<S>(stream: std::io::Result<S>) -> std::io::Result<String>
where
    S: tokio::io::AsyncRead + Unpin,
{
    let mut said = String::new();
    stream?.read_to_string(&mut said).await?;
    Ok(said)
}
