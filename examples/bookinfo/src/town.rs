//! The town: every workload of bookinfo with its own view of the mesh, on loopback sockets.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::http::HeaderMap;
use hyper_util::{
    client::legacy::{Client as PlainClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use meshwork::{CompileReport, Event, Mesh, Workload, identity::TrustDomain};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    apps::{Answer, App, Mood},
    registrar::Registrar,
};

/// A workload as it is deployed.
#[derive(Clone, Copy, Debug)]
struct Deployment {
    name: &'static str,
    version: &'static str,
    /// The application that it runs.
    app: &'static str,
    account: &'static str,
    /// The last byte of its loopback address.
    host: u8,
    /// Whether its policies are enforced.
    enforce: bool,
}

impl Deployment {
    const fn new(
        name: &'static str,
        version: &'static str,
        account: &'static str,
        host: u8,
    ) -> Self {
        Self { name, version, app: name, account, host, enforce: true }
    }
}

const WORKLOADS: [Deployment; 8] = [
    Deployment::new("productpage", "v1", "bookinfo-productpage", 11),
    Deployment::new("details", "v1", "bookinfo-details", 12),
    Deployment::new("reviews", "v1", "bookinfo-reviews", 13),
    Deployment::new("reviews", "v2", "bookinfo-reviews", 14),
    Deployment::new("reviews", "v3", "bookinfo-reviews", 15),
    Deployment::new("ratings", "v1", "bookinfo-ratings", 16),
    // On trial: it takes part from stage 17 on.
    Deployment { enforce: false, ..Deployment::new("details", "v2", "bookinfo-details", 18) },
    // It claims to be details, in stage 13.
    Deployment { app: "details", ..Deployment::new("impostor", "v1", "bookinfo-impostor", 19) },
];

/// A gateway of the town, which is open for single stages.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    name: &'static str,
    account: &'static str,
    /// What Gateways select it by: its label `istio`.
    label: &'static str,
    /// Its loopback address.
    pub address: Ipv4Addr,
}

/// Where visitors come in.
pub const INGRESS: Door = Door {
    name: "ingress",
    account: "bookinfo-ingress",
    label: "ingressgateway",
    address: Ipv4Addr::new(127, 0, 0, 20),
};

/// Where calls leave the mesh.
pub const EGRESS: Door = Door {
    name: "egress",
    account: "bookinfo-egress",
    label: "egressgateway",
    address: Ipv4Addr::new(127, 0, 0, 21),
};

/// Where the library listens, which is not part of the mesh.
const LIBRARY: u8 = 17;

/// The port of every workload, as bookinfo's YAML has it.
pub const PORT: u16 = 9080;

/// Where details tells how it is.
pub const STATUS_PORT: u16 = 9081;

/// The running workloads.
#[derive(Debug)]
pub struct Town {
    houses: Vec<House>,
    library: JoinHandle<()>,
    outside: PlainClient<HttpConnector, http_body_util::Empty<bytes::Bytes>>,
    mood: Mood,
    folder: PathBuf,
    registrar: Registrar,
    rotation: Duration,
}

/// One workload.
#[derive(Debug)]
struct House {
    name: &'static str,
    version: &'static str,
    mesh: Mesh,
    serving: Vec<JoinHandle<io::Result<()>>>,
    served: Arc<AtomicU32>,
}

/// The town cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TownError {
    /// An address is taken, or cannot be listened on.
    #[error("cannot listen on {address} for {name}: {reason}")]
    Listen {
        /// Who wanted to listen.
        name: String,
        /// Where.
        address: SocketAddr,
        /// Why not.
        reason: io::Error,
    },
    /// The YAML is refused, or there is no certificate.
    #[error(transparent)]
    Start(#[from] meshwork::StartError),
    /// There is no certificate authority.
    #[error("the certificate authority: {0}")]
    Authority(#[from] meshwork::identity::IssueError),
    /// An account or a trust domain is no name.
    #[error("`{0}` is no name of an identity")]
    Name(String),
    /// The YAML of a stage cannot be read.
    #[error("{path}: {reason}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
}

impl Town {
    /// Starts every workload. `folder` holds `mesh/` and `stages/`; with `watched`, `mesh/` is
    /// followed by every workload.
    ///
    /// # Errors
    /// See [`TownError`].
    pub async fn build(folder: &Path, watched: bool) -> Result<Self, TownError> {
        let mood = Mood::default();
        let doors = [INGRESS, EGRESS].map(|door| door.account);
        let accounts: Vec<_> =
            WORKLOADS.iter().map(|workload| workload.account).chain(doors).collect();
        let registrar = Registrar::new(&trust_domain("cluster.local")?, &accounts)?;
        let mut houses = Vec::new();
        for workload in WORKLOADS {
            let mesh = folder.join("mesh");
            let watched = watched.then_some(&*mesh);
            houses.push(House::build(workload, &registrar, &mood, watched).await?);
        }
        let library = listen("library", LIBRARY, PORT).await?;
        let client = houses.first().map(|house| house.mesh.client());
        let served = Arc::default();
        let app = client.map(|client| App {
            name: "library",
            version: "v1",
            client,
            mood: mood.clone(),
            served,
        });
        let router = app.map(App::router).unwrap_or_default();
        let library = tokio::spawn(async move {
            // It ends with the town; there is nobody to tell how.
            let _ = axum::serve(library, router).await;
        });
        // Every call from outside is a connection of its own, so that STRICT meets each.
        let outside =
            PlainClient::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        let folder = folder.to_owned();
        let rotation = Duration::from_secs(20);
        Ok(Self { houses, library, outside, mood, folder, registrar, rotation })
    }

    /// For how long stage 15 changes certificates; 20 s unless said otherwise.
    #[must_use]
    pub fn rotating_for(mut self, time: Duration) -> Self {
        self.rotation = time;
        self
    }

    /// For how long stage 15 changes certificates.
    pub fn rotation(&self) -> Duration {
        self.rotation
    }

    /// Who gives the workloads their certificates.
    pub fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    /// How many requests for details a workload has seen.
    pub fn served(&self, name: &str, version: &str) -> u32 {
        let house = self.house(name, version);
        house.map_or(0, |house| house.served.load(Ordering::Relaxed))
    }

    /// A workload that knows the town and trusts it, and comes from another trust domain.
    ///
    /// # Errors
    /// See [`TownError`].
    pub async fn stranger(&self, stage_files: &[&str]) -> Result<Mesh, TownError> {
        let name = || TownError::Name("bookinfo-stranger".into());
        let abroad = Registrar::new(&trust_domain("elsewhere.example")?, &["bookinfo-stranger"])?;
        let source = abroad.source("bookinfo-stranger").ok_or_else(name)?;
        let source = source.federate(self.registrar.bundle().ok_or_else(name)?);
        let me = Workload::new("default", "stranger-v1-0").service_account("bookinfo-stranger");
        let mesh = Mesh::builder(me).seed(1).identity(source).start().await?;
        mesh.apply(self.listing(stage_files, &|text| text)?);
        Ok(mesh)
    }

    /// A gateway of the town that knows these files, and is about to be opened.
    ///
    /// # Errors
    /// See [`TownError`].
    pub async fn door(&self, door: Door, stage_files: &[&str]) -> Result<Mesh, TownError> {
        let me = Workload::gateway("default", format!("{}-v1-0", door.name))
            .label("istio", door.label)
            .service_account(door.account)
            .address(IpAddr::V4(door.address));
        let source = self.registrar.source(door.account);
        let source = source.ok_or_else(|| TownError::Name(door.account.into()))?;
        let mesh = Mesh::builder(me).seed(1).identity(source).start().await?;
        mesh.apply(self.listing(stage_files, &|text| text)?);
        Ok(mesh)
    }

    /// How ratings feel.
    pub fn mood(&self) -> &Mood {
        &self.mood
    }

    /// The view of one workload.
    pub fn mesh(&self, name: &str, version: &str) -> Option<&Mesh> {
        self.house(name, version).map(|house| &house.mesh)
    }

    fn house(&self, name: &str, version: &str) -> Option<&House> {
        self.houses.iter().find(|house| house.name == name && house.version == version)
    }

    /// Tells every workload what has changed. The report is that of productpage.
    pub fn tell(&self, events: &[Event]) -> CompileReport {
        let mut first = None;
        for house in &self.houses {
            let report = house.mesh.apply(events.to_vec());
            first.get_or_insert(report);
        }
        first.unwrap_or_default()
    }

    /// Makes the files of `mesh/` and these files of `stages/` everything there is.
    ///
    /// # Errors
    /// [`TownError::Read`].
    pub fn reset(&self, stage_files: &[&str]) -> Result<CompileReport, TownError> {
        Ok(self.tell(&self.listing(stage_files, &|text| text)?))
    }

    /// The same, but no Pod says that it speaks mutual TLS.
    ///
    /// # Errors
    /// [`TownError::Read`].
    pub fn reset_without_tls(&self) -> Result<CompileReport, TownError> {
        let kept = |text: String| {
            let lines = text.lines().filter(|line| !line.contains("security.istio.io/tlsMode"));
            lines.map(|line| format!("{line}\n")).collect()
        };
        Ok(self.tell(&self.listing(&[], &kept)?))
    }

    /// The files of `mesh/` and these of `stages/`, as a source lists them.
    fn listing(
        &self,
        stage_files: &[&str],
        change: &dyn Fn(String) -> String,
    ) -> Result<Vec<Event>, TownError> {
        let mut events = vec![Event::Init];
        let mesh = self.folder.join("mesh");
        let unreadable = |reason: io::Error| TownError::Read {
            path: mesh.display().to_string(),
            reason: reason.to_string(),
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&mesh).map_err(unreadable)? {
            files.push(entry.map_err(unreadable)?.path());
        }
        files.sort();
        files.extend(stage_files.iter().map(|file| self.folder.join("stages").join(file)));
        for file in files {
            events.extend(read(&file, change)?);
        }
        events.push(Event::InitDone);
        Ok(events)
    }

    /// Empties the mesh.
    pub fn clear(&self) {
        self.tell(&[Event::Init, Event::InitDone]);
    }

    /// The events of one file of `stages/`.
    ///
    /// # Errors
    /// [`TownError::Read`].
    pub fn stage_file(&self, file: &str) -> Result<Vec<Event>, TownError> {
        read(&self.folder.join("stages").join(file), &|text| text)
    }

    /// Opens the product page from outside of the mesh, as a browser would.
    pub async fn open(&self, headers: &HeaderMap) -> Answer {
        self.open_url(&format!("http://127.0.0.11:{PORT}/productpage"), headers).await
    }

    /// Opens a URL from outside of the mesh, in plaintext.
    pub async fn open_url(&self, url: &str, headers: &HeaderMap) -> Answer {
        crate::apps::open(&self.outside, url, headers).await
    }

    /// Calls `url` as the workload of this name would.
    pub async fn call(&self, name: &str, version: &str, url: &str, headers: &HeaderMap) -> Answer {
        match self.mesh(name, version) {
            Some(mesh) => crate::apps::fetch(&mesh.client(), url, headers).await,
            None => Answer::nothing(format!("there is no workload {name} {version}")),
        }
    }

    /// Stops taking requests, lets those under way end, and waits for that.
    pub async fn close(self) {
        for house in &self.houses {
            house.mesh.shutdown();
        }
        for house in self.houses {
            for serving in house.serving {
                // What a server ended with was logged where it happened.
                let _ = serving.await;
            }
        }
        self.library.abort();
    }
}

impl House {
    async fn build(
        workload: Deployment,
        registrar: &Registrar,
        mood: &Mood,
        watched: Option<&Path>,
    ) -> Result<Self, TownError> {
        let Deployment { name, version, app, account, host, enforce } = workload;
        let me = Workload::new("default", format!("{name}-{version}-0"))
            .label("app", name)
            .label("version", version)
            .service_account(account)
            .address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)));
        let source = registrar.source(account).ok_or_else(|| TownError::Name(account.into()))?;
        let builder = Mesh::builder(me).seed(u64::from(host)).identity(source).enforce(enforce);
        let mesh = match watched {
            Some(folder) => builder.tolerate_invalid(true).watch_folder(folder).start().await?,
            None => builder.start().await?,
        };
        let (client, served) = (mesh.client(), Arc::default());
        let app =
            App { name: app, version, client, mood: mood.clone(), served: Arc::clone(&served) };
        let listener = listen(name, host, PORT).await?;
        let mut serving = vec![tokio::spawn(mesh.serve(listener, app.clone().router()))];
        if (name, version) == ("details", "v1") {
            let status = App { name: "status", ..app }.router();
            let listener = listen("the status of details", host, STATUS_PORT).await?;
            serving.push(tokio::spawn(mesh.serve(listener, status)));
        }
        Ok(Self { name, version, mesh, serving, served })
    }
}

fn trust_domain(name: &str) -> Result<TrustDomain, TownError> {
    name.parse().map_err(|_| TownError::Name(name.into()))
}

fn read(file: &Path, change: &dyn Fn(String) -> String) -> Result<Vec<Event>, TownError> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|reason| TownError::Read { path: name.clone(), reason: reason.to_string() })?;
    // The last two parts of the path are what a reader wants to see.
    let short: PathBuf = file.iter().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
    let (reader, text) = (meshwork::Reader::default(), change(text));
    Ok(meshwork::events_of(&reader, &short.display().to_string(), text.as_bytes()))
}

async fn listen(name: &str, host: u8, port: u16) -> Result<TcpListener, TownError> {
    let address = SocketAddr::from(([127, 0, 0, host], port));
    TcpListener::bind(address).await.map_err(|reason| TownError::Listen {
        name: name.into(),
        address,
        reason,
    })
}

/// What several parts of the tour hold on to.
pub type SharedTown = Arc<Town>;
