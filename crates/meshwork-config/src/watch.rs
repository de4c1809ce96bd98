//! Follows the changes of a folder.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use notify::{RecursiveMode, Watcher};

use crate::{Event, Folder, Running, Sink, SourceError};

/// Lists the folder again after each burst of changes, in a thread that ends with the guard.
///
/// The folder is watched, not its files: a mounted ConfigMap changes by swapping a link.
pub(crate) fn follow(folder: Folder, sink: Sink) -> Result<Running, SourceError> {
    let name = folder.path().display().to_string();
    let failed = |error: &dyn std::fmt::Display| SourceError::new(name.clone(), error);
    let (changed, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // The receiver is gone when the source has ended, and nobody is left to tell.
            let _ = changed.send(());
        }
    })
    .map_err(|error| failed(&error))?;
    watcher.watch(folder.path(), RecursiveMode::NonRecursive).map_err(|error| failed(&error))?;
    thread::Builder::new()
        .name("meshwork-folder".into())
        .spawn(move || {
            // Ends when the watcher is dropped and the sender with it.
            while changes.recv().is_ok() {
                loop {
                    match changes.recv_timeout(QUIET) {
                        Ok(()) => {}
                        Err(RecvTimeoutError::Timeout) => break,
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
                let events = folder.list().unwrap_or_else(|error| {
                    vec![Event::unreadable(&error.source_name, &error.reason)]
                });
                sink.send(events);
            }
        })
        .map_err(|error| failed(&error))?;
    Ok(Running::new(watcher))
}

/// How long a folder has to be quiet before it is listed: editors write in several steps.
const QUIET: Duration = Duration::from_millis(50);
