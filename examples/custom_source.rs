//! A source of configuration of your own: services from a directory that knows nothing of Istio.
//!
//! A `Source` tells everything that there is, from `Init` to `InitDone`, and then what changes.
//! Here the directory is a channel; elsewhere it is a database, Consul, a file of another format.
//! What it tells stands beside the resources of files and is compiled, checked and reported like
//! them.

use std::{error::Error, net::SocketAddr, time::Duration};

use http_body_util::BodyExt as _;
use meshwork::{
    Event, Mesh, Running, Sink, Source, SourceError, Workload,
    api::{Object, networking as n},
    core::ResourceRef,
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};

/// Where a service is; `None` once it is gone.
type Entry = (&'static str, Option<SocketAddr>);

/// What the directory knows now, and what it will learn.
struct Directory {
    known: Vec<Entry>,
    changes: mpsc::Receiver<Entry>,
}

impl Source for Directory {
    fn start(self: Box<Self>, sink: Sink) -> Result<Running, SourceError> {
        let Self { known, mut changes } = *self;
        let listing = known.into_iter().map(event);
        // One batch takes effect at once: nobody sees half of a listing.
        sink.send([Event::Init].into_iter().chain(listing).chain([Event::InitDone]).collect());
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some(entry) = changes.recv().await {
                sink.send(vec![event(entry)]);
            }
        });
        // The mesh holds this as long as it lives; dropping it ends the task.
        Ok(Running::new(task))
    }
}

/// An entry of the directory as a resource.
fn event((name, address): Entry) -> Event {
    let Some(address) = address else {
        return Event::delete(ResourceRef::new("ServiceEntry", "default", name));
    };
    let port = n::ServicePort {
        number: 80,
        name: "http".into(),
        protocol: "HTTP".into(),
        target_port: address.port().into(),
    };
    let endpoint = n::WorkloadEntry { address: address.ip().to_string(), ..Default::default() };
    let spec = n::ServiceEntry {
        hosts: vec![format!("{name}.directory")],
        ports: vec![port],
        resolution: n::Resolution::Static,
        endpoints: vec![endpoint],
        ..Default::default()
    };
    Event::apply(Object::new("default", name, spec))
}

/// A service that says which one it is.
async fn service(says: &'static str) -> Result<SocketAddr, Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = axum::Router::new().fallback(move || async move { says });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// Calls until the answer begins with `expected`: a change takes a few milliseconds.
async fn call(mesh: &Mesh, expected: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    for _ in 0..500 {
        let reply = mesh.client().get("http://greeter.directory/").await?;
        let status = reply.status();
        let body = reply.into_body().collect().await?.to_bytes();
        let answer = format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body));
        if answer.starts_with(expected) {
            println!("{answer}");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("no answer began with `{expected}`").into())
}

const REGISTRY_ONLY: &str = "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: default}
spec:
  egress: [{hosts: ['*/*']}]
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (tell, changes) = mpsc::channel(8);
    let known = vec![("greeter", Some(service("the first greeter").await?))];
    let mesh = Mesh::builder(Workload::new("default", "caller"))
        .source(Directory { known, changes })
        .yaml("policy.yaml", REGISTRY_ONLY)
        .start()
        .await?;

    call(&mesh, "200 the first greeter").await?;
    tell.send(("greeter", Some(service("the second greeter").await?))).await?;
    call(&mesh, "200 the second greeter").await?;
    tell.send(("greeter", None)).await?;
    call(&mesh, "502").await
}
