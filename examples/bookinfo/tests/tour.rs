//! Every stage holds with its YAML and fails without it.

use std::path::Path;

use bookinfo::{
    tour::{STAGES, Yaml},
    town::Town,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stage_holds_with_its_yaml_and_fails_without() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let town = Town::build(folder, false).await.expect("the town's addresses are free");
    for stage in STAGES {
        let withheld = stage.play(&town, Yaml::Withheld).await;
        assert!(withheld.is_err(), "stage {} holds without its YAML: {withheld:?}", stage.number);
        let applied = stage.play(&town, Yaml::Applied).await;
        assert!(applied.is_ok(), "stage {}: {}", stage.number, applied.unwrap_err());
    }
    let second = Town::build(folder, false).await.expect_err("the addresses are in use");
    assert!(second.to_string().contains("cannot listen on 127.0.0.11:9080"), "{second}");
    town.close().await;
}
