//! A load balancer of your own: rendezvous hashing, which neither Envoy nor Istio has.
//!
//! Each endpoint gets a score from its address and the request's hash, and the highest wins. When an
//! endpoint goes, only its own users move. What the request's hash is, the DestinationRule says
//! (`consistentHash`); who is ejected or limited is decided as for every other algorithm.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::{error::Error, net::SocketAddr, sync::Arc};

use axum::Router;
use http::Request;
use http_body_util::BodyExt as _;
use meshwork::balance::{Balance, Choice, Host, Picker, Set};
use meshwork::{Body, Mesh, Workload};
use tokio::net::TcpListener;

/// The algorithm. It is told of every change, and builds a picker from the hosts that there are.
#[derive(Debug)]
struct Rendezvous;

/// The hashes of the hosts' addresses, in the order of the hosts.
#[derive(Debug)]
struct Scores(Box<[u64]>);

impl Balance for Rendezvous {
    fn picker(&self, set: &Set<'_>) -> Box<dyn Picker> {
        Box::new(Scores(set.hosts.iter().map(|host| hash(host.address())).collect()))
    }

    /// The hash decides everything, the choice among priorities too.
    fn is_hashing(&self) -> bool {
        true
    }
}

impl Picker for Scores {
    /// Runs with every request: no allocation, no lock.
    fn pick(&self, _: &[Host], choice: &mut Choice<'_>) -> Option<usize> {
        // A retry that must not go where it has been asks again with another attempt.
        let request = choice.hash.wrapping_add(u64::from(choice.attempt));
        let scored = self.0.iter().enumerate();
        scored.max_by_key(|(_, host)| hash((**host, request))).map(|(index, _)| index)
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn yaml(endpoints: &[SocketAddr]) -> String {
    let endpoint =
        |a: &SocketAddr| format!("{{address: {}, ports: {{http: {}}}}}", a.ip(), a.port());
    let endpoints: Vec<_> = endpoints.iter().map(endpoint).collect();
    format!(
        "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: sessions}}
spec:
  hosts: [sessions.example]
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints: [{}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: sessions}}
spec:
  host: sessions.example
  trafficPolicy: {{loadBalancer: {{consistentHash: {{httpHeaderName: x-user}}}}}}
",
        endpoints.join(", ")
    )
}

/// Which server has the session of each of 60 users.
async fn homes(mesh: &Mesh) -> Result<BTreeMap<u32, String>, Box<dyn Error + Send + Sync>> {
    let mut homes = BTreeMap::new();
    for user in 0..60 {
        let request = Request::get("http://sessions.example/").header("x-user", user);
        let Ok(reply) = mesh.client().send(request.body(Body::empty())?).await;
        let body = reply.into_body().collect().await?.to_bytes();
        homes.insert(user, String::from_utf8_lossy(&body).into_owned());
    }
    Ok(homes)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut servers = Vec::new();
    for name in ["a", "b", "c"] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        servers.push(listener.local_addr()?);
        let app = Router::new().fallback(move || async move { name });
        tokio::spawn(async move { axum::serve(listener, app).await });
    }
    let builder = Mesh::builder(Workload::new("default", "caller")).yaml("mesh", &yaml(&servers));
    // Asked for each cluster by Envoy's name for it; others keep the algorithms of their rules.
    let ours = "outbound|80||sessions.example";
    let builder = builder
        .balance(move |cluster| (&*cluster.name == ours).then(|| Arc::new(Rendezvous) as Arc<_>));
    let mesh = builder.start().await?;

    let before = homes(&mesh).await?;
    assert_eq!(homes(&mesh).await?, before, "everybody stays");
    let reader = meshwork::Reader::default();
    let [a, b, _] = servers[..] else { return Err("three servers".into()) };
    mesh.apply(meshwork::events_of(&reader, "mesh", yaml(&[a, b]).as_bytes()));
    let after = homes(&mesh).await?;
    let moved = before.iter().filter(|(user, home)| after.get(*user) != Some(*home)).count();
    let gone = before.values().filter(|home| *home == "c").count();
    println!("{moved} users moved; {gone} had been with the server that is gone");
    assert!(gone > 0 && moved == gone);
    Ok(())
}
