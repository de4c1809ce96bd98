//! From events to the snapshot in force.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use meshwork_config::{CompileReport, ConfigStore, Event, Level, Sink, Snapshot, SourceId};
use meshwork_core::{Live, Publisher};
use meshwork_registry::Proxy;
use meshwork_tower::Clusters;
use tokio::sync::{mpsc, watch};

use crate::Health;

/// Holds what sources told, and publishes what follows from it.
pub(crate) struct Engine {
    proxy: Proxy,
    state: Mutex<State>,
    publisher: Publisher<Snapshot>,
    clusters: Clusters,
    /// Whether a first whole listing has been published.
    ready: watch::Sender<bool>,
    health: watch::Sender<Arc<Health>>,
}

struct State {
    store: ConfigStore,
    version: u64,
    /// The sources that have not told their first listing yet.
    awaited: BTreeSet<SourceId>,
}

impl Engine {
    pub(crate) fn new(
        proxy: Proxy,
        store: ConfigStore,
        sources: usize,
        clusters: Clusters,
    ) -> Self {
        let (snapshot, _) = Snapshot::compile(&store, &proxy, None);
        Self {
            proxy,
            state: Mutex::new(State { store, version: 0, awaited: sources_of(sources).collect() }),
            publisher: Publisher::new(snapshot),
            clusters,
            ready: watch::Sender::new(sources == 0),
            health: watch::Sender::new(Arc::default()),
        }
    }

    pub(crate) fn live(&self) -> Live<Snapshot> {
        self.publisher.live()
    }

    #[cfg(feature = "client")]
    pub(crate) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    /// Changes with every snapshot.
    #[cfg(feature = "server")]
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Health>> {
        self.health.subscribe()
    }

    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health.borrow())
    }

    /// Takes events, compiles and publishes. Readers are not disturbed: a request that is under
    /// way keeps the snapshot that it began with.
    pub(crate) fn update(&self, events: Vec<Event>) -> CompileReport {
        self.update_from(vec![(SourceId::default(), events)])
    }

    /// The same for what several sources told.
    pub(crate) fn update_from(&self, told: Vec<Told>) -> CompileReport {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (source, events) in told {
            if events.iter().any(|event| matches!(event, Event::InitDone)) {
                state.awaited.remove(&source);
            }
            state.store.apply_from(source, events);
        }
        state.version += 1;
        let previous = self.publisher.current();
        let (snapshot, report) = Snapshot::compile(&state.store, &self.proxy, Some(&previous));
        let snapshot = Arc::new(snapshot);
        // Runtime state first: a request that sees the snapshot finds its clusters.
        if !snapshot.has_clusters_of(&previous) {
            self.clusters.reconcile(&snapshot);
        }
        self.publisher.publish(Arc::clone(&snapshot));
        self.tell(&report, state.version);
        self.health.send_replace(Arc::new(Health {
            version: state.version,
            resources: state.store.len(),
            report: report.clone(),
        }));
        if state.awaited.is_empty() {
            self.ready.send_replace(true);
        }
        report
    }

    /// What events would lead to. Nothing is published.
    #[cfg(feature = "server")]
    pub(crate) fn preview(&self, events: Vec<Event>) -> Snapshot {
        let mut store = self.state.lock().unwrap_or_else(PoisonError::into_inner).store.clone();
        store.apply_all(events);
        let previous = self.publisher.current();
        Snapshot::compile(&store, &self.proxy, Some(&previous)).0
    }

    /// What was refused, as a compiler would print it.
    pub(crate) fn rendered_refusals(&self) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let texts: Vec<_> = state
            .store
            .refusals()
            .map(|refusal| match refusal.rendered.as_str() {
                "" => refusal.report.to_string(),
                rendered => rendered.to_owned(),
            })
            .collect();
        texts.join("\n")
    }

    /// Logs what is new in the report.
    fn tell(&self, report: &CompileReport, version: u64) {
        let before = self.health();
        for diagnostic in &report.diagnostics {
            if before.report.diagnostics.contains(diagnostic) {
                continue;
            }
            match diagnostic.level {
                Level::Alarm => tracing::error!(version, "{diagnostic}"),
                Level::Warning => tracing::warn!(version, "{diagnostic}"),
            }
        }
    }
}

/// What a source told at once.
pub(crate) type Told = (SourceId, Vec<Event>);

/// The sources of a mesh by their numbers; 0 is the program itself.
pub(crate) fn sources_of(count: usize) -> impl Iterator<Item = SourceId> {
    (1_u32..).take(count).map(SourceId::new)
}

/// A sink for a source, whose events come through `sender`.
pub(crate) fn sink(source: SourceId, sender: mpsc::UnboundedSender<Told>) -> Sink {
    Sink::new(move |events| {
        // Without a receiver the mesh is gone, and nobody has to know.
        let _ = sender.send((source, events));
    })
}

/// Publishes what comes through `events`, several batches at once where they come in quick
/// succession, until the mesh is dropped.
pub(crate) async fn follow(
    engine: std::sync::Weak<Engine>,
    mut events: mpsc::UnboundedReceiver<Told>,
    debounce: Duration,
) {
    while let Some(first) = events.recv().await {
        let mut batch = vec![first];
        let deadline = tokio::time::sleep(debounce);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                more = events.recv() => match more {
                    Some(more) => batch.push(more),
                    None => break,
                },
                () = &mut deadline => break,
            }
        }
        let Some(engine) = engine.upgrade() else { return };
        // Compiling a large mesh takes a while; requests must not wait for it.
        if tokio::task::spawn_blocking(move || engine.update_from(batch)).await.is_err() {
            tracing::error!("compiling the configuration panicked; the former one stays in force");
        }
    }
}
