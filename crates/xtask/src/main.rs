//! `cargo xtask vectors|interop|tidy|conformance`.

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use xtask::{
    conformance, interop, tidy,
    vectors::{
        self, Filter,
        engine::Meshwork,
        lists::{Divergences, KnownDifferences},
        report::Report,
        sockets::Sample,
    },
};

const USAGE: &str = "\
usage:
  cargo xtask vectors DIR... [--verbose] [--filter TEXT] [--json FILE]
      runs the scenarios below the folders and compares with what was recorded
  cargo xtask vectors [DIR...] --sockets N [--seed S]
      runs N of them over real sockets, and compares with the run in memory; without a folder those
      in the project
  cargo xtask interop
      mutual TLS with a real Envoy in both directions, where `envoy` is on the PATH
  cargo xtask tidy
      checks the layout of the project
  cargo xtask conformance
      writes docs/CONFORMANCE.md, and takes what agrees out of the known differences";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next();
    let done = match task.as_deref() {
        Some("vectors") => run_vectors(arguments),
        Some("interop") => run_interop(),
        Some("tidy") => run_tidy(),
        Some("conformance") => run_conformance(),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _unwritten = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn run_vectors(mut arguments: impl Iterator<Item = String>) -> Result<bool, Box<dyn Error>> {
    let (mut roots, mut filter, mut json, mut verbose) = (Vec::new(), None, None, false);
    let (mut sockets, mut seed) = (None, 0);
    let number = |name: &str, arguments: &mut dyn Iterator<Item = String>| {
        let number = arguments.next().and_then(|text| text.parse::<u64>().ok());
        number.ok_or_else(|| format!("{name} needs a number"))
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--verbose" => verbose = true,
            "--filter" => filter = Some(arguments.next().ok_or("--filter needs a text")?),
            "--json" => json = Some(PathBuf::from(arguments.next().ok_or("--json needs a file")?)),
            "--sockets" => sockets = Some(number("--sockets", &mut arguments)?),
            "--seed" => seed = number("--seed", &mut arguments)?,
            flag if flag.starts_with('-') => {
                return Err(format!("unknown option `{flag}`\n{USAGE}").into());
            }
            folder => roots.push(PathBuf::from(folder)),
        }
    }
    if let Some(count) = sockets {
        if roots.is_empty() {
            roots.push(xtask::home().join("vectors"));
        }
        let sample = Sample::new(usize::try_from(count)?, seed);
        let report = vectors::sockets::run(&roots, sample)?;
        report.write(&mut io::stdout().lock())?;
        return Ok(report.is_clean());
    }
    if roots.is_empty() {
        return Err(USAGE.into());
    }
    let divergences = Divergences::read(&xtask::home().join("vectors/intended-divergences.txt"))?;
    let units = vectors::run(&roots, &Meshwork::default(), &Filter(filter))?;
    let report = Report::new(&units, &divergences);
    let mut out = io::stdout().lock();
    report.differences(&mut out, verbose)?;
    report.table(&mut out)?;
    if let Some(path) = json {
        std::fs::write(path, serde_json::to_string_pretty(&report.json())?)?;
    }
    Ok(report.is_clean())
}

fn run_interop() -> Result<bool, Box<dyn Error>> {
    let found = interop::run()?;
    found.write(&mut io::stdout().lock())?;
    Ok(found.is_clean())
}

fn run_tidy() -> Result<bool, Box<dyn Error>> {
    let complaints = tidy::check(&tidy::Project::load()?);
    let mut out = io::stdout().lock();
    for complaint in &complaints {
        writeln!(out, "{complaint}")?;
    }
    writeln!(out, "tidy: {} complaints", complaints.len())?;
    Ok(complaints.is_empty())
}

fn run_conformance() -> Result<bool, Box<dyn Error>> {
    let folder = xtask::home().join("vectors");
    let divergences = Divergences::read(&folder.join("intended-divergences.txt"))?;
    let units =
        vectors::run(std::slice::from_ref(&folder), &Meshwork::default(), &Filter::default())?;
    std::fs::write(
        xtask::root().join("docs/CONFORMANCE.md"),
        conformance::page(&units, &divergences),
    )?;
    let list = folder.join("known-differences.txt");
    let known = KnownDifferences::read(&list)?;
    std::fs::write(list, known.shrunk(&units))?;
    Report::new(&units, &divergences).table(&mut io::stdout().lock())?;
    Ok(true)
}
