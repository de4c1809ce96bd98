//! Certificates your own way: a certificate authority behind an interface of yours.
//!
//! An `SvidSource` brings a workload its certificate, here from an authority that is sent a signing
//! request, as Vault or SPIRE would be. A `CredentialValidator` says on the authority's side who
//! asks. The mesh asks again at half of a certificate's life.

use std::{collections::HashMap, error::Error, fmt::Display};

use axum::Router;
use http_body_util::BodyExt as _;
use meshwork::identity::{
    CertificateAuthority, CertificateService, Credential, CredentialError, CredentialValidator,
    IssuedCertificate, ParseSpiffeIdError, SpiffeId, SvidFuture, SvidSource, SvidSourceError,
    TrustBundle, TrustBundles, WorkloadKey, X509Context,
};
use meshwork::{Mesh, Peer, Workload};
use time::{Duration, OffsetDateTime};
use tokio::sync::{mpsc, oneshot};

/// Knows the secret of each service account.
#[derive(Debug)]
struct Inventory(HashMap<&'static str, &'static str>);

impl CredentialValidator for Inventory {
    fn identity(
        &self,
        by: &Credential<'_>,
        _: OffsetDateTime,
    ) -> Result<SpiffeId, CredentialError> {
        let Credential::Token(token) = by else { return Err(CredentialError::Unknown) };
        let (account, secret) = token.split_once(':').ok_or(CredentialError::Unknown)?;
        let known = self.0.get(account).is_some_and(|known| *known == secret);
        id(account).ok().filter(|_| known).ok_or(CredentialError::Unknown)
    }
}

/// What a workload sends: a signing request, a credential, and where the answer goes.
type Order = (Vec<u8>, String, oneshot::Sender<Result<IssuedCertificate, String>>);

/// Asks the authority at the other end of a channel.
#[derive(Debug)]
struct Remote {
    authority: mpsc::Sender<Order>,
    id: SpiffeId,
    token: String,
}

impl SvidSource for Remote {
    fn fetch(&self, _now: OffsetDateTime) -> SvidFuture<'_> {
        fn failed(reason: impl Display) -> SvidSourceError {
            SvidSourceError::new("remote authority", reason)
        }
        Box::pin(async move {
            let key = WorkloadKey::generate().map_err(failed)?;
            let request = key.request(&self.id).map_err(failed)?;
            let (answer, answered) = oneshot::channel();
            self.authority.send((request, self.token.clone(), answer)).await.map_err(failed)?;
            let issued = answered.await.map_err(failed)?.map_err(failed)?;
            let svid = key.into_svid(issued.chain).map_err(failed)?;
            let own = TrustBundle::new(self.id.trust_domain().clone(), [issued.root]);
            Ok(X509Context::new(svid, TrustBundles::new(own.map_err(failed)?)))
        })
    }
}

/// The authority: signs for whoever the validator knows.
async fn sign(service: CertificateService, mut orders: mpsc::Receiver<Order>) {
    while let Some((request, token, answer)) = orders.recv().await {
        let (by, now) = (Credential::Token(&token), OffsetDateTime::now_utc());
        let issued = service.create_certificate(&request, &by, None, now);
        let _ = answer.send(issued.map_err(|error| error.to_string()));
    }
}

fn id(account: &str) -> Result<SpiffeId, ParseSpiffeIdError> {
    format!("spiffe://cluster.local/ns/shop/sa/{account}").parse()
}

const API: &str = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.shop]
  location: MESH_INTERNAL
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: PORT}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, serviceAccount: api}]
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (now, life) = (OffsetDateTime::now_utc(), Duration::days(1));
    let signer = CertificateAuthority::self_signed(&"cluster.local".parse()?, now, life)?;
    let inventory = Inventory(HashMap::from([("web", "secret-1"), ("api", "secret-2")]));
    let (authority, orders) = mpsc::channel(8);
    tokio::spawn(sign(CertificateService::new(signer, inventory), orders));
    let source = |account, secret| {
        let token = format!("{account}:{secret}");
        id(account).map(|id| Remote { authority: authority.clone(), id, token })
    };

    let me = |account| Mesh::builder(Workload::new("shop", account).service_account(account));
    let api = me("api").identity(source("api", "secret-2")?).start().await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let yaml = API.replace("PORT", &listener.local_addr()?.port().to_string());
    let whoami = async |peer: Peer| peer.identity().unwrap_or("nobody").to_owned();
    tokio::spawn(api.serve(listener, Router::new().fallback(whoami)));

    let web = me("web").yaml("api.yaml", &yaml).identity(source("web", "secret-1")?);
    let reply = web.start().await?.client().get("http://api.shop/").await?;
    let caller = reply.into_body().collect().await?.to_bytes();
    println!("api was called by {}", String::from_utf8_lossy(&caller));
    assert_eq!(caller, id("web")?.as_str());

    let refused = source("web", "guessed")?.fetch(now).await.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|error| error.contains("the credential is not known")));
    Ok(())
}
