//! The town: every workload of bookinfo with its own view of the mesh, on loopback sockets.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::HeaderMap;
use hyper_util::{
    client::legacy::{Client as PlainClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use meshwork::{CompileReport, Event, Mesh, Workload};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::apps::{Answer, App, Mood};

/// Name, version and the last byte of the loopback address of each workload.
const WORKLOADS: [(&str, &str, u8); 6] = [
    ("productpage", "v1", 11),
    ("details", "v1", 12),
    ("reviews", "v1", 13),
    ("reviews", "v2", 14),
    ("reviews", "v3", 15),
    ("ratings", "v1", 16),
];

/// Where the library listens, which is not part of the mesh.
const LIBRARY: u8 = 17;

/// The port of every workload, as bookinfo's YAML has it.
pub const PORT: u16 = 9080;

/// The running workloads.
#[derive(Debug)]
pub struct Town {
    houses: Vec<House>,
    library: JoinHandle<()>,
    outside: PlainClient<HttpConnector, http_body_util::Empty<bytes::Bytes>>,
    mood: Mood,
    folder: PathBuf,
}

/// One workload.
#[derive(Debug)]
struct House {
    name: &'static str,
    version: &'static str,
    mesh: Mesh,
    serving: JoinHandle<io::Result<()>>,
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
    /// The YAML is refused.
    #[error(transparent)]
    Start(#[from] meshwork::StartError),
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
        let mut houses = Vec::new();
        for (name, version, host) in WORKLOADS {
            let me = Workload::new("default", format!("{name}-{version}-0"))
                .label("app", name)
                .label("version", version)
                .service_account(&format!("bookinfo-{name}"))
                .address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)));
            let builder = Mesh::builder(me).seed(u64::from(host));
            let mesh = if watched {
                builder.tolerate_invalid(true).watch_folder(folder.join("mesh")).start().await?
            } else {
                builder.start().await?
            };
            let app = App { name, version, client: mesh.client(), mood: mood.clone() };
            let listener = listen(name, host).await?;
            let serving = tokio::spawn(mesh.serve(listener, app.router()));
            houses.push(House { name, version, mesh, serving });
        }
        let library = listen("library", LIBRARY).await?;
        let client = houses.first().map(|house| house.mesh.client());
        let app =
            client.map(|client| App { name: "library", version: "v1", client, mood: mood.clone() });
        let router = app.map(App::router).unwrap_or_default();
        let library = tokio::spawn(async move {
            // It ends with the town; there is nobody to tell how.
            let _ = axum::serve(library, router).await;
        });
        let outside = PlainClient::builder(TokioExecutor::new()).build_http();
        Ok(Self { houses, library, outside, mood, folder: folder.to_owned() })
    }

    /// How ratings feel.
    pub fn mood(&self) -> &Mood {
        &self.mood
    }

    /// The view of one workload.
    pub fn mesh(&self, name: &str, version: &str) -> Option<&Mesh> {
        let mut houses = self.houses.iter();
        let house = houses.find(|house| house.name == name && house.version == version);
        house.map(|house| &house.mesh)
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
            events.extend(read(&file)?);
        }
        events.push(Event::InitDone);
        Ok(self.tell(&events))
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
        read(&self.folder.join("stages").join(file))
    }

    /// Opens the product page from outside of the mesh, as a browser would.
    pub async fn open(&self, headers: &HeaderMap) -> Answer {
        crate::apps::open(&self.outside, &format!("http://127.0.0.11:{PORT}/productpage"), headers)
            .await
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
            // What a server ended with was logged where it happened.
            let _ = house.serving.await;
        }
        self.library.abort();
    }
}

fn read(file: &Path) -> Result<Vec<Event>, TownError> {
    let name = file.display().to_string();
    let text = std::fs::read(file)
        .map_err(|reason| TownError::Read { path: name.clone(), reason: reason.to_string() })?;
    // The last two parts of the path are what a reader wants to see.
    let short: PathBuf = file.iter().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
    Ok(meshwork::events_of(&meshwork::Reader::default(), &short.display().to_string(), &text))
}

async fn listen(name: &str, host: u8) -> Result<TcpListener, TownError> {
    let address = SocketAddr::from(([127, 0, 0, host], PORT));
    TcpListener::bind(address).await.map_err(|reason| TownError::Listen {
        name: name.into(),
        address,
        reason,
    })
}

/// What several parts of the tour hold on to.
pub type SharedTown = Arc<Town>;
