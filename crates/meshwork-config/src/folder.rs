//! A folder of YAML and JSON files as a source.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use meshwork_api::read::Reader;

use crate::{Event, Running, Sink, Source, SourceError, admit::events_of};

/// A folder whose files hold resources, as `kubectl apply -f` takes them: `*.yaml`, `*.yml` and
/// `*.json`, not those of folders below, in the order of their names.
///
/// The folder is read once; with the feature `file`, [`Folder::watched`] follows its changes.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    reader: Reader,
    #[cfg(feature = "file")]
    watched: bool,
}

impl Folder {
    /// The folder at `path`, read once, with strict admission.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            reader: Reader::default(),
            #[cfg(feature = "file")]
            watched: false,
        }
    }

    /// Reads with another admission or other limits.
    #[must_use]
    pub fn reader(mut self, reader: Reader) -> Self {
        self.reader = reader;
        self
    }

    /// Follows changes: after each, the whole folder is listed again.
    #[cfg(feature = "file")]
    #[must_use]
    pub fn watched(mut self) -> Self {
        self.watched = true;
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything that the files hold now, from `Init` to `InitDone`.
    ///
    /// # Errors
    /// Where the folder cannot be listed. A file that cannot be read is an [`Event::Refuse`].
    pub fn list(&self) -> Result<Vec<Event>, SourceError> {
        let failed = |error: &io::Error| SourceError::new(self.path.display().to_string(), error);
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(|error| failed(&error))? {
            let path = entry.map_err(|error| failed(&error))?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if matches!(extension, Some("yaml" | "yml" | "json")) && path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        let mut events = vec![Event::Init];
        for file in files {
            let name = file.display().to_string();
            match fs::read(&file) {
                Ok(text) => events.extend(events_of(&self.reader, &name, &text)),
                Err(error) => events.push(Event::unreadable(&name, &error.to_string())),
            }
        }
        events.push(Event::InitDone);
        Ok(events)
    }
}

impl Source for Folder {
    fn start(self: Box<Self>, sink: Sink) -> Result<Running, SourceError> {
        sink.send(self.list()?);
        #[cfg(feature = "file")]
        if self.watched {
            return crate::watch::follow(*self, sink);
        }
        Ok(Running::nothing())
    }
}
