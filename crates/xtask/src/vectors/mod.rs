//! `cargo xtask vectors DIR...`: meshwork against what Istio and Envoy did.
//!
//! A scenario is read and parted into its *question* and its *key*. An [`Engine`] sees the question
//! alone and answers it; only then the key is opened and compared.

pub mod answer;
pub mod compare;
pub mod engine;
pub mod lists;
pub mod read;
pub mod recorded;
pub mod report;
pub mod scenario;
pub mod sockets;

use std::{
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use answer::Answers;
use compare::{Outcome, Unit};
use read::{ReadError, Scenario};
use scenario::Question;

/// Whoever answers a question.
pub trait Engine: Sync {
    /// Answers everything that is asked, in the order of the question.
    fn answer(&self, question: &Question) -> Answers;
}

/// Runs all scenarios on as many threads as the machine has, and gives the units by file.
///
/// A file that cannot be read is one unit that is not supported, so that it cannot be overlooked.
///
/// # Errors
/// When a folder cannot be read or holds no scenarios.
pub fn run(
    roots: &[PathBuf],
    engine: &dyn Engine,
    filter: &Filter,
) -> Result<Vec<Unit>, ReadError> {
    let files = read::find(roots)?;
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Vec<Unit>)>> = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        while let Some((at, path)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            files.get(at).map(|path| (at, path))
        } {
            let units = match Scenario::read(path) {
                Ok(scenario) => one(&scenario, engine, filter),
                Err(error) => vec![unreadable(path, &error)],
            };
            if let Ok(mut done) = done.lock() {
                done.push((at, units));
            }
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().flat_map(|(_, units)| units).collect())
}

/// Answers one scenario and compares. A panic of the engine is a difference of every unit.
pub fn one(scenario: &Scenario, engine: &dyn Engine, filter: &Filter) -> Vec<Unit> {
    if !filter.wants_file(scenario) {
        return Vec::new();
    }
    let answer = std::panic::AssertUnwindSafe(|| engine.answer(&scenario.question));
    let answers = std::panic::catch_unwind(answer).unwrap_or_default();
    let mut units = compare::compare(scenario, &answers);
    units.retain(|unit| filter.wants(unit));
    units
}

fn unreadable(path: &std::path::Path, error: &ReadError) -> Unit {
    let name = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
    };
    Unit {
        family: name(path.parent().and_then(std::path::Path::file_name)),
        file: name(path.file_name()),
        name: "the file".to_owned(),
        asked: String::new(),
        outcome: Outcome::Unsupported(error.to_string()),
    }
}

/// Which units are wanted: those whose place holds the text.
#[derive(Clone, Debug, Default)]
pub struct Filter(pub Option<String>);

impl Filter {
    /// Whether any unit of the file can be wanted.
    fn wants_file(&self, scenario: &Scenario) -> bool {
        let Some(text) = &self.0 else { return true };
        let place = scenario.place();
        place.contains(text.as_str())
            || text.contains(&place)
            || scenario.question.cases.iter().any(|case| case.name.contains(text.as_str()))
            || !scenario.key.verdicts.is_empty()
            || !scenario.key.schema.is_empty()
            || !scenario.key.clusters.is_empty()
    }

    /// Whether the unit is wanted.
    pub fn wants(&self, unit: &Unit) -> bool {
        self.0.as_ref().is_none_or(|text| unit.place().contains(text.as_str()))
    }
}
