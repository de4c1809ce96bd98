//! `cargo xtask vectors --sockets N --seed S`: a sample of scenarios over real sockets.
//!
//! The run in memory is exact and the judge's; this one shows that real connections, with real
//! handshakes, come out the same: every unit has the same verdict both ways.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use meshwork_identity::SpiffeId;

use super::{
    Engine as _,
    answer::{Answer, CaseAnswer, Unsupported},
    compare::{self, Outcome, Unit},
    engine::{self, Meshwork},
    read::{self, ReadError, Scenario},
    scenario::{Case, Question},
};

/// Which scenarios are run, and for how long.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Sample {
    /// How many scenarios.
    pub count: usize,
    /// What the choice follows from.
    pub seed: u64,
    /// After this time no further scenario is begun.
    pub limit: Duration,
}

impl Sample {
    /// So many scenarios, within five minutes.
    pub const fn new(count: usize, seed: u64) -> Self {
        Self { count, seed, limit: Duration::from_secs(300) }
    }
}

/// One unit, both ways.
#[derive(Clone, Debug)]
struct Pair {
    memory: Unit,
    sockets: Unit,
}

/// How a sample came out.
#[derive(Clone, Debug, Default)]
pub struct SocketReport {
    scenarios: BTreeMap<String, usize>,
    pairs: Vec<Pair>,
    /// Scenarios that were not begun within the limit.
    late: usize,
    elapsed: Duration,
}

/// Runs the sample.
///
/// # Errors
/// When a folder or a scenario cannot be read.
#[expect(clippy::disallowed_methods, reason = "a tool reads the clock")]
pub fn run(roots: &[PathBuf], sample: Sample) -> Result<SocketReport, ReadError> {
    let began = Instant::now();
    let mut files = read::find(roots)?;
    fastrand::Rng::with_seed(sample.seed).shuffle(&mut files);
    let mut scenarios = Vec::new();
    for file in files {
        if scenarios.len() == sample.count {
            break;
        }
        let scenario = Scenario::read(&file)?;
        if !scenario.question.cases.is_empty() {
            scenarios.push(scenario);
        }
    }
    let (next, late) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            if began.elapsed() > sample.limit {
                late.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let pairs = one(scenario);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((scenario.family.clone(), pairs));
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut report = SocketReport {
        late: late.into_inner(),
        elapsed: began.elapsed(),
        ..SocketReport::default()
    };
    for (family, pairs) in done.into_inner().unwrap_or_else(PoisonError::into_inner) {
        *report.scenarios.entry(family).or_default() += 1;
        report.pairs.extend(pairs);
    }
    report.pairs.sort_by_key(|pair| pair.memory.place());
    Ok(report)
}

/// The cases of a scenario, both ways.
fn one(scenario: &Scenario) -> Vec<Pair> {
    let question = &scenario.question;
    let in_memory = Meshwork::default().answer(question);
    let mut limits = Limits { over: None };
    let over_sockets = engine::over_sockets(question, in_memory.clone(), |at, case| {
        limits.wanted(question, case, in_memory.cases.get(at))
    });
    let memory = compare::compare(scenario, &in_memory);
    let sockets = compare::compare(scenario, &over_sockets);
    let pairs = memory.into_iter().zip(sockets).take(question.cases.len());
    pairs.map(|(memory, sockets)| Pair { memory, sockets }).collect()
}

/// What sockets cannot show, or not in good time.
struct Limits {
    /// Why no further case of the scenario can be shown.
    over: Option<&'static str>,
}

impl Limits {
    fn wanted(
        &mut self,
        question: &Question,
        case: &Case,
        in_memory: Option<&Answer<CaseAnswer>>,
    ) -> Result<(), Unsupported> {
        let no = |reason: &str| Err(Unsupported(reason.to_owned()));
        if let Some(reason) = self.over {
            return no(reason);
        }
        let slow = match in_memory {
            None => return no("it is not answered in memory"),
            Some(Err(reason)) => return Err(reason.clone()),
            Some(Ok(CaseAnswer::Once(seen))) => seen.elapsed > LONGEST,
            Some(Ok(CaseAnswer::Many(seen))) => {
                seen.iter().map(|one| one.elapsed).sum::<Duration>() > LONGEST
            }
        };
        // What endpoints and balancers remember of a case that is left out shows in the next ones.
        let stateful = !question.backends.is_empty() || case.backends.is_some();
        let skipped = if case.send.settle.is_some() {
            self.over = Some("it comes after a time that virtual clocks alone can let pass");
            "time passes after it, which virtual clocks alone can wait for"
        } else if slow || case.send.timed {
            self.over = self.over.or(stateful.then_some("it comes after a case that was left out"));
            "it waits for longer than 0.2 s, or its time is compared"
        } else if case.send.times.is_some_and(|times| times > MOST) {
            self.over = self.over.or(stateful.then_some("it comes after a case that was left out"));
            "it makes more than 12 connections"
        } else if engine::server_name(&case.send).is_none() {
            "its server name is none that rustls sends"
        } else if in_upper_case(case) {
            "rustls sends server names in lower case"
        } else if unsound(case) {
            "its client's certificate has several URIs or no sound SPIFFE ID, refused on purpose"
        } else {
            return Ok(());
        };
        no(skipped)
    }
}

fn in_upper_case(case: &Case) -> bool {
    let name = case.send.tls.as_ref().and_then(|tls| tls.sni.as_deref());
    name.is_some_and(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()))
}

fn unsound(case: &Case) -> bool {
    let names = case.send.tls.as_ref().and_then(|tls| tls.principal.as_deref());
    let names = names.into_iter().flat_map(|names| names.split(',')).map(str::trim);
    let uris: Vec<&str> = names.filter(|name| name.contains("://")).collect();
    let is_unsound = |uri: &&str| uri.starts_with("spiffe://") && uri.parse::<SpiffeId>().is_err();
    uris.len() > 1 || uris.iter().any(is_unsound)
}

/// How long a case may take, in virtual time.
const LONGEST: Duration = Duration::from_millis(200);
/// How many connections a case may make.
const MOST: u32 = 12;

impl SocketReport {
    /// Whether every unit that sockets can show has the same verdict both ways.
    pub fn is_clean(&self) -> bool {
        self.late == 0 && self.compared() > 0 && self.differences().next().is_none()
    }

    /// How many units were shown both ways.
    pub fn compared(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.skipped().is_none()).count()
    }

    /// Where the units of the sample stand.
    pub fn places(&self) -> Vec<String> {
        self.pairs.iter().map(|pair| pair.memory.place()).collect()
    }

    /// Units that came out otherwise, with both outcomes.
    pub fn differences(&self) -> impl Iterator<Item = (&Unit, &Unit)> {
        let differs = |pair: &&Pair| pair.skipped().is_none() && !pair.is_same();
        self.pairs.iter().filter(differs).map(|pair| (&pair.memory, &pair.sockets))
    }

    /// Writes what differs, the table, and why units were left out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (memory, sockets) in self.differences() {
            writeln!(out, "{}\n    sent      {}", memory.place(), memory.asked)?;
            outcome(out, "in memory", &memory.outcome)?;
            outcome(out, "over sockets", &sockets.outcome)?;
        }
        writeln!(
            out,
            "{:<20} {:>9} {:>8} {:>8} {:>8}",
            "family", "scenarios", "same", "other", "skipped"
        )?;
        let mut row = |name: &str, scenarios: usize, pairs: &[&Pair]| {
            let skipped = pairs.iter().filter(|pair| pair.skipped().is_some()).count();
            let shown = pairs.iter().filter(|pair| pair.skipped().is_none());
            let same = shown.filter(|pair| pair.is_same()).count();
            let other = pairs.len() - skipped - same;
            writeln!(out, "{name:<20} {scenarios:>9} {same:>8} {other:>8} {skipped:>8}")
        };
        for (family, scenarios) in &self.scenarios {
            let of_family = |pair: &&Pair| pair.memory.family == *family;
            row(family, *scenarios, &self.pairs.iter().filter(of_family).collect::<Vec<_>>())?;
        }
        let scenarios = self.scenarios.values().sum();
        row("total", scenarios, &self.pairs.iter().collect::<Vec<_>>())?;
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in self.pairs.iter().filter_map(Pair::skipped) {
            *reasons.entry(reason).or_default() += 1;
        }
        for (reason, count) in reasons {
            writeln!(out, "skipped {count:>4}: {reason}")?;
        }
        if self.late > 0 {
            writeln!(out, "{} scenarios were not begun in time", self.late)?;
        }
        writeln!(out, "{:.1} s", self.elapsed.as_secs_f64())
    }
}

impl Pair {
    /// Why it was not shown over sockets.
    fn skipped(&self) -> Option<&str> {
        match &self.sockets.outcome {
            Outcome::Unsupported(reason) => Some(reason),
            _ => None,
        }
    }

    fn is_same(&self) -> bool {
        (self.memory.outcome == Outcome::Agreed) == (self.sockets.outcome == Outcome::Agreed)
    }
}

fn outcome(out: &mut dyn Write, how: &str, outcome: &Outcome) -> io::Result<()> {
    match outcome {
        Outcome::Agreed => writeln!(out, "    {how}: as recorded"),
        Outcome::Unsupported(reason) => writeln!(out, "    {how}: not supported: {reason}"),
        Outcome::Differ(found) => {
            writeln!(out, "    {how}:")?;
            for one in found {
                writeln!(out, "      {}: {} instead of {}", one.field, one.got, one.expected)?;
            }
            Ok(())
        }
    }
}
