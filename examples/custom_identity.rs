//! Certificates your own way: a certificate authority behind an interface of yours.
//!
//! An `SvidSource` brings a workload its certificate, here from an authority that is asked with a
//! signing request, as Vault, SPIRE or a service of your own would be. A `CredentialValidator` says
//! on the authority's side who asks. The mesh asks again at half of a certificate's life, and keeps
//! the old one while that fails.

use std::{collections::HashMap, error::Error, fmt::Display};

use axum::{Extension, Router};
use http_body_util::BodyExt as _;
use meshwork::{
    Mesh, Peer, Workload,
    identity::{
        CertificateAuthority, CertificateService, Credential, CredentialError, CredentialValidator,
        IssuedCertificate, SpiffeId, SvidFuture, SvidSource, SvidSourceError, TrustBundle,
        TrustBundles, WorkloadKey, X509Context,
    },
};
use time::{Duration, OffsetDateTime};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

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
        match self.0.get(account) {
            Some(known) if *known == secret => id(account).map_err(|_| CredentialError::Unknown),
            _ => Err(CredentialError::Unknown),
        }
    }
}

/// What a workload sends: request, credential, and where the answer goes.
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
            let order = (request, self.token.clone(), answer);
            self.authority.send(order).await.map_err(failed)?;
            let issued = answered.await.map_err(failed)?.map_err(failed)?;
            let svid = key.into_svid(issued.chain).map_err(failed)?;
            let own = self.id.trust_domain().clone();
            let roots = TrustBundle::new(own, [issued.root]).map_err(failed)?;
            Ok(X509Context::new(svid, TrustBundles::new(roots)))
        })
    }
}

fn authority() -> Result<mpsc::Sender<Order>, Box<dyn Error + Send + Sync>> {
    let (now, life) = (OffsetDateTime::now_utc(), Duration::days(1));
    let signer = CertificateAuthority::self_signed(&"cluster.local".parse()?, now, life)?;
    let inventory = Inventory(HashMap::from([("web", "w-secret"), ("api", "a-secret")]));
    let service = CertificateService::new(signer, inventory);
    let (sender, mut orders) = mpsc::channel::<Order>(8);
    tokio::spawn(async move {
        while let Some((request, token, answer)) = orders.recv().await {
            let (by, now) = (Credential::Token(&token), OffsetDateTime::now_utc());
            let issued = service.create_certificate(&request, &by, None, now);
            let _ = answer.send(issued.map_err(|error| error.to_string()));
        }
    });
    Ok(sender)
}

fn id(account: &str) -> Result<SpiffeId, meshwork::identity::ParseSpiffeIdError> {
    format!("spiffe://cluster.local/ns/shop/sa/{account}").parse()
}

/// Only `web` may call `api`, and only with its certificate.
const STRICT: &str = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.shop]
  location: MESH_INTERNAL
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: PORT}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, serviceAccount: api}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let authority = authority()?;
    let source = |account: &str, secret: &str| {
        let token = format!("{account}:{secret}");
        id(account).map(|id| Remote { authority: authority.clone(), id, token })
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let strict = STRICT.replace("PORT", &listener.local_addr()?.port().to_string());
    let mesh = |account: &str| {
        Mesh::builder(Workload::new("shop", account).service_account(account)).yaml("mesh", &strict)
    };

    let api = mesh("api").identity(source("api", "a-secret")?).start().await?;
    let whoami =
        async |Extension(peer): Extension<Peer>| peer.identity().unwrap_or("nobody").to_owned();
    tokio::spawn(api.serve(listener, Router::new().fallback(whoami)));

    let web = mesh("web").identity(source("web", "w-secret")?).start().await?;
    let reply = web.client().get("http://api.shop/").await?;
    let seen = reply.into_body().collect().await?.to_bytes();
    println!("api was called by {}", String::from_utf8_lossy(&seen));
    assert_eq!(seen, id("web")?.as_str());

    let now = OffsetDateTime::now_utc();
    let refused = source("web", "guessed")?.fetch(now).await.err().map(|error| error.to_string());
    println!("with another secret: {}", refused.as_deref().unwrap_or("a certificate"));
    assert!(refused.is_some_and(|error| error.contains("the credential is not known")));
    Ok(())
}
