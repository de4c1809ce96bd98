//! Every stage holds with its YAML and fails without it.

use std::{path::Path, time::Duration};

use bookinfo::{
    tour::{STAGES, Yaml},
    town::Town,
};

// Some effects do not come from YAML, and their stages count them instead: stage 15 the
// certificates that each side had, beside the handshakes that its YAML asks for; stage 17 has the
// same policies enforced by version 1 and observed by version 2; stage 11 goes without the labels
// of the Pods that say who speaks mutual TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stage_holds_with_its_yaml_and_fails_without() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let town = Town::build(folder, false).await.expect("the town's addresses are free");
    let town = town.rotating_for(Duration::from_secs(3));
    let mut wrong = Vec::new();
    for stage in STAGES {
        match stage.play(&town, Yaml::Withheld).await {
            Ok(met) => wrong.push(format!("{} holds without its YAML: {met:?}", stage.number)),
            Err(why) => {
                let why: String = why.to_string().chars().take(200).collect();
                eprintln!("{} fails without its YAML: {why}", stage.number);
            }
        }
        if let Err(why) = stage.play(&town, Yaml::Applied).await {
            wrong.push(format!("{}: {why}", stage.number));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let second = Town::build(folder, false).await.expect_err("the addresses are in use");
    assert!(second.to_string().contains("cannot listen on 127.0.0.11:9080"), "{second}");
    town.close().await;
}
