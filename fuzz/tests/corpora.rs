//! Every input of every corpus goes through its target, on any toolchain.

use std::{fs, path::Path};

use meshwork_fuzz::TARGETS;

#[test]
fn the_corpora_pass() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        let mut inputs: Vec<_> = fs::read_dir(corpora.join(name))
            .unwrap_or_else(|error| panic!("corpus of {name}: {error}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "the corpus of {name} is empty");
        for input in inputs {
            let data = fs::read(&input).unwrap();
            println!("{}", input.display());
            target(&data);
        }
    }
}

#[test]
fn every_target_has_its_binary() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in TARGETS {
        assert!(home.join(format!("fuzz_targets/{name}.rs")).is_file(), "{name}");
    }
}
